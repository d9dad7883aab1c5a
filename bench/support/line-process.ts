/** A child process that is asked by a line and answers by a line of JSON. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface LineProcess {
  /** The next line it prints, parsed. */
  next<T>(): Promise<T>
  ask<T>(line: string): Promise<T>
  /** Ends its stdin and waits. */
  end(): Promise<void>
}

export function startLineProcess(script: string, args: readonly string[]): LineProcess {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const next = async <T>(): Promise<T> => {
    const line = await lines.next()
    if (line.done === true) throw new Error(`${script} ended early`)
    return JSON.parse(line.value) as T
  }
  return {
    next,
    ask(line) {
      child.stdin.write(`${line}\n`)
      return next()
    },
    async end() {
      child.stdin.end()
      await exited
    }
  }
}
