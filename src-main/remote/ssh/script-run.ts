/** One-shot scripts: what is sent, and how the answer is taken out of whatever else comes. See docs/remote-protocol.md. */
import { randomBytes } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { ScriptResult, ShellChannel } from '../../application/servers/connection.ts'
import { remoteWords } from './errors.ts'
import { quote } from './quote.ts'

export const DEFAULT_MAX_BYTES = 8 * 1024 * 1024
/** Noise of rc files before the marker. */
const MAX_NOISE_BYTES = 1024 * 1024
/** Linux takes at most 128 KiB in one string of an environment; a longer script runs without a remote bound. */
const MAX_BOUNDED_CHARS = 64 * 1024
/** How long `timeout` waits after TERM before it sends KILL. */
const KILL_AFTER_SEC = 2
/** Stdout and stderr come by two pipes: the end of stderr may be a little late. */
const STDERR_GRACE_MS = 500
/** What GNU and busybox `timeout` exit with when time is up (128 + KILL after the second signal). */
const TIMEOUT_EXITS = new Set([124, 137])

export const makeMarker = (): string => randomBytes(16).toString('hex')

/**
 * The text for `/bin/sh -s`. The script travels as one quoted word in the environment of a second shell under
 * `timeout`, because closing a channel leaves its processes alive: so it is in no argv, and no file is made (a
 * here-document makes one in some shells). Old busybox has another `timeout`, so it is tried first.
 */
export function scriptText(script: string, marker: string, boundSec: number): string {
  const bounded = script.length <= MAX_BOUNDED_CHARS
  const inner = `'s=$VIRTHELM_SCRIPT; unset VIRTHELM_SCRIPT; eval "$s"'`
  const run = (prefix: string): string => `VIRTHELM_SCRIPT="$s" ${prefix}/bin/sh -c ${inner} </dev/null`
  const body = bounded
    ? [
        `if timeout -k ${KILL_AFTER_SEC} 5 true >/dev/null 2>&1`,
        `then ${run(`timeout -k ${KILL_AFTER_SEC} ${boundSec} `)}`,
        `else ${run('')}`,
        `fi`
      ]
    : [`( eval "$s" ) </dev/null`]
  return [
    `: virthelm run ${marker}`,
    `LC_ALL=C; export LC_ALL; s=${quote(script)}`,
    `printf '%s begin\\n' ${marker}; printf '%s begin\\n' ${marker} >&2`,
    ...body,
    `printf '\\n%s exit %s\\n' ${marker} "$?"; printf '\\n%s end\\n' ${marker} >&2`,
    `: virthelm end`,
    ''
  ].join('\n')
}

/**
 * Runs the script on a fresh channel and closes it.
 * @throws AppError outputTooLarge, deadlineExceeded (the server's own bound), shellUnavailable, disconnected
 */
export async function runScript(
  channel: ShellChannel,
  script: string,
  options: { readonly deadlineMs: number; readonly maxBytes: number }
): Promise<ScriptResult> {
  const marker = makeMarker()
  const answer = new Answer(marker, options.maxBytes)
  try {
    const done = new Promise<number | null>((resolve, reject) => {
      let grace: NodeJS.Timeout | null = null
      const take = (part: Part, chunk: Uint8Array): void => {
        const problem = answer.push(part, chunk)
        if (problem) reject(problem)
        else if (answer.complete) resolve(answer.exitCode)
        else if (answer.exitCode !== null)
          grace ??= setTimeout(() => resolve(answer.exitCode), STDERR_GRACE_MS)
      }
      channel.onData((chunk) => take('stdout', chunk))
      channel.onErrorData((chunk) => take('stderr', chunk))
      void channel.closed.then(() => {
        if (grace) clearTimeout(grace)
        resolve(answer.exitCode)
      })
    })
    const boundSec = Math.max(1, Math.ceil(options.deadlineMs / 1_000))
    // A shell that ends before it has read everything is told by `done`, with its last words.
    const sent = channel.write(scriptText(script, marker, boundSec)).then(
      () => channel.end(),
      () => undefined
    )
    const exitCode = await Promise.race([done, sent.then(() => done)])
    if (exitCode === null) throw new AppError('shellUnavailable', { params: { reason: answer.lastWords() } })
    if (TIMEOUT_EXITS.has(exitCode) && answer.ageMs >= boundSec * 1_000) {
      throw new AppError('deadlineExceeded', { params: { deadlineMs: options.deadlineMs }, retryable: true })
    }
    return { exitCode, stdout: answer.stdout(), stderr: answer.stderr() }
  } finally {
    channel.close()
  }
}

/** Both end lines: a line break, the marker, a word, a number. */
const FRAME_BYTES = 128

type Part = 'stdout' | 'stderr'

