/** Notices that whoever started this process wants it to end, or is gone. */
import { fstatSync } from 'node:fs'

export interface OwnerWatch {
  /** From now on the end of stdin counts: before, it was simply empty. */
  started(): void
}

/**
 * Calls `onEnd` at a signal, when the launcher's IPC channel closes, and when a stdin that is a pipe ends: a killed
 * owner can send no signal, but the system closes its pipes.
 */
export function watchOwner(onEnd: (reason: string) => void): OwnerWatch {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onEnd(signal))
  if (process.connected) process.once('disconnect', () => onEnd('launcherGone'))
  let hasStarted = false
  let hasEnded = false
  if (isPipe(0)) {
    process.stdin.on('end', () => {
      hasEnded = true
      if (hasStarted) onEnd('stdinClosed')
    })
    process.stdin.on('error', () => process.stdin.destroy())
    process.stdin.resume()
  }
  return {
    started() {
      // Nobody holds the other end since the beginning: then it says nothing about an owner.
      hasStarted = !hasEnded
    }
  }
}

/** A terminal, /dev/null or a file say nothing about an owner. */
function isPipe(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor)
    return stat.isFIFO() || stat.isSocket()
  } catch {
    // A closed descriptor has no owner.
    return false
  }
}
