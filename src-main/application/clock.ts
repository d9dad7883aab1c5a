/** Time as the application sees it; injected, so that tests own it. */
export interface Clock {
  /** UTC milliseconds; may step. */
  nowMs(): number
  /** Milliseconds that only grow; for spans. */
  monotonicMs(): number
  /** Resolves after the time, rejects with the signal's reason when aborted. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(signal.reason as Error)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }, durationMs)
      signal.addEventListener('abort', onAbort, { once: true })
    })
}

/** Sleeps; an abort only ends the sleep, and the caller's loop looks at the signal anyway. */
export async function sleepUnlessAborted(
  clock: Clock,
  durationMs: number,
  signal: AbortSignal
): Promise<void> {
  try {
    await clock.sleep(durationMs, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
