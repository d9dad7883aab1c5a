import { beforeEach, describe, expect, it } from 'vitest'
import type { ExportEvent } from '#contract/exports.ts'
import type { EntityInfo, EntityRef, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { METRICS } from '#contract/metric-catalogue.ts'
import { readCsv } from '../../../test/fakes/csv-reader.ts'
import { makeTemporaryFolder, never, removeFolder, START_MS, tick } from '../../storage/test-support.ts'
import { openAt } from '../../storage/test-open.ts'
import type { ExportSink } from '../platform/platform.ts'
import type { RowBatch, RowsQuery } from '../storage.ts'
import { historyCsv, type ExportHistory, type HistoryCsvOptions } from './history-export.ts'
import { writeOut } from './write-out.ts'

const alpha = '00000000-0000-4000-8000-000000000001' as ServerId
const beta = '00000000-0000-4000-8000-000000000002' as ServerId
const HOUR_MS = 3_600_000

const info = (
  serverId: ServerId,
  kind: EntityRef['kind'],
  key: string,
  label = '',
  span: readonly [number, number] = [START_MS, START_MS + HOUR_MS]
): EntityInfo => ({ entity: { serverId, kind, key }, label, firstAtMs: span[0], lastAtMs: span[1] })

/** A history of one row per minute; remembers what it was asked for. */
function fakeHistory(entities: readonly EntityInfo[], rowsPerServer = 3) {
  const asked: RowsQuery[] = []
  const history: ExportHistory = {
    entities: async (serverId) => entities.filter(({ entity }) => entity.serverId === serverId),
    async *rows(query): AsyncGenerator<RowBatch, void> {
      asked.push(query)
      const columns = query.series.flatMap(({ metrics }) => metrics).length * (query.level === 'raw' ? 1 : 3)
      for (let row = 0; row < rowsPerServer; row++) {
        yield {
          atMs: Float64Array.of(query.fromAtMs + row * 60_000),
          values: new Float64Array(columns).fill(row),
          width: columns
        }
      }
    }
  }
  return { history, asked }
}

const choice: HistoryCsvOptions['choice'] = {
  serverIds: [alpha, beta],
  what: { by: 'all' },
  fromAtMs: START_MS,
  toAtMs: START_MS + HOUR_MS,
  level: 'raw',
  form: 'long'
}
const optionsFor = (
  history: ExportHistory,
  changed: Partial<HistoryCsvOptions['choice']> = {}
): HistoryCsvOptions => ({
  choice: { ...choice, ...changed },
  history,
  serverName: (id) => (id === alpha ? 'alpha' : 'beta'),
  zone: 'utc',
  signal: never
})

async function textOf(options: HistoryCsvOptions): Promise<string> {
  let text = ''
  for await (const { bytes } of historyCsv(options)) text += Buffer.from(bytes).toString()
  return text
}

describe('an export of history', () => {
  it('holds every metric of everything that was seen in the range', async () => {
    const { history, asked } = fakeHistory([
      info(alpha, 'server', ''),
      info(alpha, 'disk', 'vda'),
      info(alpha, 'disk', 'gone', '', [0, START_MS - 1]),
      info(alpha, 'disk', 'later', '', [START_MS + HOUR_MS, START_MS + 2 * HOUR_MS]),
      info(beta, 'interface', 'eth0')
    ])
    await textOf(optionsFor(history))
    expect(asked.map(({ series }) => series.map(({ entity }) => `${entity.kind} ${entity.key}`))).toEqual([
      ['server ', 'disk vda'],
      ['interface eth0']
    ])
    expect(asked[0]?.series[0]?.metrics).toEqual(Object.keys(METRICS.server))
  })

  it('holds the chosen kinds and metrics only, or certain series', async () => {
    const { history, asked } = fakeHistory([
      info(alpha, 'server', ''),
      info(alpha, 'vm', 'u1', 'web'),
      info(beta, 'server', '')
    ])
    const kinds = [{ kind: 'vm' as const, metrics: ['cpuUsedRatio'] }]
    await textOf(optionsFor(history, { what: { by: 'kinds', kinds } }))
    const series: SeriesRef[] = [
      { entity: { serverId: beta, kind: 'server', key: '' }, metrics: ['load1'] },
      { entity: { serverId: beta, kind: 'disk', key: 'never seen' }, metrics: ['awaitMs'] }
    ]
    await textOf(optionsFor(history, { what: { by: 'series', series } }))
    expect(asked.map((query) => query.series)).toEqual([
      [{ entity: { serverId: alpha, kind: 'vm', key: 'u1' }, metrics: ['cpuUsedRatio'] }],
      [series[0]]
    ])
  })

  it('names a machine by its name, and by its UUID too where two have the same', async () => {
    const { history } = fakeHistory(
      [info(alpha, 'vm', 'u1', 'web'), info(alpha, 'vm', 'u2', 'web'), info(alpha, 'vm', 'u3', '=db')],
      1
    )
    const kinds = [{ kind: 'vm' as const, metrics: ['cpuUsedRatio'] }]
    const rows = readCsv(await textOf(optionsFor(history, { what: { by: 'kinds', kinds } })))
    expect(rows.slice(1).map((row) => row[3])).toEqual(['web (u1)', 'web (u2)', "'=db"])
  })

  it('is refused when nothing that was chosen was ever measured, or a spreadsheet could not hold it', async () => {
    const none = fakeHistory([info(alpha, 'server', '')])
    const kinds = [{ kind: 'vm' as const, metrics: null }]
    await expect(textOf(optionsFor(none.history, { what: { by: 'kinds', kinds } }))).rejects.toMatchObject({
      code: 'nothingToExport'
    })
    const many = fakeHistory(Array.from({ length: 400 }, (_, index) => info(alpha, 'vm', `u${index}`)))
    await expect(textOf(optionsFor(many.history, { form: 'wide', level: 'minute' }))).rejects.toMatchObject({
      code: 'tooManyColumns',
      params: { columns: 18_000, max: 16_383 }
    })
    expect(many.asked).toEqual([])
  })
})

describe('writing it out', () => {
  let written: string[]
  let ends: string[]
  const sink: ExportSink = {
    kind: 'file',
    location: '/x.csv',
    write: async (bytes) => void written.push(Buffer.from(bytes).toString()),
    finish: async () => void ends.push('finish'),
    abort: async () => void ends.push('abort')
  }
  const open = async (): Promise<ExportSink> => {
    ends.push('open')
    return sink
  }
  beforeEach(() => {
    written = []
    ends = []
  })

  it('tells how far it is, and begins with the mark that spreadsheets need', async () => {
    const { history } = fakeHistory([info(alpha, 'server', '')], 20_000)
    const events: ExportEvent[] = []
    const result = await writeOut(historyCsv(optionsFor(history, { serverIds: [alpha] })), open, {
      signal: never,
      progress: (event) => events.push(event)
    })
    expect(result).toEqual({
      kind: 'file',
      path: '/x.csv',
      rows: 20_000 * Object.keys(METRICS.server).length
    })
    expect(written.join('').startsWith('\uFEFFtime,server,kind')).toBe(true)
    expect(events.at(-1)).toMatchObject({
      progress: {
        rows: 20_000 * Object.keys(METRICS.server).length,
        bytes: Buffer.byteLength(written.join('')),
        doneRatio: 1
      }
    })
    expect(ends).toEqual(['open', 'finish'])
  })

  it('asks for no file when there is nothing in the range', async () => {
    const { history } = fakeHistory([info(alpha, 'server', '')], 0)
    const writing = writeOut(
      historyCsv(optionsFor(history)),
      open,
      { signal: never, progress: () => undefined },
      { emptyIsError: true }
    )
    await expect(writing).rejects.toMatchObject({ code: 'nothingToExport' })
    expect(ends).toEqual([])
  })

  it('stops between two pieces when it is cancelled, and leaves nothing', async () => {
    const { history } = fakeHistory([info(alpha, 'server', '')], 50_000)
    const controller = new AbortController()
    const writing = writeOut(historyCsv(optionsFor(history)), open, {
      signal: controller.signal,
      progress: (event) => {
        if (event.kind === 'progress' && event.progress.rows > 10_000) controller.abort()
      }
    })
    await expect(writing).rejects.toMatchObject({ code: 'cancelled' })
    expect(ends).toEqual(['open', 'abort'])
    expect(written.length).toBeLessThan(10)
  })
})

it('reads back with the very values that the history holds, in both forms and at each level', async () => {
  const folder = makeTemporaryFolder()
  const storage = await openAt(folder, START_MS + 3 * HOUR_MS)
  try {
    const appended: Promise<void>[] = []
    for (let count = 0; count < 1_500; count++) {
      for (const serverId of [alpha, beta]) {
        const atMs = START_MS + count * 5_000 + (serverId === beta ? 7 : 0)
        const wave = Math.sin(count / 50)
        appended.push(
          storage.history.append(
            tick(serverId, atMs, [
              {
                kind: 'server',
                key: '',
                values: {
                  cpuUsedRatio: Math.abs(wave),
                  netRxBytes: count * 123_456_789,
                  clockSkewMs: wave * 900
                }
              },
              ...(count % 3 === 0
                ? [
                    {
                      kind: 'vm' as const,
                      key: 'u1',
                      values: { cpuUsedRatio: 0.3, memoryUsedBytes: 2 ** 33 + count }
                    }
                  ]
                : [])
            ])
          )
        )
      }
    }
    await Promise.all(appended)
    for (const level of ['raw', 'minute'] as const) {
      const what = {
        by: 'kinds' as const,
        kinds: [
          { kind: 'server' as const, metrics: null },
          { kind: 'vm' as const, metrics: null }
        ]
      }
      const range = { fromAtMs: START_MS, toAtMs: START_MS + 3 * HOUR_MS, level, what }
      const held = new Map<string, number>()
      for (const serverId of [alpha, beta]) {
        const series = (['server', 'vm'] as const).map((kind) => ({
          entity: { serverId, kind, key: kind === 'vm' ? 'u1' : '' },
          metrics: Object.keys(METRICS[kind])
        }))
        const columns = series.flatMap(({ entity, metrics }) =>
          metrics.map((metric) => `${entity.key} ${metric}`)
        )
        const parts = level === 'raw' ? ['value'] : ['mean', 'min', 'max']
        for await (const { atMs, values, width } of storage.history.rows({ ...range, series }, never)) {
          atMs.forEach((at, row) => {
            for (const [cell, value] of values.subarray(row * width, row * width + width).entries()) {
              if (Number.isNaN(value)) continue
              const column = columns[Math.floor(cell / parts.length)] ?? ''
              held.set(`${at} ${serverId} ${column} ${parts[cell % parts.length]}`, value)
            }
          })
        }
      }
      expect(held.size).toBeGreaterThan(level === 'raw' ? 9_000 : 1_500)

      const [longHead = [], ...long] = readCsv(
        await textOf(optionsFor(storage.history, { ...range, form: 'long' }))
      )
      const fromLong = new Map<string, number>()
      for (const [time = '', server, , entity, metric, , ...values] of long) {
        for (const [part, value] of values.entries())
          fromLong.set(
            `${Date.parse(time)} ${server === 'alpha' ? alpha : beta} ${entity} ${metric} ${longHead[part + 6]}`,
            Number(value)
          )
      }
      expect(fromLong).toEqual(held)

      const [wideHead = [], ...wide] = readCsv(
        await textOf(optionsFor(storage.history, { ...range, form: 'wide' }))
      )
      const fromWide = new Map<string, number>()
      for (const [time = '', ...cells] of wide) {
        for (const [index, cell] of cells.entries()) {
          const parsed = /^(alpha|beta)(?: \/ (\S+))? (\S+)(?: (mean|min|max))? \[\w+\]$/.exec(
            wideHead[index + 1] ?? ''
          )
          const [, server, entity = '', metric, part = 'value'] = parsed ?? []
          if (cell !== '')
            fromWide.set(
              `${Date.parse(time)} ${server === 'alpha' ? alpha : beta} ${entity} ${metric} ${part}`,
              Number(cell)
            )
        }
      }
      expect(fromWide).toEqual(held)
    }
  } finally {
    await storage.close()
    removeFolder(folder)
  }
})
