/** Starts the demo fleet in a worker thread. */
import { Worker } from 'node:worker_threads'
import { AppError } from '#contract/errors.ts'
import type { DemoAnswer, DemoCommand } from './control.ts'
import type { DemoFleetOptions, DemoServer } from './fleet.ts'
import type { DemoWorkerMessage } from './worker.ts'

export interface DemoFleetInWorker {
  readonly servers: readonly DemoServer[]
  execute(command: DemoCommand): Promise<DemoAnswer>
  close(): Promise<void>
}

const START_DEADLINE_MS = 30_000
const CLOSE_DEADLINE_MS = 3_000

/** `workerUrl` is that of worker.ts, or of its bundle: they do not stand in the same place. Throws AppError `internal`. */
export async function startDemoFleetInWorker(
  workerUrl: URL,
  options: DemoFleetOptions = {}
): Promise<DemoFleetInWorker> {
  const worker = new Worker(workerUrl, { workerData: options })
  const waiting = new Map<number, (answer: DemoAnswer) => void>()
  const ready = Promise.withResolvers<readonly DemoServer[]>()
  const closed = Promise.withResolvers<undefined>()
  let requests = 0
  worker.on('message', (message: DemoWorkerMessage) => {
    if (message.kind === 'ready') ready.resolve(message.servers)
    else if (message.kind === 'closed') closed.resolve(undefined)
    else {
      waiting.get(message.id)?.(message.answer)
      waiting.delete(message.id)
    }
  })
  worker.on('error', (cause) => {
    ready.reject(new AppError('internal', { cause }))
  })
  worker.on('exit', () => {
    ready.reject(new AppError('internal', { params: { subject: 'demo' } }))
    for (const answer of waiting.values()) answer({ problem: 'the demo fleet has ended' })
    waiting.clear()
    closed.resolve(undefined)
  })
  const timer = setTimeout(() => {
    ready.reject(new AppError('deadlineExceeded', { params: { deadlineMs: START_DEADLINE_MS } }))
  }, START_DEADLINE_MS)
  try {
    const servers = await ready.promise
    return {
      servers,
      execute: (command) =>
        new Promise((resolve) => {
          const id = ++requests
          waiting.set(id, resolve)
          worker.postMessage({ id, command })
        }),
      async close() {
        worker.postMessage({ id: 0, command: 'close' })
        const late = setTimeout(() => {
          closed.resolve(undefined)
        }, CLOSE_DEADLINE_MS)
        await closed.promise
        clearTimeout(late)
        await worker.terminate()
      }
    }
  } catch (error) {
    await worker.terminate()
    throw error
  } finally {
    clearTimeout(timer)
  }
}
