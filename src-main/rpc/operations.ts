/** How each kind of operation runs: call, stream, task (and following one), channel. */
import type { z } from 'zod'
import { ByteChannel, type ChannelFrame } from '#contract/byte-channel.ts'
import type {
  ByteDuplex,
  Call,
  Channel,
  Contract,
  HandlerContext,
  Operation,
  Stream,
  Task
} from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { ATTACH, AttachInput, type TaskEvent } from '#contract/frames.ts'
import type { TaskId } from '#contract/ids.ts'
import type { TaskHost } from '../application/tasks/task-registry.ts'

export interface OperationSetup {
  readonly contract: Contract
  readonly handlers: Readonly<Record<string, unknown>>
  readonly tasks: TaskHost | null
  readonly validateOutputs: boolean
}

/** Where an operation's answers go; after `done` or `fail` nothing more is sent. */
export interface Answers {
  readonly send: (frame: { kind: 'next'; value: unknown } | ChannelFrame) => void
  readonly done: (value: unknown) => void
  readonly fail: (error: unknown) => void
}

export interface RunningOperation {
  start(): void
  ack(): void
  /** Throws protocolViolation when the client exceeds its credit. */
  bytes(bytes: Uint8Array): void
  credit(bytes: number): void
  endOfBytes(): void
  /** The client does not want it any more. */
  cancel(): void
  /** The port is gone, or the client broke the protocol. */
  abort(reason: unknown): void
}

// Handlers<C> has proven at compile time that each name has a handler of its kind; by name alone that is lost.
type AnyCall = (input: unknown, context: HandlerContext) => Promise<unknown>
type AnyStream = (input: unknown, context: HandlerContext) => AsyncIterable<unknown>
type AnyTask = (
  input: unknown,
  context: HandlerContext & { readonly progress: (progress: unknown) => void }
) => Promise<unknown>
type AnyChannel = (input: unknown, context: HandlerContext, bytes: ByteDuplex) => Promise<void>

interface Run {
  readonly setup: OperationSetup
  readonly name: string
  readonly input: unknown
  readonly answers: Answers
  readonly signal: AbortSignal
  readonly gate: AckGate
  readonly bytes: ByteChannel
  /** What a cancel by the client means beside aborting the signal. */
  onCancel: () => void
}

export function runOperation(
  setup: OperationSetup,
  name: string,
  input: unknown,
  answers: Answers
): RunningOperation {
  const controller = new AbortController()
  const bytes = new ByteChannel({ send: answers.send, abandoned: () => undefined })
  const gate = new AckGate()
  const run: Run = {
    setup,
    name,
    input,
    answers,
    signal: controller.signal,
    gate,
    bytes,
    onCancel: () => undefined
  }
  const abort = (reason: unknown): void => {
    controller.abort(reason)
    bytes.close(reason instanceof AppError ? reason : new AppError('cancelled'))
  }
  const execute = async (): Promise<void> => {
    try {
      answers.done(await executorOf(setup, name)(run))
    } catch (error) {
      answers.fail(error)
    }
  }
  return {
    start: () => void execute(),
    ack: () => gate.open(),
    bytes: (chunk) => bytes.received(chunk),
    credit: (count) => bytes.granted(count),
    endOfBytes: () => bytes.ended(),
    cancel() {
      run.onCancel()
      abort(new AppError('cancelled'))
    },
    abort
  }
}

function executorOf(setup: OperationSetup, name: string): (run: Run) => Promise<unknown> {
  if (name === ATTACH) return attach
  const operation = Object.hasOwn(setup.contract, name) ? setup.contract[name] : undefined
  if (operation === undefined) throw new AppError('notFound', { params: { operation: name } })
  return (run) => execute(operation, run)
}

function execute(operation: Operation, run: Run): Promise<unknown> {
  switch (operation.type) {
    case 'call':
      return runCall(operation, run)
    case 'stream':
      return runStream(operation, run)
    case 'task':
      return runTask(operation, run)
    case 'channel':
      return runChannel(operation, run)
  }
}

