import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/fakes/engine-parts.ts'
import { pace, sampleIntervalMs } from './pace.ts'

/** Times at which the rounds began, on the monotonic clock. */
async function roundsIn(
  durationMs: number,
  intervalMs: number,
  roundMs: number,
  startMs = 0
): Promise<number[]> {
  const clock = new FakeClock()
  await clock.advance(startMs)
  const life = new AbortController()
  const began: number[] = []
  const round = async (): Promise<void> => {
    began.push(clock.monotonicMs())
    if (roundMs > 0) await clock.sleep(roundMs, life.signal)
  }
  const lane = pace(round, { clock, signal: life.signal, intervalMs: () => intervalMs })
  await clock.advance(durationMs)
  life.abort()
  await lane.catch((error: unknown) => {
    if (!life.signal.aborted) throw error
  })
  return began
}

describe('pace', () => {
  it('keeps the interval, whatever a round takes within it', async () => {
    expect(await roundsIn(16_000, 5_000, 1_200)).toEqual([0, 5_000, 10_000, 15_000])
  })

  it('leaves rounds out instead of piling them up when one takes longer', async () => {
    expect(await roundsIn(25_000, 5_000, 7_000)).toEqual([0, 10_000, 20_000])
  })

  it('begins rounds on shared marks, so that servers wake the machine together', async () => {
    const [first, ...rest] = await roundsIn(12_000, 2_000, 0, 137)
    expect(first).toBe(137)
    expect(rest.length).toBeGreaterThan(4)
    expect(rest.filter((atMs) => atMs % 250 !== 0)).toEqual([])
  })
})

describe('sampleIntervalMs', () => {
  it('asks a second time soon, then at the server’s own phase, then steadily', () => {
    const pauses = (phase: number) => [1, 2, 3, 4].map((round) => sampleIntervalMs(round, 5_000, phase))
    expect(pauses(1)).toEqual([1_000, 5_000, 5_000, 5_000])
    expect(pauses(0)).toEqual([1_000, 1_000, 5_000, 5_000])
    expect(sampleIntervalMs(2, 5_000, 0.5)).toBe(3_000)
  })
})
