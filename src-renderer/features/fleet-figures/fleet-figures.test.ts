import { afterEach, describe, expect, it } from 'vitest'
import { nameOf, openWindow, type TestWindow } from '../../../test/fakes/window.ts'
import { reasonText, reasonsText, type Translate } from './recommendation-words.ts'
import { trendOf, trendPoints, trendStepMs, withHoles } from './trend.ts'
import { cardCsv, serverCsv } from './figure-columns.ts'
import { figuresOf } from '../../../test/fakes/engine-fleet-figures.ts'
import { makeServer, NINE_SERVERS } from '../../../test/fakes/engine-model.ts'
import type { HistoryAnswer } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { ServerView } from '#contract/servers.ts'

let window_: TestWindow | null = null
afterEach(() => {
  window_?.close()
  window_ = null
})

const texts = (selector: string): string[] =>
  [...document.querySelectorAll(selector)].map((element) => element.textContent.trim())

const GIB = 2 ** 30
const withCard = (view: ServerView): ServerView =>
  view.now === null
    ? view
    : {
        ...view,
        now: {
          ...view.now,
          gpus: [
            {
              key: 'GPU-0',
              name: 'RTX 4090',
              utilisationRatio: 0.2,
              memoryUsedBytes: GIB,
              memoryTotalBytes: 24 * GIB
            }
          ]
        }
      }

describe('the best now', () => {
  it('shows three servers with level and reason, by what the operator looks for', async () => {
    window_ = await openWindow()
    const region = '[aria-label="Best now"]'
    await window_.until(() => texts(`${region} li`).length === 3)
    expect(texts(`${region} li`)[0]).toMatch(/threads free/)
    const link = document.querySelector(`${region} li a`)
    expect(link === null ? '' : nameOf(link)).toMatch(
      /^Number 1 of the best now: .+\. (Good choice|If need be)/
    )
    // Each card that has values is marked, and read out.
    const marks = [...document.querySelectorAll('article [role="img"]')].map(nameOf)
    expect(marks.some((name) => name.startsWith('Good choice: '))).toBe(true)
  })

  it('says so where no server can be recommended', async () => {
    window_ = await openWindow({ fleet: 'trouble' })
    await window_.until(() => texts('[aria-label="Best now"]').length === 1)
    await window_.until(() => document.querySelector('[aria-label="Best now"] [aria-busy]') === null)
    expect(texts('[aria-label="Best now"] li').length).toBeLessThanOrEqual(3)
  })
})

describe('statistics', () => {
  it('show the fleet over a range, sorted by its busiest server, and its idle cards', async () => {
    window_ = await openWindow({}, '#/reports/statistics')
    window_.engine.change(0, withCard)
    const rows = (): string[] => texts('[aria-label="Servers over the range"] [role="row"]')
    await window_.until(() => rows().length > 5)
    const busiest = texts('dl dd')[0] ?? ''
    const name = /^(.*?)\d+\.\d\s*%/.exec(busiest)?.[1] ?? '?'
    expect(rows()[1]).toContain(name)
    expect(texts('dl dd')[2]).toContain('14:00–15:00')
    const cards = '[aria-label="Graphics cards over the range"] [role="row"]'
    expect(await window_.until(() => texts(cards)[1])).toContain('RTX')
  }, 20_000)

  it('of a fleet without cards say why there are no idle rates; without servers where to begin', async () => {
    window_ = await openWindow({ fleet: 2 }, '#/reports')
    await window_.until(() => document.body.textContent.includes('no idle rates'))
    window_.close()
    window_ = await openWindow({ fleet: 'empty' }, '#/reports')
    await window_.until(() => document.body.textContent.includes('Add the first one on the Fleet page'))
  }, 20_000)
})

