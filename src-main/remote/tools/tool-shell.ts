/** Scripts of the telemetry lanes, side by side in the background of one shell (docs/remote-protocol.md). */
import { AppError } from '#contract/errors.ts'
import type { Connection } from '../../application/servers/connection.ts'
import type { ToolOptions, ToolResult, Tools } from '../../application/telemetry/tools.ts'
import { openResidentShell } from '../sampler/open-resident-shell.ts'
import type { ResidentShell } from '../sampler/resident-shell.ts'
import { TOOLS_SCRIPT } from './script.ts'

const OPEN_DEADLINE_MS = 15_000
const DEFAULT_MAX_BYTES = 256 * 1024
/** The server ends a script at its deadline; its last words may be on their way a little longer. */
const GRACE_MS = 3_000

interface Job {
  line(text: string): void
  end(exitCode: number | null): void
  fail(error: AppError): void
}

/** Nothing is opened before the first script. A shell that broke is opened again by the next one. */
export function createTools(connection: Connection): Tools {
  return new ToolShell(connection)
}

class ToolShell implements Tools {
  readonly #connection: Connection
  readonly #life = new AbortController()
  readonly #jobs = new Map<string, Job>()
  #shell: ResidentShell | null = null
  #opening: Promise<ResidentShell> | null = null
  #lastId = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async run(
    script: string,
    { signal, deadlineMs, maxBytes = DEFAULT_MAX_BYTES }: ToolOptions
  ): Promise<ToolResult> {
    const lines: string[] = []
    let bytes = 0
    const seconds = Math.max(1, Math.ceil(deadlineMs / 1_000))
    const untilMs = deadlineMs + GRACE_MS
    const startedMs = performance.now()
    const exitCode = await this.#job(
      { request: `r %s ${seconds} `, script, signal, deadlineMs: untilMs },
      (line) => {
        bytes += line.length + 1
        if (bytes > maxBytes) return new AppError('outputTooLarge', { params: { maxBytes } })
        lines.push(line)
        return null
      }
    )
    // Some `timeout`s tell of the signal that ended the script instead.
    const wasEnded = exitCode === 124 || exitCode === 143 || exitCode === 137
    if (wasEnded && performance.now() - startedMs >= deadlineMs) throw tooLate(deadlineMs)
    // The end of the script is said on a line of its own.
    if (lines.at(-1) === '') lines.pop()
    return { stdout: lines.join('\n'), exitCode }
  }

  follow(script: string, onLine: (line: string) => void, signal: AbortSignal): Promise<number | null> {
    return this.#job({ request: 'f %s ', script, signal, deadlineMs: null }, (line) => {
      onLine(line)
      return null
    })
  }

  close(): void {
    this.#life.abort(new AppError('disconnected', { retryable: true }))
    this.#shell?.close()
    this.#failAll(new AppError('disconnected', { retryable: true }))
  }

  async #job(
    asked: { request: string; script: string; signal: AbortSignal; deadlineMs: number | null },
    take: (line: string) => AppError | null
  ): Promise<number | null> {
    const { signal, deadlineMs } = asked
    const shell = await this.#open()
    if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
    const id = String(++this.#lastId)
    const { promise, resolve, reject } = Promise.withResolvers<number | null>()
    const onAbort = (): void => reject(new AppError('cancelled', { cause: signal.reason }))
    const timer = deadlineMs === null ? null : setTimeout(() => reject(tooLate(deadlineMs)), deadlineMs)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#jobs.set(id, {
      line: (text) => {
        const error = take(text)
        if (error !== null) reject(error)
      },
      end: resolve,
      fail: reject
    })
    try {
      shell.send(`${asked.request.replace('%s', id)}${inOneLine(asked.script)}`)
      return await promise
    } catch (error) {
      // Nobody listens any more; what still runs is ended by its next line.
      shell.send(`k ${id}`)
      throw error
    } finally {
      if (timer !== null) clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      this.#jobs.delete(id)
    }
  }

  async #open(): Promise<ResidentShell> {
    if (this.#shell !== null && this.#shell.failure === null) return this.#shell
    this.#opening ??= openResidentShell(this.#connection, {
      lane: 'tools',
      script: TOOLS_SCRIPT,
      signal: this.#life.signal,
      deadlineMs: OPEN_DEADLINE_MS,
      onNote: (note) => this.#take(note),
      onFailure: (error) => this.#failAll(error)
    }).finally(() => {
      this.#opening = null
    })
    this.#shell = await this.#opening
    return this.#shell
  }

  #take(note: string): void {
    const [, kind, id = '', text = ''] = /^([le]) (\d+) ?(.*)$/s.exec(note) ?? []
    const job = this.#jobs.get(id)
    if (kind === 'l') job?.line(text)
    else if (kind === 'e') job?.end(/^\d{1,3}$/.test(text) ? Number(text) : null)
  }

  #failAll(error: AppError): void {
    for (const job of this.#jobs.values()) job.fail(error)
  }
}

const tooLate = (deadlineMs: number): AppError =>
  new AppError('deadlineExceeded', { retryable: true, params: { deadlineMs } })

/** As printf's `%b` reads it back. */
const inOneLine = (script: string): string => script.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
