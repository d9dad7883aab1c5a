/** Scripts of the telemetry lanes, side by side in the background of one shell (docs/remote-protocol.md). */
import { AppError } from '#contract/errors.ts'
import type { Connection } from '../../application/servers/connection.ts'
import type { ToolOptions, ToolResult, Tools } from '../../application/telemetry/tools.ts'
import { openResidentShell } from '../sampler/open-resident-shell.ts'
import type { ResidentShell } from '../sampler/resident-shell.ts'
import { TOOLS_SCRIPT } from './script.ts'

const OPEN_DEADLINE_MS = 15_000
const DEFAULT_MAX_BYTES = 256 * 1024

interface Job {
  /** The process on the server, once it is known. */
  pid: string
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

  async run(script: string, options: ToolOptions): Promise<ToolResult> {
    const { maxBytes = DEFAULT_MAX_BYTES } = options
    const lines: string[] = []
    let bytes = 0
    const exitCode = await this.#job(
      (id) => inLines(`r ${id}`, script),
      options,
      (line) => {
        bytes += line.length + 1
        if (bytes > maxBytes) return new AppError('outputTooLarge', { params: { maxBytes } })
        lines.push(line)
        return null
      }
    )
    // The end of the script is said on a line of its own.
    if (lines.at(-1) === '') lines.pop()
    return { stdout: lines.join('\n'), exitCode }
  }

  follow(script: string, onLine: (line: string) => void, signal: AbortSignal): Promise<number | null> {
    return this.#job(
      (id) => inLines(`f ${id}`, script),
      { signal, deadlineMs: null },
      (line) => {
        onLine(line)
        return null
      }
    )
  }

  close(): void {
    this.#life.abort(new AppError('disconnected', { retryable: true }))
    this.#shell?.close()
    this.#failAll(new AppError('disconnected', { retryable: true }))
  }

  async #job(
    request: (id: string) => string,
    { signal, deadlineMs }: { readonly signal: AbortSignal; readonly deadlineMs: number | null },
    take: (line: string) => AppError | null
  ): Promise<number | null> {
    const shell = await this.#open()
    if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
    const id = String(++this.#lastId)
    const { promise, resolve, reject } = Promise.withResolvers<number | null>()
    const onAbort = (): void => reject(new AppError('cancelled', { cause: signal.reason }))
    const timer = deadlineMs === null ? null : setTimeout(() => reject(tooLate(deadlineMs)), deadlineMs)
    signal.addEventListener('abort', onAbort, { once: true })
    const job: Job = {
      pid: '',
      line: (text) => {
        const error = take(text)
        if (error !== null) reject(error)
      },
      end: resolve,
      fail: reject
    }
    this.#jobs.set(id, job)
    try {
      shell.send(request(id))
      return await promise
    } catch (error) {
      // Nobody listens any more: it is ended on the server, with all that it started.
      shell.send(`k ${id} ${job.pid}`.trimEnd())
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
    const [, kind, id = '', text = ''] = /^([lep]) (\d+) ?(.*)$/s.exec(note) ?? []
    const job = this.#jobs.get(id)
    if (kind === 'l') job?.line(text)
    else if (kind === 'p' && job !== undefined && job.pid === '' && /^\d{1,10}$/.test(text)) job.pid = text
    else if (kind === 'e') job?.end(/^\d{1,3}$/.test(text) ? Number(text) : null)
  }

  #failAll(error: AppError): void {
    for (const job of this.#jobs.values()) job.fail(error)
  }
}

const tooLate = (deadlineMs: number): AppError =>
  new AppError('deadlineExceeded', { retryable: true, params: { deadlineMs } })

/** A request that the lines of a script follow. */
const inLines = (request: string, script: string): string =>
  `${request} ${script.split('\n').length}\n${script}`
