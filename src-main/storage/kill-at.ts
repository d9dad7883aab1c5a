/**
 * For the victims of crash tests: counts every change that this process makes to the file system through node:fs, and
 * kills the process (kill -9, nothing is cleaned up) just before the given one. Not for use outside of tests.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const CHANGES = [
  'renameSync',
  'rmSync',
  'rmdirSync',
  'mkdirSync',
  'openSync',
  'writeSync',
  'fsyncSync',
  'copyFileSync'
] as const

/** Returns a function that counts one step of another kind. Steps are counted from 1; step 0 = never. */
export function killAtStep(step: number): () => void {
  let count = 0
  const next = (): void => {
    if (++count === step) process.kill(process.pid, 'SIGKILL')
  }
  for (const name of CHANGES) {
    const original = fs[name] as (...args: unknown[]) => unknown
    const counted = (...args: unknown[]): unknown => {
      next()
      return original(...args)
    }
    Object.assign(fs, { [name]: counted })
  }
  syncBuiltinESMExports()
  return next
}
