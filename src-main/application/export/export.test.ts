import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HistoryAnswer, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { RowBatch } from '../storage.ts'
import { readCsv } from '../../../test/fakes/csv-reader.ts'
import { csvCell, csvLine, csvText, isoTime } from './csv.ts'
import { CsvBytes } from './csv-bytes.ts'
import {
  answerAsCsv,
  longCsv,
  seriesHeader,
  wideCsv,
  type CsvChunk,
  type NamesOf,
  type RowSource
} from './series-csv.ts'

const runs = process.env['VIRTHELM_LONG'] === '1' ? 10_000 : 1_000
const server = '00000000-0000-4000-8000-000000000001' as ServerId
const series: SeriesRef[] = [
  { entity: { serverId: server, kind: 'server', key: '' }, metrics: ['cpuUsedRatio', 'load1'] }
]

describe('csv', () => {
  it('reads back equal, whatever a name or number is', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null)
    )
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { maxLength: 5 }), (rows) => {
        const back = readCsv(rows.map(csvLine).join(''))
        expect(back).toHaveLength(rows.length)
        rows.forEach((row, index) =>
          row.forEach((value, column) => {
            const text = back[index]?.[column] ?? ''
            if (value === null) expect(text).toBe('')
            else if (typeof value === 'number') expect(Number(text)).toBe(value === 0 ? 0 : value)
            else expect(text.replace(/^'(?='*[=+\-@\t\r\n])/, '')).toBe(value)
          })
        )
      }),
      { numRuns: runs }
    )
  })

  it.each(["'=1+1", '=1+1', '+1', '-2+3', '@SUM(A1)', '\tx', '\rx', '\nx'])(
    'makes %j harmless in a spreadsheet',
    (text) => {
      expect(readCsv(`${csvText(text)}\r\n`)[0]?.[0]).toBe(`'${text}`)
    }
  )

  it('leaves a negative number a number', () => {
    expect(csvCell(-1.5)).toBe('-1.5')
    expect(csvCell(NaN)).toBe('')
  })

  it('writes times that any reader gets back to the millisecond', () => {
    const atMs = 1_774_746_000_123
    expect(isoTime(atMs, 'utc')).toBe('2026-03-29T01:00:00.123+00:00')
    for (const zone of ['utc', 'local'] as const) expect(Date.parse(isoTime(atMs, zone))).toBe(atMs)
  })
})

describe('csv in bytes', () => {
  const zones = ['utc', 'local'] as const
  const written = (write: (out: CsvBytes) => void, zone: 'utc' | 'local' = 'utc'): string => {
    const out = new CsvBytes(zone, 4)
    write(out)
    return Buffer.from(out.take()).toString()
  }

  it('writes every number as String does', () => {
    const scale = fc.constantFrom(1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 3, 1_024)
    const value = fc.oneof(
      fc.tuple(fc.maxSafeInteger(), scale).map(([whole, by]) => whole / by),
      fc.tuple(fc.integer({ min: -2_000_000, max: 2_000_000 }), scale).map(([whole, by]) => whole / by),
      fc.double({ noNaN: true, noDefaultInfinity: true })
    )
    fc.assert(
      fc.property(value, scale, (number, by) => {
        expect(written((out) => out.number(number, by))).toBe(String(number))
      }),
      { numRuns: runs * 10 }
    )
    for (const number of [0, -0, 1, -1, 1e15, -1e15, 999_999_999_999_999, 99_999_999, 1e8, 1e21, 1e-7, 0.1])
      for (const by of [1, 100, 10_000]) expect(written((out) => out.number(number, by))).toBe(String(number))
    for (const none of [NaN, Infinity, -Infinity]) expect(written((out) => out.number(none, 1))).toBe('')
  })

  it('writes every time as isoTime does, one after another and far apart', () => {
    const out = { utc: new CsvBytes('utc'), local: new CsvBytes('local') }
    const atMs = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2090, 0) })
    fc.assert(
      fc.property(atMs, fc.integer({ min: 0, max: 5_000_000 }), (start, step) => {
        for (const at of [start, start + step, start + 2 * step]) {
          for (const zone of zones) {
            out[zone].time(at)
            expect(Buffer.from(out[zone].take()).toString()).toBe(isoTime(at, zone))
          }
        }
      }),
      { numRuns: runs }
    )
  })

  it.each(['Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/St_Johns'])(
    'follows the clocks of %s through a year',
    (zone) => {
      const before = process.env['TZ']
      process.env['TZ'] = zone
      try {
        const out = new CsvBytes('local')
        const offsets = new Set<string>()
        for (let at = Date.UTC(2026, 0); at < Date.UTC(2027, 0); at += 299_999) {
          out.time(at)
          const text = Buffer.from(out.take()).toString()
          if (text !== isoTime(at, 'local')) expect(text).toBe(isoTime(at, 'local'))
          offsets.add(text.slice(-6))
        }
        expect(offsets.size).toBe(zone === 'Asia/Kathmandu' ? 1 : 2)
      } finally {
        if (before === undefined) delete process.env['TZ']
        else process.env['TZ'] = before
      }
    }
  )
})

