import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EntityRef } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { METRICS, type EntityKind } from '#contract/metric-catalogue.ts'
import {
  choose,
  chosenKey,
  columnsOf,
  decodeChoice,
  decodeChosen,
  encodeChosen,
  groupedSeries,
  MOST_SERIES,
  type SeriesId,
  type Subject
} from './choice.ts'

const ALPHA = '11111111-1111-4111-8111-111111111111' as ServerId
const BRAVO = '22222222-2222-4222-8222-222222222222' as ServerId
const VM = 'aaaaaaaa-0000-4000-8000-000000000001' as VmUuid
const server = (serverId: ServerId): EntityRef => ({ serverId, kind: 'server', key: '' })
const series = (metric: string, entity: EntityRef = server(ALPHA)): SeriesId => ({ entity, metric })
const page: Subject = { serverId: ALPHA, vmUuid: null }
const colours = (list: readonly { metric: string; colour: number }[]) =>
  Object.fromEntries(list.map(({ metric, colour }) => [metric, colour]))

describe('choose', () => {
  const three = choose([], [series('cpuUsedRatio'), series('load1'), series('netRxBytesPerSec')])

  it('gives each series a colour of its own', () => {
    expect(colours(three)).toEqual({ cpuUsedRatio: 0, load1: 1, netRxBytesPerSec: 2 })
  })

  it('lets the others keep theirs when one goes, and gives the free one to the next that comes', () => {
    const two = choose(three, [three[0] ?? series(''), three[2] ?? series('')])
    expect(colours(two)).toEqual({ cpuUsedRatio: 0, netRxBytesPerSec: 2 })
    const again = choose(two, [...two, series('load5')])
    expect(colours(again)).toEqual({ cpuUsedRatio: 0, netRxBytesPerSec: 2, load5: 1 })
  })

  it('tells the same metric of two servers apart, and takes no series twice', () => {
    const both = choose(three, [...three, series('load1', server(BRAVO)), series('load1')])
    expect(both).toHaveLength(4)
    expect(new Set(both.map(({ colour }) => colour)).size).toBe(4)
  })

  it('stops at as many lines as can be read', () => {
    const all = Object.keys(METRICS.server).map((metric) => series(metric))
    expect(choose([], all)).toHaveLength(MOST_SERIES)
  })
})

describe('the text of a choice', () => {
  const anySeries = fc.constantFrom<EntityKind>('server', 'disk', 'interface', 'mount', 'vm').chain((kind) =>
    fc.record({
      entity: fc.record({
        serverId: fc.constantFrom(ALPHA, BRAVO),
        kind: fc.constant(kind),
        key:
          kind === 'server'
            ? fc.constant('')
            : kind === 'vm'
              ? fc.constantFrom<string>(VM, 'bbbbbbbb-0000-4000-8000-000000000002')
              : fc.string({ minLength: 1, maxLength: 200 })
      }),
      metric: fc.constantFrom(...Object.keys(METRICS[kind])),
      colour: fc.integer({ min: 0, max: MOST_SERIES - 1 })
    })
  )

  it.each([page, { serverId: ALPHA, vmUuid: VM }])('gives back what was written, also hostile keys', (of) => {
    fc.assert(
      fc.property(anySeries, (chosen) => {
        expect(decodeChosen(encodeChosen(chosen, of), of)).toEqual(chosen)
      })
    )
  })

  it('means the page it is opened on: the own server and VM are left out', () => {
    const [own] = choose([], [series('cpuUsedRatio')])
    const text = encodeChosen(own ?? { ...series(''), colour: 0 }, page)
    expect(decodeChosen(text, { serverId: BRAVO, vmUuid: null })?.entity.serverId).toBe(BRAVO)
    expect(text).not.toContain(ALPHA)
  })

  it('is not believed: no metric, no kind, no id, no colour that is not one', () => {
    for (const text of [
      '',
      '0~nothing~server~~',
      '0~cpuUsedRatio~planet~~',
      '0~cpuUsedRatio~server~not-an-id~',
      '0~cpuUsedRatio~vm~~$(reboot)',
      '0~cpuUsedRatio~vm~~',
      '99~cpuUsedRatio~server~~',
      '-1~cpuUsedRatio~server~~',
      '0~constructor~server~~'
    ])
      expect(decodeChosen(text, page), text).toBeNull()
    fc.assert(
      fc.property(fc.array(fc.string()), (texts) => {
        expect(decodeChoice(texts, page).length).toBeLessThanOrEqual(MOST_SERIES)
      })
    )
  })

  it('with one colour twice still gives each line its own', () => {
    const list = decodeChoice(['3~cpuUsedRatio~server~~', '3~load1~server~~', '3~load1~server~~'], page)
    expect(colours(list)).toEqual({ cpuUsedRatio: 3, load1: 0 })
  })
})

describe('groupedSeries', () => {
  it('asks each entity once, and finds the columns of the answer again', () => {
    const chosen = [
      series('cpuUsedRatio'),
      series('load1', server(BRAVO)),
      series('load1'),
      series('cpuUsedRatio', server(BRAVO))
    ]
    const grouped = groupedSeries(chosen)
    expect(grouped.map(({ metrics }) => metrics)).toEqual([
      ['cpuUsedRatio', 'load1'],
      ['load1', 'cpuUsedRatio']
    ])
    const flat = grouped.flatMap(({ entity, metrics }) => metrics.map((metric) => ({ entity, metric })))
    expect(columnsOf(chosen).map((column) => chosenKey(flat[column] ?? series('')))).toEqual(
      chosen.map(chosenKey)
    )
  })
})
