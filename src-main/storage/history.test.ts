import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HistoryAnswer, HistoryLevel, HistoryQuery, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { metricDefinition } from '#contract/metric-catalogue.ts'
import type { Storage, Tick } from '../application/storage.ts'
import {
  makeTemporaryFolder,
  never,
  newServerId,
  openAt,
  removeFolder,
  START_MS,
  tick
} from './test-support.ts'

const HOUR_MS = 3_600_000
const KEEP = { rawDays: 7, minuteDays: 90, hourDays: 1_825 }

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

/** A small generator that always gives the same numbers. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Ticks with missing values, slow lanes, VMs that come and go, and holes. */
function someTicks(serverId: ServerId, fromMs: number, count: number, intervalMs: number): Tick[] {
  const next = random(count + intervalMs)
  const ticks: Tick[] = []
  for (let index = 0; index < count; index++) {
    if (index % 97 > 90) continue
    const atMs = fromMs + index * intervalMs + Math.floor(next() * 700)
    const vm = { cpuUsedRatio: next(), memoryUsedBytes: Math.floor(next() * 2 ** 34) }
    ticks.push(
      tick(serverId, atMs, [
        {
          kind: 'server',
          key: '',
          values: {
            cpuUsedRatio: next(),
            memoryTotalBytes: 2 ** 36,
            ...(next() < 0.8 ? { load1: next() * 20 } : {}),
            ...(index % 12 === 0 ? { diskUsedBytes: Math.floor(next() * 1e13) } : {})
          }
        },
        ...(index % 50 < 30 ? [{ kind: 'vm' as const, key: 'vm-1', values: vm }] : [])
      ])
    )
  }
  return ticks
}

async function appendAll(ticks: readonly Tick[]): Promise<void> {
  await Promise.all(ticks.map((one) => storage.history.append(one)))
}

const scaled = (series: SeriesRef, metric: string, value: number): number => {
  const scale = metricDefinition(series.entity.kind, metric)?.scale ?? 1
  return Math.round(value * scale) / scale
}

/** Samples of one metric within a range, as they were appended. */
function samples(
  ticks: readonly Tick[],
  series: SeriesRef,
  metric: string,
  fromMs: number,
  toMs: number
): number[] {
  return ticks.flatMap((one) => {
    if (one.serverId !== series.entity.serverId || one.atMs < fromMs || one.atMs >= toMs) return []
    return one.entities.flatMap((entity) => {
      if (entity.kind !== series.entity.kind || entity.key !== series.entity.key) return []
      const values: Record<string, number | undefined> = entity.values
      const value = values[metric]
      return value === undefined ? [] : [scaled(series, metric, value)]
    })
  })
}

const SPAN_MS: Record<HistoryLevel, number> = { raw: 1, minute: 60_000, hour: HOUR_MS }

/** Every sample of the range is in the answer once, in the right bucket, and nothing else is. */
function expectFaithful(answer: HistoryAnswer, query: HistoryQuery, ticks: readonly Tick[]): void {
  const { atMs, bucketMs } = answer
  expect(atMs.length).toBeLessThanOrEqual(query.maxPoints)
  expect(atMs).toEqual(atMs.toSorted((a, b) => a - b))
  const span = SPAN_MS[answer.level]
  const from = Math.floor(query.fromAtMs / span) * span
  const to = Math.ceil(query.toAtMs / span) * span
  const refs = query.series.flatMap((series) => series.metrics.map((metric) => ({ series, metric })))
  const ownTimes = answer.level === 'raw' && atMs.some((at) => ticks.some((one) => one.atMs === at))
  for (const [index, { series, metric }] of refs.entries()) {
    const column = answer.series[index]
    expect(column).toMatchObject({ entity: series.entity, metric, mean: { length: atMs.length } })
    if (column === undefined) continue
    let found = 0
    for (const [bucket, at] of atMs.entries()) {
      const end = ownTimes && atMs[bucket + 1] !== undefined ? (atMs[bucket + 1] ?? 0) : at + bucketMs
      const here = samples(ticks, series, metric, Math.max(from, at), Math.min(to, Math.max(end, at + 1)))
      found += here.length
      const mean = column.mean[bucket]
      if (here.length === 0) {
        expect(mean).toBeNull()
        continue
      }
      expect(mean).toBeCloseTo(here.reduce((sum, value) => sum + value, 0) / here.length, 4)
      if (column.min.length === 0) expect(here).toHaveLength(1)
      else expect([column.min[bucket], column.max[bucket]]).toEqual([Math.min(...here), Math.max(...here)])
    }
    expect(found).toBe(samples(ticks, series, metric, from, to).length)
  }
}

