/**
 * One resident `virsh -r` on one channel. It echoes its input and prints a banner and prompts; so each answer is framed
 * by lines that virsh itself is told to print, written in a way that their echo does not look like them.
 */
import { randomBytes } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { Clock } from '../../application/clock.ts'
import type { Connection, ShellChannel } from '../../application/servers/connection.ts'
import { endChannel } from './end-channel.ts'
import { LaneText } from './lane-text.ts'
import { virshLaneScript } from './virsh-scripts.ts'

/** What one command printed. `error` holds its lines of stderr without the prefix "error: ". */
export interface VirshAnswer {
  readonly output: string
  readonly error: string
}

export interface CallOptions {
  readonly signal: AbortSignal
  readonly deadlineMs: number
}

export interface VirshLane {
  /**
   * Runs constant commands one after another and gives one answer each. Calls wait for each other; the deadline runs
   * from when the call's turn comes. After deadlineExceeded or outputTooLarge the lane is dead: open another.
   * @throws AppError deadlineExceeded, outputTooLarge, cancelled, disconnected
   */
  call(commands: readonly string[], options: CallOptions): Promise<readonly VirshAnswer[]>
  /** Resolves with the last words of stderr when the lane can no longer answer. Never rejects. */
  readonly closed: Promise<string>
  readonly isOpen: boolean
  /** Ends the channel and with it virsh, even one that waits for libvirtd. Idempotent. */
  close(): void
}

const MAX_ANSWER_CHARS = 8 * 1024 * 1024
const READY_DEADLINE_MS = 8_000

/** @throws AppError channelRefused, deadlineExceeded, cancelled, disconnected, shellUnavailable */
export async function openVirshLane(
  connection: Connection,
  uri: string,
  clock: Clock,
  signal: AbortSignal
): Promise<VirshLane> {
  const channel = await connection.openShell({ signal, deadlineMs: READY_DEADLINE_MS })
  const marker = randomBytes(16).toString('hex')
  const lane = new ChannelLane(channel, marker, clock)
  try {
    await lane.start(virshLaneScript(marker, uri), signal)
    return lane
  } catch (error) {
    lane.close()
    throw error
  }
}

class ChannelLane implements VirshLane {
  readonly closed: Promise<string>
  isOpen = true
  readonly #channel: ShellChannel
  readonly #marker: string
  readonly #clock: Clock
  readonly #out: LaneText
  readonly #err: LaneText
  #number = 0
  #queue: Promise<unknown> = Promise.resolve()
  #resolveClosed: (lastWords: string) => void = () => undefined

  constructor(channel: ShellChannel, marker: string, clock: Clock) {
    this.#channel = channel
    this.#marker = marker
    this.#clock = clock
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
    const onOverflow = (): void => this.close()
    this.#out = new LaneText(MAX_ANSWER_CHARS, onOverflow)
    this.#err = new LaneText(MAX_ANSWER_CHARS / 8, onOverflow)
    channel.onData((chunk) => this.#out.push(chunk))
    channel.onErrorData((chunk) => this.#err.push(chunk))
    void channel.closed.then(() => this.#end())
  }

  async start(script: string, signal: AbortSignal): Promise<void> {
    const ready = this.#out.cutAtLine(`${this.#marker} ready`)
    await this.#within(READY_DEADLINE_MS, signal, async () => {
      await this.#channel.write(script)
      await ready
    })
  }

  call(commands: readonly string[], options: CallOptions): Promise<readonly VirshAnswer[]> {
    // The answer of a call that its caller gave up still comes: the next one waits for it, or for its deadline.
    const answered = this.#queue.then(() => this.#ask(commands, options))
    this.#queue = answered.then(
      () => undefined,
      () => undefined
    )
    return abortable(answered, options.signal)
  }

  close(): void {
    if (!this.isOpen) return
    endChannel(this.#channel, this.#clock)
    this.#end()
  }

  async #ask(commands: readonly string[], options: CallOptions): Promise<readonly VirshAnswer[]> {
    if (options.signal.aborted) throw new AppError('cancelled', { cause: options.signal.reason })
    const number = ++this.#number
    const marks = [...commands.keys(), commands.length].map((index) => `${this.#marker} ${number}.${index}`)
    const outputs = this.#out.sections(marks)
    const errors = this.#err.sections(marks.map((mark) => `error: ${mark}`))
    const line = marks.map((mark, index) => markCommands(mark, commands[index])).join('; ')
    return this.#within(options.deadlineMs, null, async () => {
      await this.#channel.write(`${line}\n`)
      const [texts, messages] = await Promise.all([outputs, errors])
      return texts.map((output, index) => ({ output, error: withoutPrefix(messages[index] ?? '') }))
    })
  }

  /** The lane is closed when the time is up: nobody knows what virsh would still say. */
  async #within<T>(deadlineMs: number, signal: AbortSignal | null, work: () => Promise<T>): Promise<T> {
    const timer = new AbortController()
    const tooLate = this.#clock.sleep(deadlineMs, timer.signal).then(
      () => 'tooLate' as const,
      () => 'inTime' as const
    )
    const late = tooLate.then((verdict) => {
      if (verdict === 'inTime') return new Promise<never>(() => undefined)
      throw new AppError('deadlineExceeded', { params: { deadlineMs }, retryable: true })
    })
    const gone = this.closed.then((lastWords) => {
      throw this.#out.overflowed || this.#err.overflowed
        ? new AppError('outputTooLarge')
        : new AppError('disconnected', { params: { stderr: lastWords }, retryable: true })
    })
    try {
      const done = Promise.race([work(), late, gone])
      return await (signal === null ? done : abortable(done, signal))
    } catch (error) {
      this.close()
      throw error
    } finally {
      timer.abort()
    }
  }

  #end(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#resolveClosed(withoutPrefix(this.#err.tail(2_000)))
  }
}

/** `echo "ab""cd"` prints abcd; its echo has the quotes in it. */
function markCommands(mark: string, command: string | undefined): string {
  const split = `"${mark.slice(0, 16)}""${mark.slice(16)}"`
  return `echo ${split}; echo --err ${split}${command === undefined ? '' : `; ${command}`}`
}

function withoutPrefix(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.replace(/^error: /, ''))
    .filter((line) => line.trim() !== '')
    .join('\n')
}

/** Gives up on the signal; the work itself goes on. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new AppError('cancelled', { cause: signal.reason }))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
