/** The typed client of a contract over a port. Every failure is an AppError; see the contract for their codes. */
import type {
  ByteDuplex,
  Contract,
  EventOf,
  InputForOf,
  NamesOf,
  OutputOf,
  ProgressOf
} from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { ATTACH, ServerFrame, TaskEvent, type ClientFrame, type RpcPort } from '#contract/frames.ts'
import type { TaskId } from '#contract/ids.ts'
import { openChannel } from './client-channel.ts'
import { ClientStream } from './client-stream.ts'

export interface CallOptions {
  /** Aborting it cancels the operation in the engine too; it then fails with `cancelled`. */
  readonly signal?: AbortSignal | undefined
}

export interface TaskOptions<Progress> extends CallOptions {
  /** Every progress event, in order. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface TaskHandle<Output> {
  /** Known as soon as the engine has started the task; with it another window can attach. */
  readonly taskId: Promise<TaskId>
  /** Rejects with what the task failed with; `disconnected` only means that this window no longer hears of it. */
  readonly result: Promise<Output>
}

export interface Client<C extends Contract> {
  call<N extends NamesOf<C, 'call'>>(
    name: N,
    input: InputForOf<C[N]>,
    options?: CallOptions
  ): Promise<OutputOf<C[N]>>
  /**
   * Opens when iterated (once only). The next value is asked for when the consumer comes back for it; leaving the loop
   * cancels. Ends without an error when `signal` is aborted.
   */
  stream<N extends NamesOf<C, 'stream'>>(
    name: N,
    input: InputForOf<C[N]>,
    options?: CallOptions
  ): AsyncIterable<EventOf<C[N]>>
  /** Aborting `signal` cancels the task itself; closing the window does not. */
  task<N extends NamesOf<C, 'task'>>(
    name: N,
    input: InputForOf<C[N]>,
    options?: TaskOptions<ProgressOf<C[N]>>
  ): TaskHandle<OutputOf<C[N]>>
  /** Follows a task that already runs (or has just ended). Aborting `signal` only stops following. */
  attach<N extends NamesOf<C, 'task'>>(
    name: N,
    taskId: TaskId,
    options?: TaskOptions<ProgressOf<C[N]>>
  ): Promise<OutputOf<C[N]>>
  /** Bytes both ways. Leaving the loop over `incoming` or aborting `signal` closes the channel. */
  channel<N extends NamesOf<C, 'channel'>>(
    name: N,
    input: InputForOf<C[N]>,
    options?: CallOptions
  ): ByteDuplex
  /** Told once when the connection to the engine is gone; at once when it is already. Returns the way to stop listening. */
  onClose(listener: () => void): () => void
  readonly closed: boolean
  close(): void
}

/** What the client does with the frames of one operation. Exactly one of `done` and `fail` ends it. */
export interface OpenOperation {
  next?(value: unknown): void
  bytes?(bytes: Uint8Array): void
  credit?(bytes: number): void
  end?(): void
  done(value: unknown): void
  fail(error: AppError): void
}

export type Open = (
  name: string,
  input: unknown,
  operation: OpenOperation
) => {
  readonly id: number
  /** Drops frames once the operation has ended. */
  send(frame: ClientFrame): void
  /** Ends it on this side and tells the engine. */
  cancel(): void
}

export function createClient<C extends Contract>(_contract: C, port: RpcPort<ClientFrame>): Client<C> {
  const operations = new Map<number, OpenOperation>()
  const closeListeners = new Set<() => void>()
  let nextId = 1
  let closed = false

  const open: Open = (name, input, operation) => {
    const id = nextId++
    if (closed) {
      queueMicrotask(() => operation.fail(disconnected()))
    } else {
      operations.set(id, operation)
      port.post({ kind: 'open', id, name, input })
    }
    return {
      id,
      send(frame) {
        if (operations.has(id)) port.post(frame)
      },
      cancel() {
        if (operations.delete(id)) port.post({ kind: 'cancel', id })
      }
    }
  }

  port.onMessage((message) => {
    const parsed = ServerFrame.safeParse(message)
    if (!parsed.success) {
      // The engine is ours: a frame that cannot be read is a broken build, and going on would hang an operation.
      port.close()
      return
    }
    deliver(operations, parsed.data)
  })
  port.onClose(() => {
    if (closed) return
    closed = true
    const left = [...operations.values()]
    operations.clear()
    for (const operation of left) operation.fail(disconnected())
    for (const listener of [...closeListeners]) listener()
    closeListeners.clear()
  })

  return {
    call: (name, input, options = {}) => openOnce(open, name, input, options.signal) as Promise<never>,
    stream: (name, input, options = {}) => new ClientStream(open, name, input, options.signal),
    task: (name, input, options = {}) => startTask(open, name, input, options) as TaskHandle<never>,
    attach: (name, taskId, options = {}) =>
      startTask(open, ATTACH, { taskId, name }, options).result as Promise<never>,
    channel: (name, input, options = {}) => openChannel(open, name, input, options.signal),
    onClose(listener) {
      if (closed) {
        queueMicrotask(listener)
        return () => undefined
      }
      closeListeners.add(listener)
      return () => closeListeners.delete(listener)
    },
    get closed() {
      return closed
    },
    close: () => port.close()
  }
}

const disconnected = (): AppError => new AppError('disconnected', { retryable: true })

function deliver(operations: Map<number, OpenOperation>, frame: ServerFrame): void {
  const operation = operations.get(frame.id)
  // Frames that crossed a cancel on their way are expected and dropped.
  if (operation === undefined) return
  switch (frame.kind) {
    case 'next':
      operation.next?.(frame.value)
      break
    case 'bytes':
      operation.bytes?.(frame.bytes)
      break
    case 'credit':
      operation.credit?.(frame.bytes)
      break
    case 'end':
      operation.end?.()
      break
    case 'done':
      operations.delete(frame.id)
      operation.done(frame.value)
      break
    case 'fail':
      operations.delete(frame.id)
      operation.fail(AppError.fromInfo(frame.error))
      break
  }
}

/** An operation with one answer; `onEvent` gets what comes before it (acknowledged at once). */
function openOnce(
  open: Open,
  name: string,
  input: unknown,
  signal: AbortSignal | undefined,
  onEvent?: (event: TaskEvent) => void
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new AppError('cancelled', { cause: signal.reason }))
      return
    }
    const onAbort = (): void => {
      operation.cancel()
      reject(new AppError('cancelled', { cause: signal?.reason }))
    }
    const finished = (): void => signal?.removeEventListener('abort', onAbort)
    const operation = open(name, input, {
      next(value) {
        operation.send({ kind: 'ack', id: operation.id })
        onEvent?.(TaskEvent.parse(value))
      },
      done(value) {
        finished()
        resolve(value)
      },
      fail(error) {
        finished()
        reject(error)
      }
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function startTask(
  open: Open,
  name: string,
  input: unknown,
  options: TaskOptions<never>
): TaskHandle<unknown> {
  let known: TaskId | null = null
  let tell: (taskId: TaskId) => void = () => undefined
  const onProgress = options.onProgress as ((progress: unknown) => void) | undefined
  const result = openOnce(open, name, input, options.signal, (event) => {
    if (event.kind === 'progress') {
      onProgress?.(event.progress)
      return
    }
    known = event.taskId
    tell(event.taskId)
  })
  return {
    // Made on demand: whoever looks at the result alone must not be told of a second rejection.
    get taskId() {
      return new Promise<TaskId>((resolve, reject) => {
        if (known !== null) resolve(known)
        else {
          tell = resolve
          result.catch(reject)
        }
      })
    },
    result
  }
}
