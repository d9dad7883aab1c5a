/** Figures and shares of a range, held against the samples themselves: at every level, over edges, gaps and retention. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ServerId } from '#contract/ids.ts'
import type { ShareBound, Storage, Tick } from '../application/storage.ts'
import { appendAll, KEEP, random, ref, samples } from './test-naive.ts'
import { openAt } from './test-open.ts'
import { makeTemporaryFolder, never, newServerId, removeFolder, START_MS, tick } from './test-support.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let folder: string
let storage: Storage

beforeEach(async () => {
  folder = makeTemporaryFolder()
  storage = await openAt(folder)
})

afterEach(async () => {
  await storage.close()
  removeFolder(folder)
})

/** A server with a card: CPU wanders, the card's memory is full for hours and free for hours, and now and then there is nothing. */
function someHours(serverId: ServerId, fromMs: number, hours: number, stepMs: number): Tick[] {
  const next = random(hours + stepMs)
  const ticks: Tick[] = []
  for (let atMs = fromMs; atMs < fromMs + hours * HOUR_MS; atMs += stepMs) {
    const hour = Math.floor((atMs - fromMs) / HOUR_MS)
    const minute = Math.floor((atMs - fromMs) / MINUTE_MS) % 60
    // Every ninth hour there is nothing, every seventh is cut.
    if (hour % 9 === 8 || (hour % 7 === 5 && minute >= 21)) continue
    // An hour of its own side of the bound, and every fifth one that changes within.
    const isFree = hour % 5 === 4 ? minute < 17 : hour % 2 === 0
    const usedRatio = (isFree ? 0.02 : 0.6) + next() * 0.05
    ticks.push(
      tick(serverId, atMs, [
        { kind: 'server', key: '', values: { cpuUsedRatio: next(), uptimeSec: Math.floor(atMs / 1000) } },
        {
          kind: 'gpu',
          key: 'card',
          values: { memoryUsedRatio: usedRatio, memoryFreeBytes: Math.floor(24e9 * (1 - usedRatio)) }
        }
      ])
    )
  }
  return ticks
}

const gpu = (serverId: ServerId, metric: string) => ({
  entity: { serverId, kind: 'gpu' as const, key: 'card' },
  metrics: [metric]
})
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const rank = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
const middle = (sorted: readonly number[]): number =>
  mean([sorted[(sorted.length - 1) >> 1] ?? NaN, sorted[sorted.length >> 1] ?? NaN])

interface Asked {
  readonly serverId: ServerId
  readonly ticks: readonly Tick[]
  readonly fromAtMs: number
  readonly toAtMs: number
}

/** Minutes with a value, of which the range may cut the first and the last. */
function measuredMs(times: readonly number[], { fromAtMs, toAtMs }: Asked): number {
  const minutes = new Set(times.map((at) => Math.floor(at / MINUTE_MS) * MINUTE_MS))
  return [...minutes].reduce((sum, at) => sum + Math.min(at + MINUTE_MS, toAtMs) - Math.max(at, fromAtMs), 0)
}

async function expectExact(asked: Asked, level: string, slotMs: number): Promise<void> {
  const { serverId, ticks, fromAtMs, toAtMs } = asked
  const series = [ref(serverId, 'cpuUsedRatio', 'uptimeSec'), gpu(serverId, 'memoryFreeBytes')]
  const timed = ['cpuUsedRatio', 'memoryFreeBytes']
  const answer = await storage.history.figures({ series, timed, fromAtMs, toAtMs }, never)
  expect(answer.level).toBe(level)
  const inRange = ticks.filter(({ atMs }) => atMs >= fromAtMs && atMs < toAtMs)
  for (const figures of answer.series) {
    const one = { entity: figures.entity, metrics: [figures.metric] }
    const values = samples(ticks, one, figures.metric, fromAtMs, toAtMs)
    expect(figures.count).toBe(values.length)
    expect(figures.mean).toBeCloseTo(mean(values), 6)
    expect([figures.min, figures.max]).toEqual([Math.min(...values), Math.max(...values)])
    const basis = [...Map.groupBy(inRange, ({ atMs }) => Math.floor(atMs / slotMs)).values()]
      .map((some) => mean(samples(some, one, figures.metric, fromAtMs, toAtMs)))
      .toSorted((a, b) => a - b)
    expect(figures.median).toBeCloseTo(middle(basis), 6)
    expect(figures.p95).toBeCloseTo(rank(basis, 0.95), 6)
    // What only grows is told from rollups as well.
    if (figures.metric === 'uptimeSec') expect(figures.newest).toBe(values.at(-1))
    const times = inRange.map(({ atMs }) => atMs)
    expect(figures.measuredMs).toBe(timed.includes(figures.metric) ? measuredMs(times, asked) : null)
  }
}

