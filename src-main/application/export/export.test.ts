import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HistoryAnswer, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { RowBatch } from '../storage.ts'
import { readCsv } from '../../../test/fakes/csv-reader.ts'
import { csvCell, csvLine, csvText, isoTime } from './csv.ts'
import { answerAsCsv, rowsAsCsv, seriesHeader } from './series-csv.ts'

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

describe('series as csv', () => {
  const label = () => 'alpha'

  it('names server, metric, part and unit in each header', () => {
    expect(seriesHeader(series, label, 'values')).toBe(
      'time,alpha cpuUsedRatio [ratio],alpha load1 [load]\r\n'
    )
    expect(seriesHeader(series, label, 'meanMinMax')).toContain('alpha cpuUsedRatio min [ratio]')
  })

  it('leaves the cell of a missing value empty', async () => {
    async function* batches(): AsyncGenerator<RowBatch, void> {
      yield { atMs: Float64Array.of(0, 1000), values: Float64Array.of(0.25, NaN, 0.5, 1.25), width: 2 }
    }
    let text = ''
    for await (const chunk of rowsAsCsv(batches(), 'utc')) text += chunk.text
    expect(text).toBe('1970-01-01T00:00:00.000+00:00,0.25,\r\n1970-01-01T00:00:01.000+00:00,0.5,1.25\r\n')
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
    const text = [...answerAsCsv(answer, series, label, 'utc')].map((chunk) => chunk.text).join('')
    expect(readCsv(text)[1]).toEqual(['1970-01-01T00:00:00.000+00:00', '0.5', '0.1', '0.9', '', '', ''])
  })
})
