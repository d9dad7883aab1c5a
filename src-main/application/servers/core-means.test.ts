import { describe, expect, it } from 'vitest'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import { CoreMeans } from './core-means.ts'

const server: EntityValues<'server'> = { kind: 'server', key: '', values: { load1: 1 } }
const core = (cpuUsedRatio: number | null, key = '0'): EntityValues<'core'> => ({
  kind: 'core',
  key,
  values: cpuUsedRatio === null ? {} : { cpuUsedRatio }
})
const kept = (entities: readonly EntityValues[]) => entities.filter(({ kind }) => kind === 'core')

describe('CPU threads in the history', () => {
  it('are kept every 30 s as the mean over that time; everything else at each tick', () => {
    const means = new CoreMeans()
    const written: { atMs: number; value: number }[] = []
    for (let step = 0; step <= 30; step++) {
      const entities = means.keep(step * 5_000, [server, core(step % 2 === 0 ? 0.2 : 0.6), core(0.1, '1')])
      expect(entities[0]).toEqual(server)
      for (const { key, values } of kept(entities))
        if (key === '0')
          written.push({ atMs: step * 5_000, value: (values as { cpuUsedRatio: number }).cpuUsedRatio })
    }
    expect(written.map(({ atMs }) => atMs)).toEqual([30_000, 60_000, 90_000, 120_000, 150_000])
    for (const { value } of written.slice(1)) expect(value).toBeCloseTo(0.4, 9)
  })

  it('a value stands for the time since the tick before', () => {
    const means = new CoreMeans()
    means.keep(0, [core(null)])
    means.keep(20_000, [core(0.9)])
    expect(kept(means.keep(30_000, [core(0.3)]))).toEqual([core((0.9 * 20 + 0.3 * 10) / 30)])
  })

  it('threads without a value are not made up; a clock that goes back begins anew', () => {
    const means = new CoreMeans()
    means.keep(100_000, [core(null), core(0.5, '1')])
    expect(kept(means.keep(40_000, [core(null), core(0.7, '1')])).map(({ key }) => key)).toEqual(['1'])
  })

  it('a tick without threads passes as it is', () => {
    const tick = [server]
    expect(new CoreMeans().keep(0, tick)).toBe(tick)
  })
})