async function expectShares({ serverId, ticks, fromAtMs, toAtMs }: Asked): Promise<void> {
  const { entity } = gpu(serverId, 'memoryFreeBytes')
  const bounds: ShareBound[] = [
    { entity, metric: 'memoryFreeBytes', above: 8e9 },
    { entity, metric: 'memoryUsedRatio', below: 0.1 }
  ]
  const shares = await storage.history.shares({ bounds, fromAtMs, toAtMs }, never)
  const [free = [], used = []] = bounds.map(({ metric }) =>
    samples(ticks, { entity, metrics: [metric] }, metric, fromAtMs, toAtMs)
  )
  expect(shares).toEqual([
    { count: free.length, inside: free.filter((value) => value > 8e9).length },
    { count: used.length, inside: used.filter((value) => value < 0.1).length }
  ])
}

describe('figures and shares', () => {
  it('of up to two days are those of the samples', async () => {
    const serverId = newServerId()
    const ticks = someHours(serverId, START_MS, 20, 20_000)
    await appendAll(storage, ticks)
    const asked = { serverId, ticks, fromAtMs: START_MS + 71_234, toAtMs: START_MS + 19 * HOUR_MS + 5 }
    await expectExact(asked, 'raw', 1)
    await expectShares(asked)
    // Within one hour, and a range that ends before the first sample or has none.
    const short = { ...asked, fromAtMs: START_MS + 61 * MINUTE_MS, toAtMs: START_MS + 64 * MINUTE_MS }
    await expectExact(short, 'raw', 1)
    await expectShares(short)
    for (const fromAtMs of [START_MS - DAY_MS, START_MS + 8 * HOUR_MS + 1]) {
      const query = { fromAtMs, toAtMs: fromAtMs + MINUTE_MS }
      const series = [ref(serverId, 'cpuUsedRatio')]
      const none = await storage.history.figures({ series, timed: ['cpuUsedRatio'], ...query }, never)
      expect(none.series[0]).toMatchObject({ count: 0, mean: null, p95: null, newest: null, measuredMs: 0 })
      const bounds = [{ ...gpu(serverId, ''), metric: 'memoryFreeBytes', above: 1 }]
      expect(await storage.history.shares({ bounds, ...query }, never)).toEqual([{ count: 0, inside: 0 }])
    }
  })

  it('of more are exact over hours, also where the range cuts the first and the last, and as samples go', async () => {
    const serverId = newServerId()
    const ticks = someHours(serverId, START_MS, 60, 30_000)
    await appendAll(storage, ticks)
    const asked = {
      serverId,
      ticks,
      fromAtMs: START_MS + 23 * MINUTE_MS,
      toAtMs: START_MS + 59 * HOUR_MS + 40 * MINUTE_MS
    }
    await expectExact(asked, 'hour', HOUR_MS)
    await expectShares(asked)
    await storage.history.applyRetention(KEEP, START_MS + 3 * DAY_MS)
    await expectExact(asked, 'hour', HOUR_MS)
    await expectShares(asked)
  })

  it('are told from minutes where samples are gone: shares by the mean of a minute that has both', async () => {
    const serverId = newServerId()
    const ticks = someHours(serverId, START_MS, 60, 30_000)
    await appendAll(storage, ticks)
    await storage.history.applyRetention({ ...KEEP, rawDays: 1 }, START_MS + 3 * DAY_MS)
    const asked = {
      serverId,
      ticks,
      fromAtMs: START_MS + 23 * MINUTE_MS,
      toAtMs: START_MS + 57 * HOUR_MS + 40 * MINUTE_MS
    }
    await expectExact(asked, 'hour', HOUR_MS)
    // The card changes at full minutes, so that no minute has both.
    await expectShares(asked)
    await expectExact({ ...asked, toAtMs: START_MS + 40 * HOUR_MS }, 'minute', MINUTE_MS)
  })

  it('stop when nobody waits any more', async () => {
    const serverId = newServerId()
    await appendAll(storage, someHours(serverId, START_MS, 20, 20_000))
    const life = new AbortController()
    const query = { fromAtMs: START_MS, toAtMs: START_MS + DAY_MS }
    const series = [ref(serverId, 'cpuUsedRatio')]
    const asked = storage.history.figures({ series, timed: [], ...query }, life.signal)
    life.abort()
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
  })
})
