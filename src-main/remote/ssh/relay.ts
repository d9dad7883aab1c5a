/**
 * Bytes from a program on one server into a program on another, through the console: both are scripts on session channels
 * of their own, and the slower end sets the pace. Nothing is kept here but a checksum.
 */
import { createHash } from 'node:crypto'
import { Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ClientChannel } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type { SshConnection } from './connection.ts'
import { cancelled, within } from './deadline.ts'

export interface RelayEnd {
  readonly connection: SshConnection
  /** Reads stdin (the far end) or writes stdout (the near one); its exit code is what counts. */
  readonly command: string
}

export interface RelayOptions {
  readonly signal: AbortSignal
  /** For both channels to open and their scripts to say that they are ready. */
  readonly openDeadlineMs: number
  /** Without a byte for so long, it has come to a standstill. */
  readonly stallMs: number
  readonly onBytes: (count: number) => void
}

export interface RelayResult {
  readonly bytes: number
  /** Of what the first one sent. */
  readonly sha256: string
  readonly from: ProgramEnd
  readonly to: ProgramEnd
}

export interface ProgramEnd {
  /** null: it said nothing any more. */
  readonly exitCode: number | null
  readonly words: string
}

const MAX_WORDS_CHARS = 16 * 1024
/** The last bytes are written and synchronised after the last one was sent. */
const FINISH_MS = 300_000
const LAST_WORDS_MS = 2_000
const LONGEST_MS = 24 * 3_600_000

/** @throws AppError channelRefused, disconnected, deadlineExceeded, cancelled. What the programs said is in the result. */
export async function relay(
  from: RelayEnd,
  to: RelayEnd,
  marker: string,
  options: RelayOptions
): Promise<RelayResult> {
  const opening = { signal: options.signal, deadlineMs: options.openDeadlineMs }
  const far = new Program(await to.connection.openPipe(opening), marker)
  let near: Program | null = null
  const stall = new Stall(options.stallMs)
  // What a login script prints there is nobody's business, but it must not fill the channel.
  far.channel.resume()
  try {
    const sender = new Program(await from.connection.openPipe(opening), marker)
    near = sender
    far.channel.write(receiverScript(to.command, marker))
    await within(far.ready, { ...opening, onDeadline: () => late(options.openDeadlineMs) })
    const meter = new Meter(marker, (count) => {
      stall.push()
      options.onBytes(count)
    })
    // Its stdin stays open: the script ends by itself.
    sender.channel.write(senderScript(from.command, marker))
    const given = AbortSignal.any([options.signal, stall.signal])
    const moved = pipeline(sender.channel, meter, far.channel, { signal: given })
    // The pipeline itself ends only when the servers have closed both channels, which may be never.
    const ended = within(Promise.race([moved, tooSoon(far, sender)]), {
      signal: given,
      deadlineMs: LONGEST_MS,
      onDeadline: () => late(LONGEST_MS)
    })
    const broken = await ended.then(
      () => null,
      async (error: unknown) => {
        if (options.signal.aborted) throw cancelled(options.signal)
        if (stall.signal.aborted) throw late(options.stallMs)
        // A program that ended too soon (its disk is full) breaks the pipe too; then it has said why.
        const ends = [await ownEnd(sender), await ownEnd(far)] as const
        if (ends.some((end) => end.exitCode !== null)) return ends
        throw new AppError('disconnected', { retryable: true, cause: error })
      }
    )
    stall.clear()
    const ending = { signal: options.signal, deadlineMs: FINISH_MS, onDeadline: () => late(FINISH_MS) }
    const [sent, received] = broken ?? (await within(Promise.all([sender.ended, far.ended]), ending))
    return { bytes: meter.bytes, sha256: meter.digest(), from: sent, to: received }
  } finally {
    stall.clear()
    near?.close()
    far.close()
  }
}

/** Rejects when one end has gone before the bytes are through. A sender that ended well may still have bytes on the way. */
async function tooSoon(far: Program, sender: Program): Promise<never> {
  const gone = sender.ended.then((end) => (end.exitCode === null ? end : new Promise<never>(() => undefined)))
  await Promise.race([far.ended, gone])
  throw new AppError('disconnected', { retryable: true })
}