class Answer {
  /** Set when the last line of stdout has come. */
  exitCode: number | null = null
  readonly #begin: Buffer
  readonly #exit: Buffer
  readonly #errorEnd: Buffer
  readonly #limit: number
  readonly #parts: Record<Part, FramedBytes>
  readonly #startedAtMs = performance.now()

  constructor(marker: string, maxBytes: number) {
    this.#begin = Buffer.from(`${marker} begin\n`)
    this.#exit = Buffer.from(`\n${marker} exit `)
    this.#errorEnd = Buffer.from(`\n${marker} end\n`)
    this.#limit = maxBytes
    const part = (): FramedBytes => new FramedBytes(this.#begin, maxBytes + 2 * MAX_NOISE_BYTES)
    this.#parts = { stdout: part(), stderr: part() }
  }

  get ageMs(): number {
    return performance.now() - this.#startedAtMs
  }

  /** True when both ends have been seen. */
  get complete(): boolean {
    return this.exitCode !== null && this.#parts.stderr.endAt >= 0
  }

  push(part: Part, chunk: Uint8Array): AppError | null {
    const bytes = this.#parts[part]
    bytes.push(chunk)
    bytes.lookForEnd(part === 'stdout' ? this.#exit : this.#errorEnd)
    const { stdout, stderr } = this.#parts
    // The lines of the frame are not output.
    if (stdout.size + stderr.size > this.#limit + FRAME_BYTES) {
      return new AppError('outputTooLarge', { params: { limitBytes: this.#limit } })
    }
    const code = /^(\d{1,3})\r?\n/.exec(stdout.afterEnd(this.#exit.length))?.[1]
    if (code !== undefined) this.exitCode = Number(code)
    return null
  }

  stdout(): string {
    return decode(this.#parts.stdout.beforeEnd())
  }

  stderr(): string {
    return decode(this.#parts.stderr.beforeEnd())
  }

  /** What the login shell said instead of running the script. */
  lastWords(): string {
    return remoteWords(`${this.stderr().slice(-200)} ${this.stdout().slice(-200)}`.trim())
  }
}

/** Invalid UTF-8 becomes replacement characters. */
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8').decode(bytes)

const LARGE_BYTES = 256 * 1024

/** Grows by copying: slices of many small chunks would keep each chunk's whole buffer alive. */
class FramedBytes {
  #bytes: Buffer = Buffer.alloc(4_096)
  #size = 0
  #begun = false
  #scannedTo = 0
  /** Offset of the end's line break, -1 while unseen. */
  endAt = -1
  readonly #begin: Buffer
  readonly #enough: number

  /** @param enough bytes that are never exceeded by much */
  constructor(begin: Buffer, enough: number) {
    this.#begin = begin
    this.#enough = enough
  }

  get size(): number {
    return this.#begun ? this.#size : 0
  }

  push(chunk: Uint8Array): void {
    this.#reserve(chunk.length)
    this.#bytes.set(chunk, this.#size)
    const searchFrom = Math.max(0, this.#size - this.#begin.length)
    this.#size += chunk.length
    if (this.#begun) return
    const at = this.#bytes.subarray(0, this.#size).indexOf(this.#begin, searchFrom)
    if (at >= 0) {
      this.#begun = true
      this.#drop(at + this.#begin.length)
    } else if (this.#size > MAX_NOISE_BYTES) {
      this.#drop(this.#size - this.#begin.length)
    }
  }

  /** Remembers where the line that ends this part begins. Each byte is looked at once. */
  lookForEnd(end: Buffer): void {
    if (this.endAt >= 0) return
    const held = this.#bytes.subarray(0, this.#size)
    this.endAt = held.indexOf(end, Math.max(0, this.#scannedTo - end.length))
    this.#scannedTo = this.#size
  }

  /** The few bytes behind the end's beginning; empty while there is no end. */
  afterEnd(skip: number): string {
    const from = this.endAt + skip
    return this.endAt < 0 ? '' : this.#bytes.toString('latin1', from, Math.min(this.#size, from + 8))
  }

  beforeEnd(): Uint8Array {
    return this.#bytes.subarray(0, this.endAt < 0 ? this.#size : this.endAt)
  }

  #reserve(more: number): void {
    if (this.#size + more <= this.#bytes.length) return
    // Large output gets its final room in one step: untouched pages cost nothing, left-over halves would.
    const room = this.#bytes.length < LARGE_BYTES ? this.#bytes.length * 4 : this.#enough
    const grown = Buffer.allocUnsafeSlow(Math.max(room, this.#size + more))
    this.#bytes.copy(grown, 0, 0, this.#size)
    this.#bytes = grown
  }

  #drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.#size)
    this.#size -= count
    this.#scannedTo = 0
  }
}
