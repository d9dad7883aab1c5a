import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { TestServerOptions } from './ssh-test-server.ts'

/** A test server in another process, so that its memory and its time are not counted with the client's. */
export async function startServerProcess(
  options: Omit<TestServerOptions, 'exec'>
): Promise<{ port: number; pid: number; close(): void }> {
  const script = join(import.meta.dirname, 'serve.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' }
  })
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())))
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
  })
  return { port, pid: child.pid ?? 0, close: () => child.kill('SIGKILL') }
}
