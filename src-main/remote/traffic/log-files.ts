/** Access logs on a server: looked at over the shared tools, read as bytes on a channel of its own (docs/traffic.md). */
import { AppError } from '#contract/errors.ts'
import type { Connection } from '../../application/servers/connection.ts'
import type { Tools } from '../../application/telemetry/tools.ts'
import type { LogBytes, LogFiles, LogLook } from '../../application/traffic/log-files.ts'
import { inOrder, rotationOf, type LogFile } from '../../domain/traffic/rotated-files.ts'
import { quote } from '../ssh/quote.ts'
import { makeMarker } from '../ssh/script-run.ts'
import { FIND_SCRIPT, lookScript, readScript } from './log-scripts.ts'

const LOOK_DEADLINE_MS = 15_000
const OPEN_DEADLINE_MS = 15_000
/** A gigabyte of compressed log is unpacked in some ten seconds up to where the piece begins. */
const READ_DEADLINE_MS = 60_000
/** Before the first line: whatever rc files say. And the first block, of which the beginning is not wanted. */
const EXTRA_BYTES = 1024 * 1024 + 8_192

export interface LogFilesDeps {
  readonly connection: Pick<Connection, 'openShell'>
  readonly tools: Pick<Tools, 'run'>
  readonly sudo: () => '' | 'sudo -n '
}

export function createLogFiles(deps: LogFilesDeps): LogFiles {
  return {
    async look(path, signal) {
      const script = lookScript(path, deps.sudo())
      const { stdout } = await deps.tools.run(script, { signal, deadlineMs: LOOK_DEADLINE_MS })
      return lookOf(path, stdout)
    },
    read: (file, from, maxBytes, signal) => readBytes(deps, file, { from, maxBytes }, signal),
    async find(signal) {
      const { stdout } = await deps.tools.run(FIND_SCRIPT, { signal, deadlineMs: LOOK_DEADLINE_MS })
      return stdout.split('\n').filter((line) => line.startsWith('/') && line.length < 1_024)
    }
  }
}

/** What lookScript printed. Exported for its tests. */
export function lookOf(path: string, text: string): LogLook {
  const [folder, base] = [path.slice(0, path.lastIndexOf('/') + 1), path.slice(path.lastIndexOf('/') + 1)]
  const rotated = new Map<string, LogFile>()
  let current: LogFile | null = null
  let [nowSec, user, fix]: [number, string, string | null] = [0, '', null]
  let isDenied = false
  for (const line of text.split('\n')) {
    const [word, rest = ''] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]
    if (word === 'now') nowSec = Number(/^\d{1,12}$/.exec(rest)?.[0] ?? 0)
    if (word === 'user') user = rest
    if (word === 'denied') {
      isDenied = true
      fix = fixOf(rest, user)
    }
    const file = word === 'file' ? fileOf(rest) : null
    if (file === null) continue
    if (file.path === path) current = file
    if (!file.path.startsWith(folder)) continue
    const rotation = rotationOf(base, file.path.slice(folder.length))
    if (rotation === null || rotation.packed === 'other') continue
    rotated.set(file.path, { ...file, compressed: rotation.packed === 'gzip' })
  }
  // The name that the log has may be a link to the newest of dated files.
  const { inode } = current ?? { inode: null }
  const others = [...rotated.values()].filter((file) => file.inode !== inode)
  // In a folder that may be listed a log is seen that may not be read.
  if (isDenied) return { nowSec, current: null, rotated: [], cause: 'permissionDenied', fix }
  const cause = current === null ? 'notPresent' : null
  return { nowSec, current, rotated: inOrder(others), cause, fix: null }
}

const FILE = /^([0-9a-f]{1,8}) (\d{1,20}) (\d{1,20}) (\d{1,16}) (\d{1,12}) (\/.*)$/
const REGULAR = 0x8000
const KIND_MASK = 0xf000

function fileOf(text: string): LogFile | null {
  const [, mode = '', device = '', inode = '', size = '', modified = '', path = ''] = FILE.exec(text) ?? []
  if ((parseInt(mode, 16) & KIND_MASK) !== REGULAR) return null
  return {
    path,
    device,
    inode,
    sizeBytes: Number(size),
    modifiedSec: Number(modified),
    compressed: false
  }
}

