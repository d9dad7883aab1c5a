/** The figures of a fleet, held against a recomputation by SQL from the samples as they were appended. */
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FleetFigures, FleetFiguresQuery, type Figures } from '#contract/fleet-figures.ts'
import type { ServerId } from '#contract/ids.ts'
import { appendAll, KEEP, random, scaled } from '../../storage/test-naive.ts'
import { openAt } from '../../storage/test-open.ts'
import {
  makeTemporaryFolder,
  never,
  removeFolder,
  serverRecord,
  START_MS,
  tick
} from '../../storage/test-support.ts'
import type { Storage, Tick } from '../storage.ts'
import { readFleetFigures, type FleetFiguresDeps } from './fleet-figures.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let folder: string
let storage: Storage
const busy = serverRecord('b-busy')
const idle = serverRecord('a-idle')
const silent = serverRecord('c-silent')

beforeEach(async () => {
  folder = makeTemporaryFolder()
  storage = await openAt(folder)
})

afterEach(async () => {
  await storage.close()
  removeFolder(folder)
})

const deps = (zone: 'utc' | 'local' = 'utc', nowMs = START_MS + 400 * DAY_MS): FleetFiguresDeps => ({
  history: storage.history,
  servers: () => [busy, idle, silent],
  zone: () => zone,
  nowMs: () => nowMs
})

/** `busy` has two cards and works by day; `idle` is off every fourth hour. */
function someTicks(fromMs: number, hours: number, stepMs: number): Tick[] {
  const next = random(hours)
  const ticks: Tick[] = []
  const host = (serverId: ServerId, atMs: number, cpu: number, more: Tick['entities'] = []): Tick =>
    tick(serverId, atMs, [
      {
        kind: 'server',
        key: '',
        values: {
          cpuUsedRatio: cpu,
          memoryUsedRatio: 0.2 + next() * 0.3,
          memoryTotalBytes: 64e9,
          netRxBytesPerSec: Math.floor(next() * 1e6),
          uptimeSec: Math.floor((atMs - fromMs) / 1000) + 5_000,
          ...(serverId === busy.id ? { powerWatts: 90 + Math.floor(next() * 40) } : {})
        }
      },
      ...more
    ])
  for (let atMs = fromMs; atMs < fromMs + hours * HOUR_MS; atMs += stepMs) {
    const hour = Math.floor((atMs - fromMs) / HOUR_MS)
    const cards = ['GPU-0', 'GPU-1'].map((key, index) => {
      const used = (hour + index) % 3 === 0 ? 0.02 + next() * 0.05 : 0.5 + next() * 0.3
      const values = {
        memoryTotalBytes: 16e9,
        memoryUsedRatio: used,
        memoryFreeBytes: Math.floor(16e9 * (1 - used)),
        utilisationRatio: next()
      }
      return { kind: 'gpu' as const, key, values }
    })
    const isDay = new Date(atMs).getUTCHours() >= 9 && new Date(atMs).getUTCHours() < 17
    ticks.push(host(busy.id, atMs, (isDay ? 0.5 : 0.1) + next() * 0.2, cards))
    if (hour % 4 !== 3) ticks.push(host(idle.id, atMs, next() * 0.1))
  }
  return ticks
}

/** All samples in a table of their own. */
function sampleTable(ticks: readonly Tick[]): BetterSqlite3.Database {
  const db = new BetterSqlite3(':memory:')
  db.exec('CREATE TABLE sample (server TEXT, kind TEXT, key TEXT, metric TEXT, at_ms INTEGER, value REAL)')
  const insert = db.prepare('INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?)')
  db.transaction(() => {
    for (const { serverId, atMs, entities } of ticks)
      for (const { kind, key, values } of entities)
        for (const [metric, value] of Object.entries(values))
          insert.run(
            serverId,
            kind,
            key,
            metric,
            atMs,
            scaled({ entity: { serverId, kind, key }, metrics: [] }, metric, value)
          )
  })()
  return db
}

interface Range {
  readonly fromAtMs: number
  readonly toAtMs: number
}

