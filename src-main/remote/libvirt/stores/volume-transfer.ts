/** Bytes of volumes over the server's one connection: up in pieces that libvirt has acknowledged, down as a stream. */
import { AppError } from '#contract/errors.ts'
import type { ShellChannel } from '../../../application/servers/connection.ts'
import type { VolumeDownload, VolumeHandle, VolumeUpload } from '../../../application/stores/stores.ts'
import { makeMarker } from '../../ssh/script-run.ts'
import { connectionFailureOf } from '../lane-holder.ts'
import { boundBy, MarkedLines } from './marked-lines.ts'
import type { StoreDeps } from './store-deps.ts'
import { checksumScript, downloadScript, uploadScript } from './volume-scripts.ts'

const OPEN_DEADLINE_MS = 15_000
/** libvirt takes nothing, or sends nothing, for this long: its storage hangs. */
const SILENCE_MS = 60_000
/** A server reads its own disk at least this fast. */
const CHECK_BYTES_PER_MS = 10_000

export async function openUpload(
  { connection, uri }: StoreDeps,
  volume: VolumeHandle,
  signal: AbortSignal
): Promise<VolumeUpload> {
  const channel = await connection.openShell({ signal, deadlineMs: OPEN_DEADLINE_MS, isJob: true })
  const marker = makeMarker()
  const lines = new MarkedLines(marker)
  const errors = new MarkedLines(marker)
  channel.onData((chunk) => lines.push(chunk))
  channel.onErrorData((chunk) => errors.push(chunk))
  void channel.closed.then(() => lines.end())
  const options = { deadlineMs: SILENCE_MS, signal }
  const failed = async (error: unknown): Promise<never> => {
    channel.close()
    const { exitCode } = await channel.closed
    // A script that ended has an exit code; a link that was lost has none.
    throw exitCode === null ? error : failureIn(errors.words, error)
  }
  await channel.write(uploadScript(marker, { uri, ...volume })).catch(failed)
  await lines.next('ready', { deadlineMs: OPEN_DEADLINE_MS, signal }).catch(failed)
  let number = 0
  return {
    async write({ offsetBytes, lengthBytes, bytes }) {
      number++
      try {
        await channel.write(`${number} ${offsetBytes} ${lengthBytes}\n`)
        await lines.next('take', options)
        for await (const chunk of bytes) await boundBy(channel.write(chunk), channel, options)
        const [, code] = (await lines.next('done', options)).split(' ')
        if (code !== '0') throw new AppError('libvirtFailed', { params: { stderr: errors.words } })
      } catch (error) {
        await failed(error)
      }
    },
    close: () => channel.close()
  }
}

/** What virsh said explains more than that the channel ended. */
function failureIn(words: string, error: unknown): unknown {
  const code = error instanceof AppError ? error.code : 'internal'
  if (code !== 'disconnected' || words === '') return error
  return (
    connectionFailureOf(words) ?? new AppError('libvirtFailed', { params: { stderr: words }, cause: error })
  )
}

export async function openDownload(
  { connection, uri }: StoreDeps,
  volume: VolumeHandle,
  signal: AbortSignal
): Promise<VolumeDownload> {
  const channel = await connection.openShell({ signal, deadlineMs: OPEN_DEADLINE_MS, isJob: true })
  const marker = makeMarker()
  const errors = new MarkedLines(marker)
  const body = new Body(marker, channel)
  channel.onData((chunk) => body.push(chunk))
  channel.onErrorData((chunk) => errors.push(chunk))
  void channel.closed.then(() => {
    body.end()
    errors.end()
  })
  try {
    await channel.write(downloadScript(marker, { uri, ...volume }))
    channel.end()
    const size = await boundBy(body.size, channel, { deadlineMs: OPEN_DEADLINE_MS, signal })
    let sum: string | null = null
    return {
      sizeBytes: /^\d{1,16}$/.test(size) && size !== '0' ? Number(size) : null,
      bytes: readAll(),
      checksum: () => sum,
      close: () => channel.close()
    }

    async function* readAll(): AsyncGenerator<Uint8Array, void> {
      const options = { deadlineMs: SILENCE_MS, signal }
      try {
        for (;;) {
          const chunk = await boundBy(body.next(), channel, options)
          if (chunk === null) break
          yield chunk
        }
        const code = await errors.next('exit', options)
        if (code !== '0') throw new AppError('libvirtFailed', { params: { stderr: errors.words } })
        // A server without sha256sum: the download is whole all the same, and is shown as not compared.
        const text = await errors.next('sum', { deadlineMs: 2_000, signal }).catch(() => '')
        sum = /^[0-9a-f]{64}$/.test(text) ? text : null
      } finally {
        channel.close()
      }
    }
  } catch (error) {
    channel.close()
    throw failureIn(errors.words, error)
  }
}