async function runCall(operation: Call, run: Run): Promise<unknown> {
  const handler = run.setup.handlers[run.name] as AnyCall
  const output = await handler(checked(operation.input, run.input), { signal: run.signal })
  return checkedOutput(run, operation.output, output)
}

async function runStream(operation: Stream, run: Run): Promise<unknown> {
  const handler = run.setup.handlers[run.name] as AnyStream
  const values = handler(checked(operation.input, run.input), { signal: run.signal })
  await pump(values, run, (value) => checkedOutput(run, operation.event, value))
  return null
}

async function runTask(operation: Task, run: Run): Promise<unknown> {
  const handler = run.setup.handlers[run.name] as AnyTask
  const tasks = tasksOf(run)
  const input = checked(operation.input, run.input)
  const taskId = tasks.start({
    name: run.name,
    input,
    run: async (context) => {
      const output = await handler(input, {
        signal: context.signal,
        progress: (value) => context.progress(checkedOutput(run, operation.progress, value))
      })
      return checkedOutput(run, operation.output, output)
    }
  })
  run.onCancel = () => tasks.cancel(taskId)
  return followTask(tasks, taskId, run.name, run)
}

async function attach(run: Run): Promise<unknown> {
  const { taskId, name } = checked(AttachInput, run.input)
  return followTask(tasksOf(run), taskId, name, run)
}

async function followTask(tasks: TaskHost, taskId: TaskId, name: string, run: Run): Promise<unknown> {
  const events = tasks.follow(taskId, name, run.signal)
  run.answers.send({ kind: 'next', value: { kind: 'started', taskId } satisfies TaskEvent })
  for await (const event of events) {
    if (event.kind === 'done') return event.output
    await run.gate.pass(run.signal)
    run.answers.send({ kind: 'next', value: event satisfies TaskEvent })
  }
  throw new AppError('cancelled')
}

async function runChannel(operation: Channel, run: Run): Promise<unknown> {
  const handler = run.setup.handlers[run.name] as AnyChannel
  await handler(checked(operation.input, run.input), { signal: run.signal }, run.bytes)
  await run.bytes.flushed()
  run.bytes.close(null)
  return null
}

/** Credit 1: a value is pulled from the source only after the client has acknowledged the one before. */
async function pump(
  values: AsyncIterable<unknown>,
  run: Run,
  check: (value: unknown) => unknown
): Promise<void> {
  const iterator = values[Symbol.asyncIterator]()
  let exhausted = false
  try {
    for (;;) {
      const result = await unlessAborted(iterator.next(), run.signal)
      exhausted = result.done === true
      if (exhausted) return
      run.answers.send({ kind: 'next', value: check(result.value) })
      await run.gate.pass(run.signal)
    }
  } finally {
    // Not awaited: a source that hangs must not hold the operation. A failing `return` is told like any failure.
    if (!exhausted) void Promise.resolve(iterator.return?.()).catch(run.answers.fail)
  }
}

/** Rejects when aborted even if the work does not care. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** Opened once by each ack; `pass` waits for it and shuts it again. */
class AckGate {
  #opened = false
  #wake: () => void = () => undefined

  open(): void {
    this.#opened = true
    this.#wake()
  }

  async pass(signal: AbortSignal): Promise<void> {
    if (!this.#opened) {
      await unlessAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal)
    }
    this.#opened = false
  }
}

function tasksOf(run: Run): TaskHost {
  if (run.setup.tasks === null) throw new AppError('internal')
  return run.setup.tasks
}

/** Throws invalidInput with the path of the first thing that is wrong. */
function checked<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const path = result.error.issues[0]?.path.join('.') ?? ''
  throw new AppError('invalidInput', { params: { path: path.slice(0, 200) } })
}

function checkedOutput(run: Run, schema: z.ZodType, output: unknown): unknown {
  if (!run.setup.validateOutputs) return output
  const result = schema.safeParse(output)
  if (result.success) return output
  throw new Error(`The handler of ${run.name} broke the contract: ${result.error.message}`)
}
