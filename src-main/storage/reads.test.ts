import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HistoryLevel, SeriesRef } from '#contract/history.ts'
import type { Storage } from '../application/storage.ts'
import { appendAll, expectFaithful, KEEP, ref, someTicks } from './test-naive.ts'
import { openAt } from './test-open.ts'
import {
  makeTemporaryFolder,
  never,
  newServerId,
  removeFolder,
  serverTick,
  START_MS,
  tick
} from './test-support.ts'

const HOUR_MS = 3_600_000

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

describe('reads', () => {
  it('find an hour that a console left unsealed long ago, from the first moment on', async () => {
    const [one, other] = [newServerId(), newServerId()]
    const values = { processesTotal: 7 }
    await storage.history.append(serverTick(one, START_MS + 1_000, values))
    // Hours later: the first one is due, and nobody gets to seal it.
    await storage.history.append(serverTick(other, START_MS + 6 * HOUR_MS, values))
    await storage.close()
    storage = await openAt(folder, START_MS + 6 * HOUR_MS)
    const range = { fromAtMs: START_MS, toAtMs: START_MS + HOUR_MS, maxPoints: 100 }
    const answer = await storage.history.read({ ...range, series: [ref(one, 'processesTotal')] }, never)
    expect(answer.series[0]?.mean).toEqual([7])
  })

  it('keep every sample, peak and hole at any range and width', async () => {
    const [first, second] = [newServerId(), newServerId()]
    const ticks = [
      ...someTicks(first, START_MS, 2_200, 5_000),
      ...someTicks(second, START_MS + 333, 300, 30_000)
    ].toSorted((a, b) => a.atMs - b.atMs)
    // A third of it before a restart, so that it is read from the disk; the rest with an open hour in memory.
    await appendAll(storage, ticks.slice(0, 800))
    await storage.close()
    storage = await openAt(folder, START_MS + 2 * HOUR_MS)
    await appendAll(storage, ticks.slice(800))
    const vm: SeriesRef = {
      entity: { serverId: first, kind: 'vm', key: 'vm-1' },
      metrics: ['memoryUsedBytes', 'cpuUsedRatio']
    }
    const choices: SeriesRef[] = [
      ref(first, 'cpuUsedRatio', 'load1'),
      ref(first, 'diskUsedBytes'),
      ref(second, 'load1', 'memoryTotalBytes'),
      vm
    ]
    const aQuery = fc.record({
      series: fc.subarray(choices, { minLength: 1 }),
      fromAtMs: fc.integer({ min: START_MS - HOUR_MS, max: START_MS + 4 * HOUR_MS }),
      spanMs: fc.oneof(fc.integer({ min: 1, max: 120_000 }), fc.integer({ min: 60_000, max: 5 * HOUR_MS })),
      maxPoints: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 3_000 }))
    })
    const run = (runs: number) =>
      fc.assert(
        fc.asyncProperty(aQuery, async ({ series, fromAtMs, spanMs, maxPoints }) => {
          const query = { series, fromAtMs, toAtMs: fromAtMs + spanMs, maxPoints }
          expectFaithful(await storage.history.read(query, never), query, ticks)
        }),
        { numRuns: runs }
      )
    const runs = process.env.VIRTHELM_LONG === '1' ? 300 : 40
    await run(runs)
    // And the same once all hours are sealed.
    await storage.history.applyRetention(KEEP, START_MS + 6 * HOUR_MS)
    await run(runs)
  })

  it('find ticks that came after newer ones, from before all that was known, also after a restart', async () => {
    const serverId = newServerId()
    const ticks = someTicks(serverId, START_MS, 700, 5_000)
    await storage.history.append(tick(serverId, START_MS + 2 * HOUR_MS, ticks[0]?.entities ?? []))
    await appendAll(storage, ticks)
    const query = { series: [ref(serverId, 'cpuUsedRatio')], fromAtMs: START_MS, level: 'raw' as const }
    const page = { ...query, beforeAtMs: START_MS + HOUR_MS, limit: 1_000 }
    const withValue = ticks.filter(({ entities }) =>
      entities.some(({ kind, values }) => kind === 'server' && 'cpuUsedRatio' in values)
    )
    const expected = withValue.map(({ atMs }) => atMs).toReversed()
    expect((await storage.history.rowsPage(page, never)).atMs).toEqual(expected)
    await storage.close()
    storage = await openAt(folder, START_MS + 3 * HOUR_MS)
    expect((await storage.history.rowsPage(page, never)).atMs).toEqual(expected)
  })

  it('choose the level by range and width', async () => {
    const serverId = newServerId()
    await appendAll(
      storage,
      Array.from({ length: 400 }, (_, index) =>
        tick(serverId, START_MS + index * HOUR_MS, [{ kind: 'server', key: '', values: { load1: index } }])
      )
    )
    const levelOf = async (hours: number): Promise<HistoryLevel> => {
      const toAtMs = START_MS + 400 * HOUR_MS
      const fromAtMs = toAtMs - hours * HOUR_MS
      const query = { series: [ref(serverId, 'load1')], fromAtMs, toAtMs, maxPoints: 500 }
      return (await storage.history.read(query, never)).level
    }
    expect(await Promise.all([1, 4, 24, 250, 400].map(levelOf))).toEqual([
      'raw',
      'raw',
      'minute',
      'hour',
      'hour'
    ])
  })

  it('end when they are cancelled', async () => {
    const stop = new AbortController()
    const reading = storage.history.read(
      {
        series: [ref(newServerId(), 'load1')],
        fromAtMs: START_MS,
        toAtMs: START_MS + HOUR_MS,
        maxPoints: 10
      },
      stop.signal
    )
    stop.abort()
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('of the live chart and commits never wait for a long one', async () => {
    const serverId = newServerId()
    const count = 40_000
    for (let from = 0; from < count; from += 5_000) {
      await appendAll(
        storage,
        Array.from({ length: 5_000 }, (_, index) =>
          tick(serverId, START_MS + (from + index) * 2_000, [
            { kind: 'server', key: '', values: { load1: index % 100, cpuUsedRatio: (index % 1_000) / 1_000 } }
          ])
        )
      )
    }
    const endMs = START_MS + count * 2_000
    const order: string[] = []
    const readAll = () =>
      storage.history.read(
        {
          series: [ref(serverId, 'load1', 'cpuUsedRatio')],
          fromAtMs: START_MS,
          toAtMs: endMs,
          maxPoints: 20_000
        },
        never
      )
    // Several, so that they outlast a commit.
    const long = Promise.all(Array.from({ length: 8 }, readAll)).then(() => order.push('long'))
    const live = storage.history
      .read(
        {
          series: [ref(serverId, 'load1')],
          fromAtMs: endMs - 600_000,
          toAtMs: endMs,
          maxPoints: 1_000
        },
        never
      )
      .then(() => order.push('live'))
    const commit = storage.history
      .append(tick(serverId, endMs, [{ kind: 'server', key: '', values: { load1: 1 } }]))
      .then(() => order.push('commit'))
    // Does not let the tick wait for others.
    const flushed = storage.history.flush()
    await Promise.all([long, live, commit, flushed])
    expect(order.at(-1)).toBe('long')
  })
})
