/** A naive reading of ticks, for the tests to hold the answers of storage against. */
import { expect } from 'vitest'
import type { HistoryAnswer, HistoryLevel, HistoryQuery, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { metricDefinition } from '#contract/metric-catalogue.ts'
import type { Storage, Tick } from '../application/storage.ts'
import { tick } from './test-support.ts'

const HOUR_MS = 3_600_000
/** Retention that keeps all of a test. */
export const KEEP = { rawDays: 7, minuteDays: 90, hourDays: 1_825, budgetBytes: null }

/** A small generator that always gives the same numbers. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Ticks with missing values, slow lanes, VMs that come and go, and holes. */
export function someTicks(serverId: ServerId, fromMs: number, count: number, intervalMs: number): Tick[] {
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

export const scaled = (series: SeriesRef, metric: string, value: number): number => {
  const scale = metricDefinition(series.entity.kind, metric)?.scale ?? 1
  return Math.round(value * scale) / scale
}

/** Samples of one metric within a range, as they were appended. */
export function samples(
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

export const SPAN_MS: Record<HistoryLevel, number> = {
  raw: 1,
  minute: 60_000,
  hour: HOUR_MS,
  day: 24 * HOUR_MS
}

/** Every sample of the range is in the answer once, in the right bucket, and nothing else is. */
export function expectFaithful(answer: HistoryAnswer, query: HistoryQuery, ticks: readonly Tick[]): void {
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

export function ref(serverId: ServerId, ...metrics: string[]): SeriesRef {
  return { entity: { serverId, kind: 'server', key: '' }, metrics }
}

export async function appendAll(storage: Storage, ticks: readonly Tick[]): Promise<void> {
  const appended = ticks.map((one) => storage.history.append(one))
  await storage.history.flush()
  await Promise.all(appended)
}
