/**
 * Encrypted keys are decrypted and used in a worker thread: the key derivation takes 0.4 to 3 s of pure computing, and
 * so the decrypted key never enters the main thread's memory either. The worker is a small constant text, started with
 * `eval`, because it must be found in the same way from the sources, from a bundle and from within an asar archive.
 */
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { AppError } from '#contract/errors.ts'
import type { Secret } from '../../application/servers/connection.ts'
import { within } from './deadline.ts'

/** Signs with an encrypted key, and tells its public half. */
export interface KeyParser {
  /** @throws AppError passphraseWrong, keyUnreadable, deadlineExceeded, cancelled */
  publicKey(key: EncryptedKey, signal: AbortSignal): Promise<Buffer>
  /** @throws as publicKey */
  sign(key: EncryptedKey, data: Buffer, hash: string | undefined, signal: AbortSignal): Promise<Buffer>
  /** Forgets all keys. */
  close(): void
}

export interface EncryptedKey {
  readonly path: string
  readonly data: Buffer
  readonly passphrase: Secret
}

const DEADLINE_MS = 30_000
/** The worker, and the keys it decrypted, are let go after this long without work. */
const IDLE_MS = 120_000

const SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
const { createHash } = require('node:crypto')
const { utils } = require(workerData.ssh2)
const keys = new Map()
const load = ({ data, passphrase }) => {
  const name = createHash('sha256').update(data).update('\\0').update(passphrase).digest('hex')
  const known = keys.get(name)
  if (known) return known
  const parsed = utils.parseKey(Buffer.from(data), passphrase)
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (key instanceof Error) throw key
  keys.set(name, key)
  return key
}
parentPort.on('message', (job) => {
  try {
    const key = load(job)
    const value = job.sign ? key.sign(Buffer.from(job.sign), job.hash) : key.getPublicSSH()
    if (value instanceof Error) throw value
    parentPort.postMessage({ id: job.id, value: new Uint8Array(value) })
  } catch (error) {
    parentPort.postMessage({ id: job.id, error: String(error && error.message) })
  }
})
`

interface Job {
  resolve(value: Buffer): void
  reject(error: AppError): void
  readonly path: string
}

export function createKeyParser(): KeyParser {
  return new WorkerKeyParser()
}

class WorkerKeyParser implements KeyParser {
  #worker: Worker | null = null
  #idle: NodeJS.Timeout | null = null
  #nextId = 1
  readonly #jobs = new Map<number, Job>()

  publicKey(key: EncryptedKey, signal: AbortSignal): Promise<Buffer> {
    return this.#ask(key, {}, signal)
  }

  sign(key: EncryptedKey, data: Buffer, hash: string | undefined, signal: AbortSignal): Promise<Buffer> {
    return this.#ask(key, { sign: new Uint8Array(data), hash }, signal)
  }

  close(): void {
    if (this.#idle) clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = null
    if (worker) void worker.terminate()
    for (const job of this.#jobs.values()) job.reject(unreadable(job.path, 'workerStopped'))
    this.#jobs.clear()
  }

  #ask(
    key: EncryptedKey,
    work: { sign?: Uint8Array; hash?: string | undefined },
    signal: AbortSignal
  ): Promise<Buffer> {
    const id = this.#nextId++
    const answer = new Promise<Buffer>((resolve, reject) => {
      this.#jobs.set(id, { resolve, reject, path: key.path })
      const { data, passphrase } = key
      this.#running().postMessage({ id, data, passphrase: passphrase.reveal(), ...work })
    })
    return within(answer, {
      deadlineMs: DEADLINE_MS,
      signal,
      onDeadline: () => new AppError('deadlineExceeded', { params: { keyFile: key.path }, retryable: true })
    })
  }

  #running(): Worker {
    if (this.#idle) clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.close(), IDLE_MS)
    this.#idle.unref()
    if (this.#worker) return this.#worker
    const ssh2 = createRequire(import.meta.url).resolve('ssh2')
    const worker = new Worker(SOURCE, { eval: true, workerData: { ssh2 }, env: {}, execArgv: [] })
    worker.unref()
    worker.on('message', (message: { id: number; value?: Uint8Array; error?: string }) => {
      const job = this.#jobs.get(message.id)
      this.#jobs.delete(message.id)
      if (!job) return
      if (message.value) job.resolve(Buffer.from(message.value))
      else job.reject(keyError(job.path, message.error ?? ''))
    })
    const onGone = (reason: string): void => {
      if (this.#worker === worker) this.#worker = null
      for (const job of this.#jobs.values()) job.reject(unreadable(job.path, reason))
      this.#jobs.clear()
    }
    worker.on('error', () => onGone('workerFailed'))
    worker.on('exit', () => {
      if (this.#worker === worker) onGone('workerStopped')
    })
    this.#worker = worker
    return worker
  }
}

const unreadable = (keyFile: string, reason: string): AppError =>
  new AppError('keyUnreadable', { params: { keyFile, reason } })

/** ssh2's words for a wrong passphrase: the decrypted check numbers differ, or the cipher's padding is broken. */
const WRONG_PASSPHRASE = /passphrase|integrity|bad decrypt|decrypt/i

const keyError = (keyFile: string, message: string): AppError =>
  WRONG_PASSPHRASE.test(message)
    ? new AppError('passphraseWrong', { params: { keyFile } })
    : unreadable(keyFile, 'unknownFormat')
