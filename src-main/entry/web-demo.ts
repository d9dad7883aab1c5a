/** The demo fleet beside a running console of the browser mode: a second console in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { AppError } from '#contract/errors.ts'

export interface DemoConsole {
  /** Its address; the same one while it runs. Throws deadlineExceeded when it does not get ready. */
  readonly open: () => Promise<string | null>
  /** Resolves when it has ended. */
  readonly close: () => Promise<void>
}

const READY_WITHIN_MS = 30_000
const READY = /^Virthelm is ready at (\S+)$/m

export function demoConsole(webEntryPath: string, dataFolder: string): DemoConsole {
  let running: { child: ChildProcess; address: Promise<string> } | null = null
  return {
    async open() {
      if (running === null || running.child.exitCode !== null) running = start(webEntryPath, dataFolder)
      return running.address
    },
    async close() {
      if (running === null || running.child.exitCode !== null || running.child.signalCode !== null) return
      const ended = once(running.child, 'exit')
      running.child.kill()
      await ended
    }
  }
}

/** It ends with this process: its IPC channel closes. */
function start(webEntryPath: string, dataFolder: string): { child: ChildProcess; address: Promise<string> } {
  const args = [webEntryPath, '--demo', '--no-open', '--data-dir', dataFolder]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] })
  const address = new Promise<string>((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(error)
    }
    const timer = setTimeout(() => {
      child.kill()
      fail(new AppError('deadlineExceeded', { retryable: true }))
    }, READY_WITHIN_MS)
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4096)
      const ready = READY.exec(output)?.[1]
      if (ready === undefined) return
      clearTimeout(timer)
      resolve(ready)
    })
    child.once('error', fail)
    child.once('exit', () => fail(new AppError('internal')))
  })
  return { child, address }
}