function ref(serverId: ServerId, ...metrics: string[]): SeriesRef {
  return { entity: { serverId, kind: 'server', key: '' }, metrics }
}

describe('reads', () => {
  it('keep every sample, peak and hole at any range and width', async () => {
    const [first, second] = [newServerId(), newServerId()]
    const ticks = [
      ...someTicks(first, START_MS, 2_200, 5_000),
      ...someTicks(second, START_MS + 333, 300, 30_000)
    ].toSorted((a, b) => a.atMs - b.atMs)
    // A third of it before a restart, so that it is read from the disk; the rest with an open hour in memory.
    await appendAll(ticks.slice(0, 800))
    await storage.close()
    storage = await openAt(folder, START_MS + 2 * HOUR_MS)
    await appendAll(ticks.slice(800))
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

  it('choose the level by range and width', async () => {
    const serverId = newServerId()
    await appendAll(
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
        Array.from({ length: 5_000 }, (_, index) =>
          tick(serverId, START_MS + (from + index) * 2_000, [
            { kind: 'server', key: '', values: { load1: index % 100, cpuUsedRatio: (index % 1_000) / 1_000 } }
          ])
        )
      )
    }
    const endMs = START_MS + count * 2_000
    const order: string[] = []
    const long = storage.history
      .read(
        {
          series: [ref(serverId, 'load1', 'cpuUsedRatio')],
          fromAtMs: START_MS,
          toAtMs: endMs,
          maxPoints: 20_000
        },
        never
      )
      .then(() => order.push('long'))
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
    await Promise.all([long, live, commit])
    expect(order.at(-1)).toBe('long')
  })
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
    await appendAll(ticks.slice(0, 1_003))
    await storage.close()
    storage = await openAt(folder, START_MS + 2 * HOUR_MS)
    await appendAll(ticks.slice(1_003))
    await storage.history.applyRetention(KEEP, START_MS + 6 * HOUR_MS)
    expectRollups(ticks)
    // The hour is sealed already; ticks for it open it again.
    await appendAll(late)
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
    await appendAll(ticks)
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
    await appendAll(someTicks(serverId, START_MS, 2_000, 5_000))
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

describe('gaps', () => {
  const query = (serverId: ServerId) => ({
    series: [ref(serverId, 'load1')],
    fromAtMs: START_MS - HOUR_MS,
    toAtMs: START_MS + 24 * HOUR_MS,
    maxPoints: 100
  })
  const gapsOf = async (serverId: ServerId) =>
    (await storage.history.read(query(serverId), never)).gaps.map((gap) => [
      gap.fromAtMs - START_MS,
      gap.toAtMs === null ? null : gap.toAtMs - START_MS,
      gap.reason
    ])
  const at = (serverId: ServerId, afterMs: number) =>
    storage.history.append(
      tick(serverId, START_MS + afterMs, [{ kind: 'server', key: '', values: { load1: 1 } }])
    )

  it('open once, change their reason and close', async () => {
    const serverId = newServerId()
    await at(serverId, 0)
    await storage.history.beginGap(serverId, START_MS, 'linkLost')
    await storage.history.beginGap(serverId, START_MS + 9_000, 'linkLost')
    expect(await gapsOf(serverId)).toEqual([[0, null, 'linkLost']])
    await storage.history.beginGap(serverId, START_MS + 9_000, 'serverOff')
    await storage.history.endGap(serverId, START_MS + 60_000)
    await storage.history.endGap(serverId, START_MS + 70_000)
    expect(await gapsOf(serverId)).toEqual([[0, 60_000, 'serverOff']])
  })

  it('tell for how long the console was closed, and what was before and after it', async () => {
    const [quick, gone, off] = [newServerId(), newServerId(), newServerId()]
    for (const serverId of [quick, gone, off]) {
      await at(serverId, 0)
      await at(serverId, 5_000)
    }
    await storage.history.beginGap(off, START_MS + 5_000, 'linkLost')
    await storage.close()
    storage = await openAt(folder, START_MS + HOUR_MS)
    // A restart between two ticks is no gap; an hour is.
    await at(quick, 12_000)
    await at(gone, HOUR_MS + 5_000)
    await storage.history.beginGap(off, START_MS + 5_000, 'serverOff')
    expect(await gapsOf(quick)).toEqual([])
    expect(await gapsOf(gone)).toEqual([[5_000, HOUR_MS + 5_000, 'consoleClosed']])
    const [closed, since] = await gapsOf(off)
    const openedAfterMs = Number(closed?.[1])
    expect(closed).toEqual([5_000, openedAfterMs, 'consoleClosed'])
    expect(since).toEqual([openedAfterMs, null, 'serverOff'])
    expect(openedAfterMs).toBeGreaterThanOrEqual(HOUR_MS)
    expect(openedAfterMs).toBeLessThan(HOUR_MS + 60_000)
  })
})

describe('entities', () => {
  it('with hostile names harm nobody', async () => {
    const serverId = newServerId()
    const keys = [
      'a\ud800',
      'a\udfff',
      "'; DROP TABLE tail; --",
      'nul\0nul',
      '-H',
      '$(id)',
      '\n',
      'x'.repeat(5_000)
    ]
    const vms = keys.map((key, index) => ({
      kind: 'vm' as const,
      key,
      values: { memoryUsedBytes: index, cpuUsedRatio: 0.5 }
    }))
    for (const afterMs of [0, 5_000]) {
      await storage.history.append({
        ...tick(serverId, START_MS + afterMs, vms),
        labels: vms.map(({ key }) => ({ kind: 'vm', key, label: `${key}\ud800` }))
      })
      await storage.close()
      storage = await openAt(folder, START_MS + 10_000)
    }
    const known = await storage.history.entities(serverId)
    expect(known.map((entity) => entity.entity.key)).toEqual(['a\ufffd', ...keys.slice(2, -1)])
    const series = keys
      .slice(2, -1)
      .map((key) => ({ entity: { serverId, kind: 'vm' as const, key }, metrics: ['memoryUsedBytes'] }))
    const query = { series, fromAtMs: START_MS, toAtMs: START_MS + 6_000, maxPoints: 9 }
    const answer = await storage.history.read(query, never)
    expect(answer.series.map((one) => one.mean)).toEqual([2, 3, 4, 5, 6].map((value) => [value, value]))
  })

  it('carry their newest label and the times they were seen, over a restart too', async () => {
    const serverId = newServerId()
    const vm = (afterMs: number, label: string): Tick => ({
      serverId,
      atMs: START_MS + afterMs,
      entities: [{ kind: 'vm', key: 'uuid-1', values: { cpuUsedRatio: 0 } }],
      labels: [{ kind: 'vm', key: 'uuid-1', label }]
    })
    await storage.history.append(vm(0, 'web'))
    await storage.history.append(vm(5_000, 'web-renamed'))
    await storage.close()
    storage = await openAt(folder)
    expect(await storage.history.entities(serverId)).toEqual([
      {
        entity: { serverId, kind: 'vm', key: 'uuid-1' },
        label: 'web-renamed',
        firstAtMs: START_MS,
        lastAtMs: START_MS + 5_000
      }
    ])
  })
})