/** @throws AppError libvirtFailed, deadlineExceeded */
export async function readChecksum(
  { connection, uri }: StoreDeps,
  volume: VolumeHandle,
  sizeBytes: number,
  signal: AbortSignal
): Promise<string | null> {
  const deadlineMs = SILENCE_MS + Math.round(sizeBytes / CHECK_BYTES_PER_MS)
  const script = checksumScript({ uri, ...volume, sizeBytes })
  const { stdout, stderr } = await connection.run(script, { signal, deadlineMs })
  if (stdout.trim() === 'none') return null
  const sum = /^([0-9a-f]{64}) /.exec(stdout.trim())?.[1]
  if (sum === undefined)
    throw new AppError('libvirtFailed', { params: { stderr: stderr.trim().slice(0, 2_000) } })
  return sum
}

/** Held back in memory before the channel is told to wait. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
const MAX_HEAD_BYTES = 1024 * 1024

/** stdout of a download: a marked line with the size, then nothing but the volume's bytes. */
class Body {
  readonly size: Promise<string>
  readonly #channel: ShellChannel
  readonly #head: RegExp
  #resolveSize: (size: string) => void = () => undefined
  #rejectSize: (error: AppError) => void = () => undefined
  #begun = false
  #early = Buffer.alloc(0)
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #paused = false
  #ended = false
  #wake: () => void = () => undefined

  constructor(marker: string, channel: ShellChannel) {
    this.#channel = channel
    this.#head = new RegExp(`(?:^|\\n)${marker} size ([0-9]*)\\n`)
    this.size = new Promise((resolve, reject) => {
      this.#resolveSize = resolve
      this.#rejectSize = reject
    })
    // Whoever does not wait for the size has the download's own failure.
    this.size.catch(() => undefined)
  }

  push(chunk: Uint8Array): void {
    if (this.#begun) {
      this.#keep(chunk)
      return
    }
    this.#early = Buffer.concat([this.#early, chunk])
    // latin1: one character for each byte, so that places in the text are places in the bytes.
    const found = this.#head.exec(this.#early.toString('latin1'))
    if (found === null) {
      if (this.#early.length > MAX_HEAD_BYTES) this.#channel.close()
      return
    }
    this.#begun = true
    const rest = this.#early.subarray(found.index + found[0].length)
    this.#early = Buffer.alloc(0)
    this.#resolveSize(found[1] ?? '')
    if (rest.length > 0) this.#keep(rest)
  }

  #keep(chunk: Uint8Array): void {
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.byteLength
    if (this.#waitingBytes > MAX_WAITING_BYTES && !this.#paused) {
      this.#paused = true
      this.#channel.pause()
    }
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#rejectSize(new AppError('disconnected', { retryable: true }))
    this.#wake()
  }

  /** null = that was all. */
  async next(): Promise<Uint8Array | null> {
    while (this.#waiting.length === 0 && !this.#ended) {
      if (this.#paused) {
        this.#paused = false
        this.#channel.resume()
      }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const chunk = this.#waiting.shift() ?? null
    this.#waitingBytes -= chunk?.byteLength ?? 0
    return chunk
  }
}