/** count, mean, minimum, maximum of the samples; median and p95 of the means by `slotMs`. */
function figuresBySql(
  db: BetterSqlite3.Database,
  [server, kind, key, metric]: readonly [string, string, string, string],
  { fromAtMs, toAtMs }: Range,
  slotMs: number
): Figures {
  const where = 'server = ? AND kind = ? AND key = ? AND metric = ? AND at_ms >= ? AND at_ms < ?'
  const given = [server, kind, key, metric, fromAtMs, toAtMs]
  const whole = db
    .prepare(
      `SELECT count(*) AS count, avg(value) AS mean, min(value) AS min, max(value) AS max FROM sample WHERE ${where}`
    )
    .get(...given) as Omit<Figures, 'median' | 'p95'>
  const order = db
    .prepare(
      `WITH means AS (SELECT avg(value) AS value FROM sample WHERE ${where} GROUP BY at_ms / CAST(? AS INTEGER)),
         ranked AS (SELECT value, row_number() OVER (ORDER BY value) AS place, count(*) OVER () AS places FROM means)
       SELECT avg(value) FILTER (WHERE place IN ((places + 1) / 2, (places + 2) / 2)) AS median,
         max(value) FILTER (WHERE place = (places * 95 + 99) / 100) AS p95 FROM ranked`
    )
    .get(...given, slotMs) as Pick<Figures, 'median' | 'p95'>
  return { ...whole, ...order }
}

const close = (is: number | null, should: number | null): void => {
  if (should === null) expect(is).toBeNull()
  else expect(Math.abs((is ?? NaN) - should)).toBeLessThanOrEqual(Math.abs(should) * 1e-9)
}

function expectFigures(is: Figures, should: Figures): void {
  expect(is.count).toBe(should.count)
  for (const part of ['mean', 'median', 'min', 'max', 'p95'] as const) close(is[part], should[part])
}

async function expectAll(ticks: readonly Tick[], range: Range, slotMs: number): Promise<FleetFigures> {
  const query = FleetFiguresQuery.parse({ ...range, zone: 'utc' })
  const answer = FleetFigures.parse(await readFleetFigures(query, deps(), never))
  const db = sampleTable(ticks)
  try {
    for (const server of answer.servers) {
      const of = (metric: string): Figures =>
        figuresBySql(db, [server.serverId, 'server', '', metric], range, slotMs)
      for (const metric of ['cpuUsedRatio', 'memoryUsedRatio', 'netRxBytesPerSec', 'powerWatts'] as const)
        expectFigures(server[metric], of(metric))
      const minutes = db
        .prepare(
          'SELECT count(DISTINCT at_ms / 60000) FROM sample WHERE server = ? AND kind = ? AND at_ms >= ? AND at_ms < ?'
        )
        .pluck()
        .get(server.serverId, 'server', range.fromAtMs, range.toAtMs) as number
      close(server.coverageRatio, (minutes * 60_000) / (range.toAtMs - range.fromAtMs))
      const rx = of('netRxBytesPerSec').mean
      close(server.netRxBytes, rx === null ? null : rx * minutes * 60)
      const watts = of('powerWatts').mean
      close(server.energyWattHours, watts === null ? null : (watts * minutes) / 60)
      for (const gpu of server.gpus) {
        expectFigures(
          gpu.memoryFreeBytes,
          figuresBySql(db, [server.serverId, 'gpu', gpu.key, 'memoryFreeBytes'], range, slotMs)
        )
        close(gpu.idleOverFreeRatio, share(db, server.serverId, gpu.key, 'memoryFreeBytes', '> 8e9', range))
        close(gpu.idleUnderUsedRatio, share(db, server.serverId, gpu.key, 'memoryUsedRatio', '< 0.1', range))
      }
      close(server.gpuIdleOverFreeRatio, share(db, server.serverId, '%', 'memoryFreeBytes', '> 8e9', range))
      close(server.gpuIdleUnderUsedRatio, share(db, server.serverId, '%', 'memoryUsedRatio', '< 0.1', range))
    }
    return answer
  } finally {
    db.close()
  }
}

function share(
  db: BetterSqlite3.Database,
  server: string,
  key: string,
  metric: string,
  bound: string,
  { fromAtMs, toAtMs }: Range
): number | null {
  return db
    .prepare(
      `SELECT avg(value ${bound}) FROM sample
       WHERE server = ? AND kind = 'gpu' AND key LIKE ? AND metric = ? AND at_ms >= ? AND at_ms < ?`
    )
    .pluck()
    .get(server, key, metric, fromAtMs, toAtMs) as number | null
}