/** How a program ended that may just have: its last words come a moment after its end of the pipe. */
function ownEnd(program: Program): Promise<ProgramEnd> {
  const none = { exitCode: null, words: '' }
  return Promise.race([
    program.ended,
    new Promise<ProgramEnd>((done) => setTimeout(done, LAST_WORDS_MS, none))
  ])
}

const late = (deadlineMs: number): AppError =>
  new AppError('deadlineExceeded', { params: { deadlineMs }, retryable: true })

/** All of the script is read before the first byte is sent (a shell may read ahead): hence braces and `ready`. */
function receiverScript(command: string, marker: string): string {
  return `: virthelm relay-in ${marker}
{
printf '\\n%s ready\\n' ${marker} >&2
cat | ${command} >/dev/null
printf '\\n%s exit %s\\n' ${marker} "$?" >&2
exit
}
: virthelm end
`
}

function senderScript(command: string, marker: string): string {
  return `: virthelm relay-out ${marker}
{
printf '\\n%s ready\\n' ${marker}
{ ${command} </dev/null; printf '\\n%s exit %s\\n' ${marker} "$?" >&2; } | cat
exit
}
: virthelm end
`
}

/** What a script says on stderr: that it is ready, the program's words, how it ended. */
class Program {
  readonly channel: ClientChannel
  readonly ready: Promise<void>
  readonly ended: Promise<ProgramEnd>
  #words = ''

  constructor(channel: ClientChannel, marker: string) {
    this.channel = channel
    const ready = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<ProgramEnd>()
    this.ready = ready.promise
    this.ended = ended.promise
    // Whoever waits for neither has an error already.
    this.ready.catch(() => undefined)
    channel.stderr.on('data', (chunk: Buffer) => {
      this.#words = (this.#words + chunk.toString('utf8')).slice(-MAX_WORDS_CHARS)
      if (this.#words.includes(`${marker} ready\n`)) ready.resolve()
      const exit = new RegExp(`\\n${marker} exit (\\d{1,3})\\n`).exec(this.#words)
      if (exit !== null) ended.resolve({ exitCode: Number(exit[1]), words: this.#text(marker) })
    })
    channel.on('error', () => channel.destroy())
    channel.on('close', () => {
      ready.reject(new AppError('disconnected', { retryable: true }))
      ended.resolve({ exitCode: null, words: this.#text(marker) })
    })
  }

  /** What still comes is read away: a channel that is not read never learns of its end. */
  close(): void {
    this.channel.unpipe()
    this.channel.resume()
    this.channel.destroy()
  }

  #text(marker: string): string {
    const lines = this.#words.split('\n').filter((line) => line.trim() !== '' && !line.startsWith(marker))
    return lines.join('\n').slice(-2_000)
  }
}

/** Noise of rc files before the marker is at most this long. */
const MAX_NOISE_BYTES = 1024 * 1024

/** Leaves out what comes before the marker, counts and checks the rest. */
class Meter extends Transform {
  bytes = 0
  readonly #hash = createHash('sha256')
  readonly #begin: Buffer
  readonly #onBytes: (count: number) => void
  #head: Buffer | null = Buffer.alloc(0)

  constructor(marker: string, onBytes: (count: number) => void) {
    super()
    this.#begin = Buffer.from(`\n${marker} ready\n`)
    this.#onBytes = onBytes
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#head === null) {
      done(null, this.#take(chunk))
      return
    }
    this.#head = Buffer.concat([this.#head, chunk])
    const at = this.#head.indexOf(this.#begin)
    if (at < 0) {
      if (this.#head.length > MAX_NOISE_BYTES) done(new AppError('shellUnavailable'))
      else done()
      return
    }
    const rest = this.#head.subarray(at + this.#begin.length)
    this.#head = null
    if (rest.length > 0) done(null, this.#take(rest))
    else done()
  }

  digest(): string {
    return this.#hash.digest('hex')
  }

  #take(bytes: Buffer): Buffer {
    this.#hash.update(bytes)
    this.bytes += bytes.length
    this.#onBytes(bytes.length)
    return bytes
  }
}

/** Aborts when nothing has been pushed for a while. */
class Stall {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(afterMs: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), afterMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  push(): void {
    this.#timer.refresh()
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