describe('reasons', () => {
  const t: Translate = (key, values = {}) => `${key.split('.').at(-1)} ${String(values['value'] ?? '')}`
  it('have their figures in words', () => {
    expect(reasonText({ code: 'cpuBusy', value: 0.87 }, t)).toBe('cpuBusy 87\u00a0%')
    expect(reasonText({ code: 'memoryFree', value: 2 ** 35 }, t)).toBe('memoryFree 32.0\u00a0GiB')
    expect(reasonText({ code: 'cpuFree', value: 28.6 }, t)).toBe('cpuFree 29')
    expect(reasonText({ code: 'cpuFree', value: 1.5 }, t)).toBe('cpuFree 1.5')
    expect(reasonText({ code: 'cpuFree', value: null }, t)).toBe('shareFree ')
  })
  it('begin with what speaks against, then with what is asked for', () => {
    const reasons = [
      { code: 'cpuBusy' as const, value: 0.7 },
      { code: 'gpuMemoryFree' as const, value: 2 ** 33 },
      { code: 'memoryFree' as const, value: 2 ** 35 }
    ]
    const of = {
      serverId: 'x' as ServerId,
      level: 'fair' as const,
      reasons,
      freeCpuThreads: 1,
      freeMemoryBytes: 1,
      freeGpuMemoryBytes: 1
    }
    expect(reasonsText(of, t, 'memory').replaceAll('\u00a0', ' ')).toBe(
      'cpuBusy 70 %, memoryFree 32.0 GiB, gpuMemoryFree 8.0 GiB'
    )
  })
})

describe('trends', () => {
  const answer = (serverId: string, atMs: number[], mean: (number | null)[]): HistoryAnswer => ({
    level: 'hour',
    bucketMs: 3_600_000,
    atMs,
    series: [
      {
        entity: { serverId: serverId as ServerId, kind: 'server', key: '' },
        metric: 'cpuUsedRatio',
        mean,
        min: [],
        max: []
      }
    ],
    gaps: []
  })

  it('come in the step that fits the range', () => {
    const HOUR = 3_600_000
    expect([1, 24, 7 * 24, 30 * 24, 365 * 24].map((hours) => trendStepMs(hours * HOUR) / 60_000)).toEqual([
      1, 5, 60, 1_440, 1_440
    ])
    expect(trendPoints(7 * 24 * HOUR, HOUR)).toBe(169)
  })

  it('are the mean or the sum of the servers that have a value, with the lowest and the highest', () => {
    const answers = [answer('a', [0, 1, 2], [0.2, null, 0.4]), answer('b', [0, 1], [0.6, 0.8])]
    expect(trendOf(answers, 'mean').rows).toMatchObject([
      { atMs: 0, value: 0.4, lowest: 0.2, highest: 0.6, servers: 2 },
      { atMs: 1, value: 0.8, servers: 1 },
      { atMs: 2, value: 0.4, servers: 1 }
    ])
    expect(trendOf(answers, 'sum').rows[0]?.value).toBeCloseTo(0.8)
  })

  it('break where nothing was measured', () => {
    const row = (atMs: number) => ({ atMs, value: 1, lowest: 1, highest: 1, servers: 1 })
    expect(withHoles([row(0), row(10), row(50)], 10)).toEqual([row(0), row(10), 20, row(50)])
  })
})

describe('the CSV', () => {
  it('has every figure, and nothing where there is none', () => {
    const views = NINE_SERVERS.map((plan, index) => withCard(makeServer(plan, index, 1_700_000_000_000).view))
    const { servers } = figuresOf(views, 0, 1)
    const table = serverCsv(servers, ['from', 'to'])
    expect(table.rows).toHaveLength(9)
    for (const row of table.rows) expect(row).toHaveLength(table.columns.length)
    expect(table.columns).toContain('CPU used (ratio) p95')
    expect(table.rows.flat()).toContain(null)
    const server = servers.find(({ gpus }) => gpus.length > 0)
    if (server === undefined) throw new Error('no server with a card')
    const cards = cardCsv(
      server.gpus.map((card) => ({ ...card, server })),
      ['from', 'to']
    )
    expect(cards.rows[0]).toHaveLength(cards.columns.length)
  })
})
