/**
 * Serves a contract over ports: checks every frame and input, runs the handlers, and keeps each window within its
 * limits. A port that closes aborts its calls, streams and channels; tasks go on.
 */
import type { Contract, Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { ClientFrame, type RpcPort, type ServerFrame } from '#contract/frames.ts'
import type { Log } from '../application/platform/platform.ts'
import type { TaskHost } from '../application/tasks/task-registry.ts'
import { errorInfoOf } from '../application/error-info.ts'
import { DEFAULT_LIMITS, fitsFrame, MessageMeter, type RpcLimits } from './limits.ts'
import { runOperation, type OperationSetup, type RunningOperation } from './operations.ts'

export interface RpcServerOptions<C extends Contract> {
  readonly contract: C
  readonly handlers: Handlers<C>
  /** Needed by contracts with tasks. */
  readonly tasks?: TaskHost
  readonly log: Log
  readonly limits?: Partial<RpcLimits>
  /** Checks what handlers give back too; for tests and development. */
  readonly validateOutputs?: boolean
}

export interface RpcServer {
  /** Serves one window until its port closes. */
  attach(port: RpcPort<ServerFrame>): void
  /** Closes all ports. */
  close(): void
}

/** A client that sends this many unreadable frames is not ours. */
const MAX_BAD_FRAMES = 16

export function createRpcServer<C extends Contract>(options: RpcServerOptions<C>): RpcServer {
  const limits: RpcLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const setup: OperationSetup = {
    contract: options.contract,
    handlers: options.handlers,
    tasks: options.tasks ?? null,
    validateOutputs: options.validateOutputs ?? false
  }
  const sessions = new Set<Session>()
  return {
    attach(port) {
      const session = new Session(port, setup, limits, options.log)
      sessions.add(session)
      port.onClose(() => {
        sessions.delete(session)
        session.end()
      })
    },
    close() {
      for (const session of [...sessions]) session.close()
    }
  }
}

/** One window: its open operations by id. */
class Session {
  readonly #port: RpcPort<ServerFrame>
  readonly #setup: OperationSetup
  readonly #limits: RpcLimits
  readonly #log: Log
  readonly #meter: MessageMeter
  readonly #operations = new Map<number, RunningOperation>()
  #badFrames = 0
  #ended = false

  constructor(port: RpcPort<ServerFrame>, setup: OperationSetup, limits: RpcLimits, log: Log) {
    this.#port = port
    this.#setup = setup
    this.#limits = limits
    this.#log = log
    this.#meter = new MessageMeter(limits.maxMessagesPerSec)
    port.onMessage((message) => this.#receive(message))
  }

  close(): void {
    this.#port.close()
  }

  /** The port is gone. */
  end(): void {
    this.#ended = true
    const left = [...this.#operations.values()]
    this.#operations.clear()
    for (const operation of left) operation.abort(new AppError('disconnected'))
  }

  #receive(message: unknown): void {
    if (this.#ended) return
    const frame = ClientFrame.safeParse(message)
    if (!frame.success) {
      this.#bad(message)
      return
    }
    if (frame.data.kind !== 'bytes' && !this.#meter.count()) {
      this.#log.warn('rpc.tooManyMessages')
      this.close()
      return
    }
    if (frame.data.kind === 'open') this.#open(frame.data)
    else this.#forward(frame.data)
  }

  /** A frame that says which operation it means fails that one; too many bad frames end the connection. */
  #bad(message: unknown): void {
    this.#log.warn('rpc.badFrame')
    const id = (message as { id?: unknown } | null | undefined)?.id
    if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0) {
      this.#fail(id, new AppError('invalidInput'))
    }
    if (++this.#badFrames >= MAX_BAD_FRAMES) this.close()
  }

  #open(frame: Extract<ClientFrame, { kind: 'open' }>): void {
    const { id, name, input } = frame
    if (this.#operations.has(id)) {
      this.#fail(id, new AppError('invalidInput'))
      return
    }
    if (this.#operations.size >= this.#limits.maxOpenOperations) {
      this.#fail(id, new AppError('tooManyStreams', { retryable: true }))
      return
    }
    if (!fitsFrame(input, this.#limits.maxFrameBytes)) {
      this.#fail(id, new AppError('messageTooLarge'))
      return
    }
    const operation = runOperation(this.#setup, name, input, {
      // An operation that was cancelled has nothing to say any more.
      send: (answer) => {
        if (this.#operations.get(id) === operation) this.#port.post({ ...answer, id })
      },
      done: (value) => {
        if (this.#take(id, operation)) this.#port.post({ kind: 'done', id, value })
      },
      fail: (error) => {
        // A fault of a handler is logged even when nobody waits for its answer any more.
        const info = errorInfoOf(error, this.#log, 'rpc.failed', { name })
        if (this.#take(id, operation)) this.#port.post({ kind: 'fail', id, error: info })
      }
    })
    this.#operations.set(id, operation)
    operation.start()
  }

  #forward(frame: Exclude<ClientFrame, { kind: 'open' }>): void {
    const operation = this.#operations.get(frame.id)
    // Frames that crossed the end of their operation are expected.
    if (operation === undefined) return
    try {
      switch (frame.kind) {
        case 'ack':
          operation.ack()
          break
        case 'cancel':
          this.#operations.delete(frame.id)
          operation.cancel()
          break
        case 'bytes':
          operation.bytes(frame.bytes)
          break
        case 'credit':
          operation.credit(frame.bytes)
          break
        case 'end':
          operation.endOfBytes()
          break
      }
    } catch (error) {
      this.#fail(frame.id, error)
    }
  }

  #take(id: number, operation: RunningOperation): boolean {
    return this.#operations.get(id) === operation && this.#operations.delete(id)
  }

  #fail(id: number, error: unknown): void {
    const operation = this.#operations.get(id)
    this.#operations.delete(id)
    operation?.abort(error)
    this.#port.post({ kind: 'fail', id, error: errorInfoOf(error, this.#log, 'rpc.failed') })
  }
}
