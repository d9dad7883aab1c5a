/** The storage worker: the only thread that touches the databases, the only importer of better-sqlite3. */
import { parentPort, workerData, type Transferable } from 'node:worker_threads'
import BetterSqlite3 from 'better-sqlite3'
import type { ToWorker, FromWorker, Method, Report, WorkerHandlers, WorkerOptions } from './protocol.ts'
import { openEngine } from './engine.ts'
import { openReader, type ReaderHandlers } from './reader-engine.ts'
import { type TickBatch, ticksOf } from './tick-outbox.ts'
import { asAppError, assertSqliteVersion, causeText, type OpenDatabase } from './sqlite.ts'

function start(): void {
  if (parentPort === null) throw new Error('storage/worker runs as a worker thread only')
  const port = parentPort
  const options = workerData as WorkerOptions
  const post = (message: FromWorker, transfer: Transferable[] = []): void =>
    port.postMessage(message, transfer)
  const report: Report = (level, event, fields = {}, cause) =>
    post({ kind: 'log', level, event, fields, cause: cause === undefined ? '' : causeText(cause) })
  const open: OpenDatabase = (path, mode) => new BetterSqlite3(path, { readonly: mode?.readonly ?? false })

  let handlers: WorkerHandlers | ReaderHandlers
  try {
    const memory = new BetterSqlite3(':memory:')
    assertSqliteVersion(String(memory.prepare('SELECT sqlite_version()').pluck().get()))
    memory.close()
    handlers = (options.readOnly === true ? openReader : openEngine)(options, open, report)
  } catch (error) {
    post({ kind: 'failedToOpen', error: asAppError(error).toInfo(), cause: causeText(error) })
    port.close()
    return
  }
  serve(port, handlers, post)
  post({ kind: 'ready' })
}

function serve(
  port: NonNullable<typeof parentPort>,
  handlers: WorkerHandlers | ReaderHandlers,
  post: (message: FromWorker, transfer?: Transferable[]) => void
): void {
  const running = new Map<number, AbortController>()
  let doneIds: number[] = []
  const done = (id: number, value: unknown): void => {
    if (value !== undefined) post({ kind: 'done', id, value }, transferables(value))
    else if (doneIds.push(id) === 1) setImmediate(postDone)
  }
  const postDone = (): void => {
    if (doneIds.length > 0) post({ kind: 'doneAll', ids: doneIds })
    doneIds = []
  }

  const run = async (id: number, method: Method, args: readonly unknown[]): Promise<void> => {
    // What still runs would come back to a closed file.
    if (method === 'close') for (const other of running.values()) other.abort()
    const controller = new AbortController()
    running.set(id, controller)
    try {
      // The client's types made the arguments; both ends are one build.
      const handler = (handlers as WorkerHandlers)[method] as (
        args: readonly unknown[],
        signal: AbortSignal
      ) => unknown
      const value = await handler(args, controller.signal)
      done(id, value)
    } catch (error) {
      fail(id, error)
    } finally {
      running.delete(id)
    }
    if (method !== 'close') return
    postDone()
    port.close()
  }

  const fail = (id: number, error: unknown): void =>
    post({ kind: 'fail', id, error: asAppError(error).toInfo(), cause: causeText(error) })
  const append = (batch: TickBatch): void => {
    for (const { id, tick } of ticksOf(batch))
      (handlers as WorkerHandlers).append(tick).then(
        () => done(id, undefined),
        (error: unknown) => fail(id, error)
      )
  }

  port.on('message', (messages: ToWorker) => {
    for (const message of messages) {
      if (message.kind === 'append') append(message)
      else if (message.kind === 'cancel') running.get(message.id)?.abort()
      else void run(message.id, message.method, message.args)
    }
  })
}

/** Columns of numbers move to the other thread instead of being copied. */
function transferables(value: unknown): Transferable[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((part: unknown) =>
    part instanceof Float64Array && part.buffer instanceof ArrayBuffer ? [part.buffer] : []
  )
}

start()