describe('the figures of a fleet', () => {
  it('of a day are what SQL says of the samples', async () => {
    const ticks = someTicks(START_MS, 26, 60_000)
    await appendAll(storage, ticks)
    const range = { fromAtMs: START_MS + 2 * HOUR_MS, toAtMs: START_MS + 26 * HOUR_MS }
    const answer = await expectAll(ticks, range, 1)
    expect(answer).toMatchObject({ level: 'raw', busiest: busy.id, idlest: idle.id })
    expect(answer.servers.map(({ name }) => name)).toEqual(['a-idle', 'b-busy', 'c-silent'])
    expect(answer.servers[0]).toMatchObject({ coverageRatio: 0.75, gpus: [], gpuIdleOverFreeRatio: null })
    expect(answer.servers[1]).toMatchObject({ uptimeSec: 5_000 + 26 * 3_600 - 60, memoryTotalBytes: 64e9 })
    expect(answer.servers[2]).toMatchObject({
      coverageRatio: 0,
      uptimeSec: null,
      netRxBytes: null,
      energyWattHours: null,
      cpuUsedRatio: { count: 0, mean: null }
    })
    // Nobody works at night.
    expect(answer.busiestHourOfDay).toBeGreaterThanOrEqual(9)
    expect(answer.busiestHourOfDay).toBeLessThan(17)
    expect(answer.busyHours).toHaveLength(24)
  })

  it('of more than two days are what SQL says, medians by the hour; also when the samples have gone', async () => {
    const ticks = someTicks(START_MS, 50, 60_000)
    await appendAll(storage, ticks)
    const range = { fromAtMs: START_MS + HOUR_MS / 2, toAtMs: START_MS + 49 * HOUR_MS }
    expect((await expectAll(ticks, range, HOUR_MS)).level).toBe('hour')
    await storage.history.applyRetention({ ...KEEP, rawDays: 1 }, START_MS + 3 * DAY_MS)
    expect((await expectAll(ticks, range, HOUR_MS)).level).toBe('hour')
  })

  it('of a range that is not over yet count what is still to come as nothing', async () => {
    await appendAll(storage, someTicks(START_MS, 2, 60_000))
    const query = FleetFiguresQuery.parse({ fromAtMs: START_MS, toAtMs: START_MS + 8 * HOUR_MS })
    const given = deps('utc', START_MS + 4 * HOUR_MS)
    const { servers } = await readFleetFigures(query, given, never)
    expect(servers.map(({ coverageRatio }) => coverageRatio)).toEqual([0.5, 0.5, 0])
  })

  it('are of the servers that were asked for', async () => {
    await appendAll(storage, someTicks(START_MS, 2, 60_000))
    const query = FleetFiguresQuery.parse({
      serverIds: [idle.id],
      fromAtMs: START_MS,
      toAtMs: START_MS + 2 * HOUR_MS
    })
    const answer = await readFleetFigures(query, deps(), never)
    expect(answer).toMatchObject({ busiest: idle.id, idlest: idle.id, servers: [{ serverId: idle.id }] })
  })

  it('take the bytes of whole days from the counters, where these reach back to the first value', async () => {
    const midnightMs = Math.floor(START_MS / DAY_MS) * DAY_MS
    await appendAll(storage, someTicks(midnightMs + HOUR_MS, 40, 60_000))
    const day = (name: string, on: string, total: number) => ({
      serverId: busy.id,
      kind: 'server' as const,
      key: '',
      name,
      day: on,
      total
    })
    await storage.history.addDayTotals([
      day('rxBytes', '2026-01-05', 1_000),
      day('rxBytes', '2026-01-06', 500),
      day('rxBytes', '2026-01-07', 7),
      day('txBytes', '2026-01-06', 3)
    ])
    const read = async (fromAtMs: number, toAtMs: number, given = deps()) => {
      const query = FleetFiguresQuery.parse({ serverIds: [busy.id], fromAtMs, toAtMs, zone: 'utc' })
      return (await readFleetFigures(query, given, never)).servers[0]
    }
    expect((await read(midnightMs, midnightMs + 2 * DAY_MS))?.netRxBytes).toBe(1_500)
    // Up to the present is the whole of today.
    const nowMs = midnightMs + DAY_MS + 16 * HOUR_MS
    expect((await read(midnightMs, nowMs + 1, deps('utc', nowMs)))?.netRxBytes).toBe(1_500)
    // No whole days, or days of other midnights: what the rates say.
    for (const [toAtMs, given] of [
      [midnightMs + 2 * DAY_MS - 1, deps()],
      [midnightMs + 2 * DAY_MS, deps('local')]
    ] as const) {
      const server = await read(midnightMs, toAtMs, given)
      const { mean } = server?.netRxBytesPerSec ?? { mean: null }
      expect(server?.netRxBytes).toBeCloseTo((mean ?? NaN) * 40 * 3_600, 3)
    }
  })
})
