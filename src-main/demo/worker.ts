/** The demo fleet in a worker thread, so that the engine's event loop is its own. Started by `startDemoFleetInWorker`. */
import { parentPort, workerData } from 'node:worker_threads'
import { DemoCommand } from './control.ts'
import { type DemoFleetOptions, startDemoFleet } from './fleet.ts'

export type DemoWorkerMessage =
  | { readonly kind: 'ready'; readonly servers: Awaited<ReturnType<typeof startDemoFleet>>['servers'] }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: { problem: string | null } }
  | { readonly kind: 'closed' }

const port = parentPort
if (port !== null) {
  const fleet = await startDemoFleet(workerData as DemoFleetOptions)
  const post = (message: DemoWorkerMessage): void => {
    port.postMessage(message)
  }
  const take = async (message: { id: number; command: unknown }): Promise<void> => {
    if (message.command === 'close') {
      await fleet.close()
      post({ kind: 'closed' })
      port.close()
      return
    }
    try {
      const answer = await fleet.control.execute(DemoCommand.parse(message.command))
      post({ kind: 'answer', id: message.id, answer })
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      post({ kind: 'answer', id: message.id, answer: { problem } })
    }
  }
  port.on('message', (message: { id: number; command: unknown }) => {
    void take(message)
  })
  post({ kind: 'ready', servers: fleet.servers })
}
