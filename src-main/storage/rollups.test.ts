import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { metricDefinition } from '#contract/metric-catalogue.ts'
import type { Storage, Tick } from '../application/storage.ts'
import type { RollupLevel } from './samples/keys.ts'
import { appendAll, expectFaithful, KEEP, ref, samples, scaled, someTicks, SPAN_MS } from './test-naive.ts'
import { openAt } from './test-open.ts'
import { makeTemporaryFolder, never, newServerId, removeFolder, START_MS } from './test-support.ts'

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

interface ViewRow {
  server_id: string
  kind: string
  key: string
  metric: string
  unit: string
  at_ms: number
  min: number
  mean: number
  max: number
  count: number
  median?: number
  p95?: number
}

const nameOf = (row: ViewRow): string => `${row.server_id} ${row.kind} ${row.key} ${row.metric} ${row.at_ms}`

function viewRows(level: RollupLevel): Map<string, ViewRow> {
  const db = new BetterSqlite3(join(folder, 'history.sqlite'), { readonly: true })
  try {
    const rows = db.prepare<[], ViewRow>(`SELECT * FROM ${level}_rollup`).all()
    return new Map(rows.map((row) => [nameOf(row), row]))
  } finally {
    db.close()
  }
}

/** What the views must hold, computed by SQL alone from the samples as they were appended. */
function recomputed(ticks: readonly Tick[], spanMs: number): Map<string, ViewRow> {
  const db = new BetterSqlite3(':memory:')
  try {
    db.exec(
      'CREATE TABLE sample (server_id TEXT, kind TEXT, key TEXT, metric TEXT, at_ms INTEGER, value REAL)'
    )
    const insert = db.prepare('INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?)')
    const fill = db.transaction(() => {
      for (const { serverId, atMs, entities } of ticks) {
        for (const { kind, key, values } of entities) {
          const series = { entity: { serverId, kind, key }, metrics: [] }
          for (const [metric, value] of Object.entries(values))
            insert.run(serverId, kind, key, metric, atMs, scaled(series, metric, value))
        }
      }
    })
    fill()
    const rows = db
      .prepare<[number, number], ViewRow>(
        `WITH slotted AS (SELECT *, at_ms / CAST(? AS INTEGER) * CAST(? AS INTEGER) AS slot_ms FROM sample),
           ranked AS (
             SELECT *, row_number() OVER slot_values AS place, count(*) OVER slot AS places
             FROM slotted
             WINDOW slot AS (PARTITION BY server_id, kind, key, metric, slot_ms),
               slot_values AS (PARTITION BY server_id, kind, key, metric, slot_ms ORDER BY value)
           )
         SELECT server_id, kind, key, metric, slot_ms AS at_ms, min(value) AS min, avg(value) AS mean,
           max(value) AS max, count(*) AS count,
           avg(value) FILTER (WHERE place IN ((places + 1) / 2, (places + 2) / 2)) AS median,
           max(value) FILTER (WHERE place = (places * 95 + 99) / 100) AS p95
         FROM ranked GROUP BY server_id, kind, key, metric, slot_ms`
      )
      .all(spanMs, spanMs)
    return new Map(rows.map((row) => [nameOf(row), row]))
  } finally {
    db.close()
  }
}

function expectRollups(level: RollupLevel, ticks: readonly Tick[]): void {
  const views = viewRows(level)
  const wanted = recomputed(ticks, SPAN_MS[level])
  expect([...views.keys()].toSorted()).toEqual([...wanted.keys()].toSorted())
  for (const [name, row] of wanted) {
    const view = views.get(name)
    expect([name, view?.count]).toEqual([name, row.count])
    expect(view?.unit).toBe(metricDefinition(row.kind as 'server', row.metric)?.unit)
    const parts = level === 'minute' ? (['min', 'max', 'mean'] as const) : WHOLE
    for (const part of parts) {
      const [is, should] = [view?.[part] ?? NaN, row[part] ?? NaN]
      expect([name, part, Math.abs(is - should) <= Math.abs(should) * 1e-12]).toEqual([name, part, true])
    }
  }
}

const WHOLE = ['min', 'max', 'mean', 'median', 'p95'] as const

