import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { metricDefinition } from '#contract/metric-catalogue.ts'
import type { Storage, Tick } from '../application/storage.ts'
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
}

function viewRows(level: 'minute' | 'hour'): Map<string, ViewRow> {
  const db = new BetterSqlite3(join(folder, 'history.sqlite'), { readonly: true })
  try {
    const rows = db.prepare<[], ViewRow>(`SELECT * FROM ${level}_rollup`).all()
    return new Map(
      rows.map((row) => [`${row.server_id} ${row.kind} ${row.key} ${row.metric} ${row.at_ms}`, row])
    )
  } finally {
    db.close()
  }
}

/** What the views must hold, computed from the ticks one by one. */
function recomputed(ticks: readonly Tick[], spanMs: number): Map<string, Omit<ViewRow, 'unit'>> {
  const rows = new Map<string, Omit<ViewRow, 'unit'> & { sum: number }>()
  for (const { serverId, atMs, entities } of ticks) {
    for (const { kind, key, values } of entities) {
      for (const [metric, value] of Object.entries(values)) {
        const kept = scaled({ entity: { serverId, kind, key }, metrics: [] }, metric, value)
        const at_ms = Math.floor(atMs / spanMs) * spanMs
        const name = `${serverId} ${kind} ${key} ${metric} ${at_ms}`
        const before = rows.get(name)
        if (before === undefined) {
          const all = { min: kept, mean: kept, max: kept, sum: kept, count: 1 }
          rows.set(name, { server_id: serverId, kind, key, metric, at_ms, ...all })
          continue
        }
        before.min = Math.min(before.min, kept)
        before.max = Math.max(before.max, kept)
        before.sum += kept
        before.count++
        before.mean = before.sum / before.count
      }
    }
  }
  return rows
}

function expectRollups(ticks: readonly Tick[]): void {
  for (const level of ['minute', 'hour'] as const) {
    const views = viewRows(level)
    const wanted = recomputed(ticks, SPAN_MS[level])
    expect([...views.keys()].toSorted()).toEqual([...wanted.keys()].toSorted())
    for (const [name, row] of wanted) {
      const view = views.get(name)
      const { min, max, count } = row
      expect([name, view?.min, view?.max, view?.count]).toEqual([name, min, max, count])
      expect((view?.mean ?? NaN) / (row.mean || 1)).toBeCloseTo(row.mean === 0 ? 0 : 1, 9)
      expect(view?.unit).toBe(metricDefinition(row.kind as 'server', row.metric)?.unit)
    }
  }
}

describe('rollups', () => {
  it('equal what can be computed again from raw, also over a restart within a minute and with late ticks', async () => {
    const serverId = newServerId()
    const ticks = someTicks(serverId, START_MS + 17_000, 1_500, 5_000)
    const late = ticks.splice(100, 40)
    await appendAll(storage, ticks.slice(0, 1_003))
    await storage.close()
    storage = await openAt(folder, START_MS + 2 * HOUR_MS)
    await appendAll(storage, ticks.slice(1_003))
    await storage.history.applyRetention(KEEP, START_MS + 6 * HOUR_MS)
    expectRollups(ticks)
    // The hour is sealed already; ticks for it open it again.
    await appendAll(storage, late)
    // Charts know the late ticks before their hour is sealed again.
    for (const maxPoints of [2, 100]) {
      const series = [ref(serverId, 'cpuUsedRatio')]
      const query = { series, fromAtMs: START_MS, toAtMs: START_MS + 3 * HOUR_MS, maxPoints }
      const answer = await storage.history.read(query, never)
      expect(answer.level).toBe(maxPoints === 2 ? 'hour' : 'minute')
      expectFaithful(answer, query, [...ticks, ...late])
    }
    await storage.history.applyRetention(KEEP, START_MS + 6 * HOUR_MS)
    expectRollups([...ticks, ...late])
  })
})

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
    for (const level of ['raw', 'minute', 'hour'] as const) {
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
      series: [ref(serverId, 'load1')],
      fromAtMs: START_MS,
      toAtMs: START_MS + 9 * HOUR_MS,
      level: 'raw' as const
    }
    let batches = 0
    for await (const batch of storage.history.rows(query, never)) {
      expect(batch.width).toBe(1)
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