describe('series as csv', () => {
  const names: NamesOf = ({ entity }) => ({
    server: entity.serverId === server ? 'alpha' : '=beta',
    entity: entity.kind === 'server' ? '' : entity.key
  })
  const other = '00000000-0000-4000-8000-000000000002' as ServerId

  async function* given(...batches: RowBatch[]): AsyncGenerator<RowBatch, void> {
    yield* batches
  }
  const batch = (times: readonly number[], values: readonly number[]): RowBatch => ({
    atMs: Float64Array.from(times),
    values: Float64Array.from(values),
    width: values.length / times.length
  })
  const textOf = async (chunks: AsyncIterable<CsvChunk>): Promise<{ text: string; rows: number }> => {
    let text = ''
    let rows = 0
    for await (const chunk of chunks) {
      text += Buffer.from(chunk.bytes).toString()
      rows += chunk.rows
    }
    return { text, rows }
  }
  const options = (sources: readonly RowSource[], level: 'raw' | 'minute' = 'raw') => ({
    sources,
    namesOf: names,
    level,
    fromAtMs: 0,
    toAtMs: 10_000,
    zone: 'utc' as const
  })
  const alpha: SeriesRef = {
    entity: { serverId: server, kind: 'server', key: '' },
    metrics: ['cpuUsedRatio']
  }
  const beta: SeriesRef = { entity: { serverId: other, kind: 'disk', key: 'vda' }, metrics: ['awaitMs'] }

  it('names server, metric, part and unit in each header', () => {
    expect(seriesHeader(series, names, 'values')).toBe(
      'time,alpha cpuUsedRatio [ratio],alpha load1 [load]\r\n'
    )
    expect(seriesHeader(series, names, 'meanMinMax')).toContain('alpha cpuUsedRatio min [ratio]')
  })

  it('leaves the cell of a missing value empty', async () => {
    const rows = () => given(batch([0, 1000], [0.25, NaN, 0.5, 1.25]))
    expect(await textOf(wideCsv(options([{ series, rows }])))).toEqual({
      text:
        'time,alpha cpuUsedRatio [ratio],alpha load1 [load]\r\n' +
        '1970-01-01T00:00:00.000+00:00,0.25,\r\n1970-01-01T00:00:01.000+00:00,0.5,1.25\r\n',
      rows: 2
    })
  })

  it('merges servers by time, batch by batch', async () => {
    const sources = [
      { series: [alpha], rows: () => given(batch([0, 2000], [0.1, 0.3]), batch([9000], [0.9])) },
      { series: [beta], rows: () => given(batch([1000], [5]), batch([2000], [6.5]), batch([3000], [7])) }
    ]
    const { text } = await textOf(wideCsv(options(sources)))
    expect(readCsv(text).map((row) => [row[0]?.slice(17, 19), ...row.slice(1)])).toEqual([
      ['', 'alpha cpuUsedRatio [ratio]', "'=beta / vda awaitMs [ms]"],
      ['00', '0.1', ''],
      ['01', '', '5'],
      ['02', '0.3', '6.5'],
      ['03', '', '7'],
      ['09', '0.9', '']
    ])
  })

  it('writes a row per value in the long form, and none for what is missing', async () => {
    const sources = [
      { series: [alpha], rows: () => given(batch([0, 1000], [0.5, 0.25, 0.75, NaN, NaN, NaN])) },
      { series: [beta], rows: () => given(batch([0], [2, 1, 3])) }
    ]
    const { text, rows } = await textOf(longCsv(options(sources, 'minute')))
    expect(rows).toBe(2)
    expect(readCsv(text)).toEqual([
      ['time', 'server', 'kind', 'entity', 'metric', 'unit', 'mean', 'min', 'max'],
      [
        '1970-01-01T00:00:00.000+00:00',
        'alpha',
        'server',
        '',
        'cpuUsedRatio',
        'ratio',
        '0.5',
        '0.25',
        '0.75'
      ],
      ['1970-01-01T00:00:00.000+00:00', "'=beta", 'disk', 'vda', 'awaitMs', 'ms', '2', '1', '3']
    ])
  })

  it('comes in pieces whose shares of the range grow, and loses no row between them', async () => {
    const count = 40_000
    const times = Array.from({ length: count }, (_, index) => index / 4)
    const rows = () => given(batch(times, times))
    for (const csv of [wideCsv, longCsv]) {
      const shares: number[] = []
      let lines = 0
      for await (const { bytes, doneRatio } of csv(options([{ series: [alpha], rows }]))) {
        shares.push(doneRatio ?? NaN)
        lines += Buffer.from(bytes).toString().split('\r\n').length - 1
      }
      expect(lines).toBe(count + 1)
      expect(shares.length).toBeGreaterThan(5)
      expect(shares).toEqual(shares.toSorted((a, b) => a - b))
      expect(shares.at(-1)).toBe(1)
    }
  })

  it('writes the buckets a chart shows, with their peaks', () => {
    const entity = { serverId: server, kind: 'server' as const, key: '' }
    const answer: HistoryAnswer = {
      level: 'minute',
      bucketMs: 60_000,
      atMs: [0],
      series: [
        { entity, metric: 'cpuUsedRatio', mean: [0.5], min: [0.1], max: [0.9] },
        { entity, metric: 'load1', mean: [null], min: [null], max: [null] }
      ],
      gaps: []
    }
    const text = [...answerAsCsv(answer, series, names, 'utc')]
      .map(({ bytes }) => Buffer.from(bytes).toString())
      .join('')
    expect(readCsv(text)[1]).toEqual(['1970-01-01T00:00:00.000+00:00', '0.5', '0.1', '0.9', '', '', ''])
  })
})