describe('rollups', () => {
  it('equal what SQL computes again from the samples, also over a restart and with late ticks', async () => {
    const serverId = newServerId()
    const ticks = someTicks(serverId, START_MS + 17_000, 1_500, 5_000)
    const late = ticks.splice(100, 40)
    await appendAll(storage, ticks.slice(0, 1_003))
    await storage.close()
    storage = await openAt(folder, START_MS + 2 * HOUR_MS)
    await appendAll(storage, ticks.slice(1_003))
    await storage.history.applyRetention(KEEP, START_MS + 24 * HOUR_MS)
    expectRollups('hour', ticks)
    expectRollups('day', ticks)
    const expectCharts = async (all: readonly Tick[]): Promise<void> => {
      for (const maxPoints of [2, 100]) {
        const series = [ref(serverId, 'cpuUsedRatio')]
        const query = { series, fromAtMs: START_MS, toAtMs: START_MS + 3 * HOUR_MS, maxPoints }
        const answer = await storage.history.read(query, never)
        expect(answer.level).toBe(maxPoints === 2 ? 'hour' : 'minute')
        expectFaithful(answer, query, all)
      }
    }
    await expectCharts(ticks)
    // The hour is sealed already; ticks for it open it again.
    await appendAll(storage, late)
    // Charts know the late ticks before their hour is sealed again, and after it.
    await expectCharts([...ticks, ...late])
    await storage.history.applyRetention(KEEP, START_MS + 24 * HOUR_MS)
    await expectCharts([...ticks, ...late])
    expectRollups('hour', [...ticks, ...late])
    expectRollups('day', [...ticks, ...late])
    // A late tick that comes twice is refused, wherever the first one is by now.
    await expect(storage.history.append(late[3] ?? raise())).rejects.toMatchObject({ code: 'conflict' })
  })

  it('of minutes take the place of the samples when these go, and charts show the same', async () => {
    const serverId = newServerId()
    const ticks = someTicks(serverId, START_MS + 17_000, 2_200, 5_000)
    await appendAll(storage, ticks)
    const series = [ref(serverId, 'cpuUsedRatio', 'load1', 'memoryTotalBytes')]
    const query = { series, fromAtMs: START_MS, toAtMs: START_MS + 4 * HOUR_MS, maxPoints: 300 }
    const before = await storage.history.read(query, never)
    expect(before.level).toBe('minute')
    expectFaithful(before, query, ticks)
    expect(viewRows('minute').size).toBe(0)
    // Half of the hours go, then all.
    for (const hours of [25, 40]) {
      const keep = { ...KEEP, rawDays: 1 }
      await storage.history.applyRetention(keep, START_MS + hours * HOUR_MS)
      const gone = ticks.filter((one) => one.atMs < START_MS + (hours - 24) * HOUR_MS)
      expectRollups('minute', gone)
      expect(await storage.history.read(query, never)).toEqual(before)
    }
  })
})

function raise(): never {
  throw new Error('no such tick')
}

describe('rows for exports', () => {
  it('are all there, in order, at each level', async () => {
    const [first, second] = [newServerId(), newServerId()]
    const ticks = [
      ...someTicks(first, START_MS, 1_600, 5_000),
      ...someTicks(second, START_MS + 777, 100, 60_000)
    ].toSorted((a, b) => a.atMs - b.atMs)
    await appendAll(storage, ticks)
    const series = [ref(first, 'cpuUsedRatio', 'load1'), ref(second, 'load1')]
    const range = { fromAtMs: START_MS, toAtMs: START_MS + 3 * HOUR_MS }
    for (const level of ['raw', 'minute', 'hour', 'day'] as const) {
      const span = SPAN_MS[level]
      const table = new Map<number, number[]>()
      for await (const { atMs, values, width } of storage.history.rows({ series, ...range, level }, never)) {
        for (const [index, at] of atMs.entries())
          table.set(at, [...values.subarray(index * width, (index + 1) * width)])
      }
      const times = [...table.keys()]
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      const holdsAny = (one: Tick): boolean =>
        series.some((ref) =>
          ref.metrics.some((metric) => samples([one], ref, metric, 0, Infinity).length > 0)
        )
      const wanted = new Set(ticks.filter(holdsAny).map((one) => Math.floor(one.atMs / span) * span))
      expect(times).toEqual([...wanted].toSorted((a, b) => a - b))
      for (const [at, row] of table) {
        const columns = series.flatMap((one) =>
          one.metrics.flatMap((metric) => {
            const here = samples(ticks, one, metric, at, at + span)
            if (here.length === 0) return level === 'raw' ? [NaN] : [NaN, NaN, NaN]
            const mean = here.reduce((sum, value) => sum + value, 0) / here.length
            return level === 'raw' ? [mean] : [mean, Math.min(...here), Math.max(...here)]
          })
        )
        expect(row).toHaveLength(columns.length)
        for (const [index, value] of row.entries()) {
          if (Number.isNaN(columns[index])) expect(value).toBeNaN()
          else expect(value).toBeCloseTo(columns[index] ?? NaN, 9)
        }
      }
    }
  })

  it('stop when the reader stops', async () => {
    const serverId = newServerId()
    await appendAll(storage, someTicks(serverId, START_MS, 2_000, 5_000))
    const query = {
      // Wide, so that they come in several batches.
      series: Array.from({ length: 24 }, () => ref(serverId, 'load1')),
      fromAtMs: START_MS,
      toAtMs: START_MS + 9 * HOUR_MS,
      level: 'raw' as const
    }
    let batches = 0
    for await (const batch of storage.history.rows(query, never)) {
      expect(batch.width).toBe(24)
      batches++
      break
    }
    expect(batches).toBe(1)
    const stop = new AbortController()
    const reading = async (): Promise<void> => {
      for await (const _ of storage.history.rows(query, stop.signal)) stop.abort()
    }
    await expect(reading()).rejects.toMatchObject({ code: 'cancelled' })
  })
})