const SAFE_NAME = /^[a-z_][a-z0-9_.-]{0,31}$/i

/** The group that may read it, else a right of its own. null: a name is not one to put into a command. */
function fixOf(denied: string, user: string): string | null {
  const [, group = '', mode = '', path = ''] = /^(\S+) ([0-7]{3,4}) (\/.*)$/.exec(denied) ?? []
  if (!SAFE_NAME.test(user) || path === '') return null
  const groupMayRead = (Number(mode.at(-2)) & 4) !== 0
  if (groupMayRead && group !== 'root' && SAFE_NAME.test(group)) return `sudo usermod -aG ${group} ${user}`
  const isFolder = path.endsWith('/')
  return `sudo setfacl -m u:${user}:${isFolder ? 'rx' : 'r'} ${/^[\w./-]+$/.test(path) ? path : quote(path)}`
}

async function readBytes(
  { connection, sudo }: LogFilesDeps,
  file: LogFile,
  { from, maxBytes }: { from: number; maxBytes: number },
  signal: AbortSignal
): Promise<LogBytes> {
  const channel = await connection.openShell({ signal, deadlineMs: OPEN_DEADLINE_MS, isJob: true })
  const marker = makeMarker()
  const answer = new Answer(marker, maxBytes + EXTRA_BYTES)
  const failed = Promise.withResolvers<never>()
  const take = (push: (chunk: Uint8Array) => void) => (chunk: Uint8Array) => {
    push(chunk)
    if (answer.isTooMuch) failed.reject(new AppError('outputTooLarge', { params: { maxBytes } }))
  }
  channel.onData(take((chunk) => answer.pushOut(chunk)))
  channel.onErrorData(take((chunk) => answer.pushError(chunk)))
  const late = new AppError('deadlineExceeded', { params: { deadlineMs: READ_DEADLINE_MS }, retryable: true })
  const timer = setTimeout(() => failed.reject(late), READ_DEADLINE_MS)
  const onAbort = (): void => failed.reject(new AppError('cancelled', { cause: signal.reason }))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([
      channel.write(readScript(marker, file, { from, maxBytes, sudo: sudo() })),
      failed.promise
    ])
    channel.end()
    await Promise.race([channel.closed, failed.promise])
    return answer.result(from, maxBytes)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    channel.close()
  }
}

/** stdout: noise, the opening line, bytes to its end. stderr: noise, and the line that says that the end was reached. */
class Answer {
  readonly #marker: string
  readonly #limit: number
  readonly #chunks: Uint8Array[] = []
  #size = 0
  #errors = ''

  constructor(marker: string, limit: number) {
    this.#marker = marker
    this.#limit = limit
  }

  get isTooMuch(): boolean {
    return this.#size > this.#limit
  }

  pushOut(chunk: Uint8Array): void {
    this.#chunks.push(chunk.slice())
    this.#size += chunk.length
  }

  pushError(chunk: Uint8Array): void {
    this.#errors = (this.#errors + Buffer.from(chunk).toString('latin1')).slice(-4_096)
  }

  /** Throws disconnected (cut off), notFound (the file is gone, or closed to the account). */
  result(from: number, maxBytes: number): LogBytes {
    if (!this.#errors.includes(`${this.#marker} end`)) {
      const isOpened = Buffer.concat(this.#chunks).includes(`${this.#marker} open `)
      throw new AppError(isOpened ? 'disconnected' : 'notFound', { retryable: true, params: { what: 'log' } })
    }
    const all = Buffer.concat(this.#chunks)
    const at = all.indexOf(`${this.#marker} open `)
    const lineEnd = all.indexOf('\n', Math.max(0, at))
    const line = at < 0 ? '' : all.toString('latin1', at, lineEnd)
    const [, device = '', inode = '', begin = ''] = /open (\d+) (\d+) (\d+)$/.exec(line) ?? []
    if (begin === '') throw new AppError('protocolViolation', { params: { what: 'log' } })
    const skipped = from - Number(begin)
    const bytes = new Uint8Array(all.subarray(lineEnd + 1 + skipped, lineEnd + 1 + skipped + maxBytes))
    return { bytes, ended: bytes.length < maxBytes, device, inode }
  }
}
