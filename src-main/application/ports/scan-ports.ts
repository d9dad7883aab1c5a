/** Knocks at many ports, a few at a time and no faster than is polite. Knows nothing of how it is done. */
import type { PortResult } from '#contract/ports.ts'
import { serviceName } from '../../domain/ports/service-names.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { Probed } from './port-access.ts'

export interface ScanPace {
  /** Ports that wait for an answer at the same time. */
  readonly atOnce: number
  /** Between two knocks. */
  readonly spacingMs: number
}

export interface ScanWork {
  readonly ports: readonly number[]
  readonly pace: ScanPace
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly probe: (port: number) => Promise<Probed>
  readonly onResult: (result: PortResult) => void
}

/** In the order of the ports. Rejects with the first thing that is no answer of a port; nothing is begun after that. */
export async function scanPorts(work: ScanWork): Promise<PortResult[]> {
  const { ports, pace, clock, signal, probe, onResult } = work
  const results: PortResult[] = []
  const failed = new AbortController()
  let next = 0
  let freeAtMs = clock.monotonicMs()
  const worker = async (): Promise<void> => {
    while (next < ports.length && !failed.signal.aborted) {
      const index = next++
      const port = ports[index]
      if (port === undefined) return
      const nowMs = clock.monotonicMs()
      const waitMs = Math.max(0, freeAtMs - nowMs)
      freeAtMs = Math.max(freeAtMs, nowMs) + pace.spacingMs
      if (waitMs > 0) await sleepUnlessAborted(clock, waitMs, signal)
      signal.throwIfAborted()
      const { state, reason, answerMs } = await probe(port)
      const result = { port, state, reason, service: serviceName(port), answerMs: rounded(answerMs) }
      results[index] = result
      onResult(result)
    }
  }
  const workers = Array.from({ length: Math.min(pace.atOnce, ports.length) }, () =>
    worker().catch((error: unknown) => {
      failed.abort()
      throw error
    })
  )
  const ends = await Promise.allSettled(workers)
  const failure = ends.find((end) => end.status === 'rejected')
  if (failure !== undefined) throw failure.reason
  return results
}

/** To the hundredth of a millisecond: what the history keeps. */
const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 100) / 100)
