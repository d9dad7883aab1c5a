/** Calls with answers over a worker's port. */
import type { Worker } from 'node:worker_threads'
import { AppError } from '#contract/errors.ts'
import type { Log } from '../application/platform/platform.ts'
import type { Tick } from '../application/storage.ts'
import type { FromWorker, Method, PostedMessage, ToWorker, WorkerApi } from './protocol.ts'
import { TickOutbox } from './tick-outbox.ts'

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: AppError) => void
}

type Answer<M extends Method> = Promise<ReturnType<WorkerApi[M]>>

/** A close that takes longer (a stuck disk) is given up, so that the console can end. */
const CLOSE_DEADLINE_MS = 20_000

/** How long a tick waits for others on its way to the worker. */
const JOIN_MS = 50

export class WorkerCalls {
  /** Resolves when both files are open; rejects with the reason why not. */
  readonly ready: Promise<void>
  private readonly worker: Worker
  private readonly log: Log
  private readonly pending = new Map<number, Pending>()
  private readonly exited: Promise<void>
  private lastId = 0
  private readonly outbox = new TickOutbox()
  private flushTimer: NodeJS.Timeout | null = null
  private gone: AppError | null = null
  private opening: { resolve: () => void; reject: (error: AppError) => void } | null = null

  constructor(worker: Worker, log: Log) {
    this.worker = worker
    this.log = log
    this.ready = new Promise((resolve, reject) => {
      this.opening = { resolve, reject }
    })
    worker.on('message', (message: FromWorker) => this.receive(message))
    worker.on('error', (error) => {
      log.error('storage.workerFailed', error)
      this.end(new AppError('internal', { cause: error }))
    })
    this.exited = new Promise((resolve) => {
      worker.on('exit', () => {
        this.end(new AppError('disconnected', { params: { what: 'storage' } }))
        resolve()
      })
    })
  }

  /**
   * Resolves when the tick is committed. Ticks may wait a moment for each other: waking a thread costs more than a tick. All
   * that is asked later comes after them.
   */
  append(tick: Tick): Promise<void> {
    if (this.gone !== null) return Promise.reject(this.gone)
    const id = ++this.lastId
    this.outbox.add(id, tick)
    this.flushTimer ??= setTimeout(() => this.flush([]), JOIN_MS)
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject })
    })
  }

  call<M extends Method>(method: M, ...args: Parameters<WorkerApi[M]>): Answer<M> {
    return this.send(method, args).answer
  }

  /** As `call`; rejects with `cancelled` as soon as the signal is aborted, and the worker stops its work. */
  async callUntil<M extends Method>(
    signal: AbortSignal,
    method: M,
    ...args: Parameters<WorkerApi[M]>
  ): Answer<M> {
    if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
    const { id, answer } = this.send(method, args)
    const onAbort = (): void => {
      this.post({ kind: 'cancel', id })
      this.pending.get(id)?.reject(new AppError('cancelled', { cause: signal.reason }))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await answer
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async close(): Promise<void> {
    if (this.gone !== null) return
    const deadline = AbortSignal.timeout(CLOSE_DEADLINE_MS)
    try {
      await this.callUntil(deadline, 'close')
      await this.exited
    } catch (error) {
      await this.worker.terminate()
      throw error
    }
  }

  private send<M extends Method>(
    method: M,
    args: Parameters<WorkerApi[M]>
  ): { id: number; answer: Answer<M> } {
    const id = ++this.lastId
    if (this.gone !== null) return { id, answer: Promise.reject(this.gone) }
    const answer = new Promise<ReturnType<WorkerApi[M]>>((resolve, reject) => {
      // The protocol pairs the method with its answer.
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject })
    })
    this.post({ kind: 'call', id, method, args })
    return { id, answer }
  }

  private post(message: PostedMessage): void {
    this.flush([message])
  }

  /** Sends the ticks that wait, and after them `more`. */
  private flush(more: readonly PostedMessage[]): void {
    if (this.flushTimer !== null) clearTimeout(this.flushTimer)
    this.flushTimer = null
    const ticks = this.outbox.take()
    const messages: ToWorker = ticks === null ? more : [ticks, ...more]
    this.worker.postMessage(messages, ticks === null ? [] : [ticks.lengths.buffer, ticks.bodies.buffer])
  }

  private receive(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.opening?.resolve()
        this.opening = null
        return
      case 'failedToOpen': {
        const error = AppError.fromInfo(message.error)
        error.cause = message.cause
        this.end(error)
        return
      }
      case 'done':
        this.pending.get(message.id)?.resolve(message.value)
        this.pending.delete(message.id)
        return
      case 'doneAll':
        for (const id of message.ids) {
          this.pending.get(id)?.resolve(undefined)
          this.pending.delete(id)
        }
        return
      case 'fail':
        this.fail(message)
        return
      case 'log':
        this.write(message)
    }
  }

  private fail({ id, error: info, cause }: Extract<FromWorker, { kind: 'fail' }>): void {
    const error = AppError.fromInfo(info)
    error.cause = cause
    if (info.code === 'internal') error.incidentId = this.log.error('storage.callFailed', error)
    this.pending.get(id)?.reject(error)
    this.pending.delete(id)
  }

  private write({ level, event, fields, cause }: Extract<FromWorker, { kind: 'log' }>): void {
    if (level === 'error') this.log.error(event, cause, fields)
    else this.log[level](event, cause === '' ? fields : { ...fields, cause })
  }

  /** Nothing will be answered any more. */
  private end(error: AppError): void {
    this.gone ??= error
    this.opening?.reject(this.gone)
    this.opening = null
    for (const { reject } of this.pending.values()) reject(this.gone)
    this.pending.clear()
  }
}
