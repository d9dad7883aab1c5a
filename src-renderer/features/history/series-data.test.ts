import type { HistoryAnswer, LiveTick } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { describe, expect, it } from 'vitest'
import { appendTick, fromAnswer, newestOf, seriesKey } from './series-data.ts'

const serverId = '11111111-1111-4111-8111-111111111111' as ServerId
const entity = { serverId, kind: 'server' as const, key: '' }
const CPU = seriesKey('server', '', 'cpuUsedRatio')

const answer = (change: Partial<HistoryAnswer> = {}): HistoryAnswer => ({
  level: 'raw',
  bucketMs: 5_000,
  atMs: [10_000, 15_000],
  series: [{ entity, metric: 'cpuUsedRatio', mean: [0.1, 0.2], min: [], max: [] }],
  gaps: [],
  ...change
})
const tick = (atMs: number, values: Record<string, number>): LiveTick => ({
  serverId,
  atMs,
  entities: [{ kind: 'server', key: '', values }]
})

describe('raw data', () => {
  it('goes on with each tick, and leaves out what was part of the read', () => {
    const data = fromAnswer(answer())
    appendTick(data, tick(15_000, { cpuUsedRatio: 0.9 }), 0)
    appendTick(data, tick(20_000, { cpuUsedRatio: 0.3, load1: 2 }), 0)
    expect(data.atMs).toEqual([10_000, 15_000, 20_000])
    expect(data.columns.get(CPU)?.mean).toEqual([0.1, 0.2, 0.3])
  })

  it('keeps a metric that could not be had as missing, never 0', () => {
    const data = fromAnswer(answer())
    appendTick(data, tick(20_000, {}), 0)
    expect(data.columns.get(CPU)?.mean.at(-1)).toBeNull()
    expect(newestOf(data, CPU)).toEqual({ value: 0.2, atMs: 15_000 })
  })

  it('does not grow for ever', () => {
    const data = fromAnswer(answer())
    for (let atMs = 20_000; atMs < 20_000 + 10_000 * 5_000; atMs += 5_000)
      appendTick(data, tick(atMs, { cpuUsedRatio: 0.5 }), atMs - 900_000)
    expect(data.atMs.length).toBeLessThan(180 + 40)
    expect(data.columns.get(CPU)?.mean.length).toBe(data.atMs.length)
  })
})

describe('data in buckets', () => {
  const hourly = (): HistoryAnswer =>
    answer({
      level: 'minute',
      bucketMs: 60_000,
      atMs: [60_000],
      series: [{ entity, metric: 'cpuUsedRatio', mean: [0.2], min: [0.1], max: [0.9] }]
    })

  it('merges ticks of one bucket, so that a peak stays', () => {
    const data = fromAnswer(hourly())
    for (const [atMs, value] of [
      [120_000, 0.2],
      [125_000, 0.8],
      [130_000, 0.5]
    ] as const)
      appendTick(data, tick(atMs, { cpuUsedRatio: value }), 0)
    const column = data.columns.get(CPU)
    expect(data.atMs).toEqual([60_000, 120_000])
    expect(column?.mean.at(-1)).toBeCloseTo(0.5)
    expect(column?.min.at(-1)).toBe(0.2)
    expect(column?.max.at(-1)).toBe(0.8)
  })

  it('tells the newest sample, not the mean of its bucket', () => {
    const data = fromAnswer(hourly())
    expect(newestOf(data, CPU)).toEqual({ value: 0.2, atMs: 120_000 })
    appendTick(data, tick(120_000, { cpuUsedRatio: 0.2 }), 0)
    appendTick(data, tick(125_000, { cpuUsedRatio: 0.8 }), 0)
    expect(newestOf(data, CPU)).toEqual({ value: 0.8, atMs: 125_000 })
  })

  it('gives a metric of one sample a bucket its own value as bounds', () => {
    const mixed = hourly()
    mixed.series.push({ entity, metric: 'load1', mean: [2], min: [], max: [] })
    expect(fromAnswer(mixed).columns.get(seriesKey('server', '', 'load1'))?.max).toEqual([2])
  })
})
