import { describe, expect, it } from 'vitest'
import type { EntityRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { SeriesId } from './choice.ts'
import { commonMetric, nameText, seriesName, shortened, type SeriesWords } from './series-words.ts'

const words: SeriesWords = {
  metric: ({ metric }) => metric.toUpperCase(),
  entity: ({ serverId, key }) => (key === '' ? serverId : key),
  server: ({ serverId }) => serverId
}
const entity = (server: string, kind: EntityRef['kind'] = 'server', key = ''): EntityRef => ({
  serverId: server as ServerId,
  kind,
  key
})
const names = (...all: SeriesId[]) => all.map((series) => nameText(seriesName(series, all, words)))
const cpu = (of: EntityRef): SeriesId => ({ entity: of, metric: 'cpu' })
const load = (of: EntityRef): SeriesId => ({ entity: of, metric: 'load' })

describe('names of series', () => {
  it('are of the metric alone on one server, of the server alone by one metric, of both else', () => {
    expect(names(cpu(entity('alpha')), load(entity('alpha')))).toEqual(['CPU', 'LOAD'])
    expect(names(cpu(entity('alpha')), cpu(entity('bravo')))).toEqual(['alpha', 'bravo'])
    expect(names(cpu(entity('alpha')), load(entity('bravo')))).toEqual(['alpha · CPU', 'bravo · LOAD'])
  })

  it('say which server a disk is of, where there are several', () => {
    expect(names(cpu(entity('alpha', 'disk', 'sda')), cpu(entity('bravo', 'disk', 'sda')))).toEqual([
      'alpha / sda',
      'bravo / sda'
    ])
    expect(names(cpu(entity('alpha', 'disk', 'sda')), load(entity('alpha')))).toEqual([
      'sda · CPU',
      'alpha · LOAD'
    ])
  })

  it('never hide both parts: of one metric of one server there is the metric', () => {
    expect(names(cpu(entity('alpha')))).toEqual(['CPU'])
  })

  it('leave out the middle of a long name, where servers differ least, whole characters at a time', () => {
    expect(shortened('web-front-eu-central-frankfurt-rack-07-unit-03', 20)).toBe('web-front-…7-unit-03')
    expect([...shortened('存储-节点-一二三四五六七八九十-𠀀07', 11)]).toHaveLength(11)
    expect(shortened('short', 11)).toBe('short')
  })

  it('tell what all have in common', () => {
    expect(commonMetric([cpu(entity('alpha')), cpu(entity('bravo'))], words)).toBe('CPU')
    expect(commonMetric([cpu(entity('alpha'))], words)).toBe('')
    expect(commonMetric([cpu(entity('alpha')), load(entity('bravo'))], words)).toBe('')
  })
})
