import { describe, expect, it } from 'vitest'
import {
  axisScale,
  formatBitsPerSec,
  formatBytes,
  formatBytesOf,
  formatBytesPerSec,
  formatCount,
  formatLoad,
  formatPerSec,
  formatRatio,
  quantityText
} from './quantity.ts'

const GiB = 1024 ** 3

describe('sizes', () => {
  it('count in powers of 1024 under their exact names', () => {
    expect(formatBytes(20 * GiB)).toEqual({ value: '20.0', unit: 'GiB' })
    expect(formatBytes(512)).toEqual({ value: '512', unit: 'B' })
    expect(formatBytes(1536)).toEqual({ value: '1.5', unit: 'KiB' })
    expect(formatBytes(0)).toEqual({ value: '0', unit: 'B' })
  })

  it('never read 1024 of a unit', () => {
    expect(formatBytes(1024 * 1024 - 1)).toEqual({ value: '1.0', unit: 'MiB' })
    expect(formatBytes(1023.9 * GiB)).toEqual({ value: '1.0', unit: 'TiB' })
  })

  it('share the unit of the whole', () => {
    expect(formatBytesOf(95 * GiB, 256 * GiB)).toEqual({ used: '95.0', total: '256', unit: 'GiB' })
    expect(formatBytesOf(100 * GiB, 2048 * GiB)).toEqual({ used: '0.1', total: '2', unit: 'TiB' })
    expect(formatBytesOf(null, 2048 * GiB)).toEqual({ used: '—', total: '2', unit: 'TiB' })
    expect(formatBytesOf(3 * GiB, null)).toEqual({ used: '3.0', total: '—', unit: 'GiB' })
  })
})

describe('rates', () => {
  it('show disks in bytes and networks in bits, in powers of 1000', () => {
    expect(formatBytesPerSec(182_000_000)).toEqual({ value: '182', unit: 'MB/s' })
    expect(formatBitsPerSec(11_750_000)).toEqual({ value: '94.0', unit: 'Mb/s' })
    expect(formatBitsPerSec(125)).toEqual({ value: '1.0', unit: 'kb/s' })
    expect(formatPerSec(1234)).toEqual({ value: '1.2', unit: 'k/s' })
  })

  it('move on to the next unit before the digits round up to 1000', () => {
    expect(formatBytesPerSec(999_900)).toEqual({ value: '1.0', unit: 'MB/s' })
  })
})

describe('missing values', () => {
  it('are a dash without a unit, never 0', () => {
    for (const shown of [
      formatBytes(null),
      formatBitsPerSec(null),
      formatRatio(undefined),
      formatLoad(null),
      formatCount(null),
      formatPerSec(Number.NaN)
    ])
      expect(shown).toEqual({ value: '—', unit: '' })
    expect(quantityText(formatBytes(null))).toBe('—')
  })
})

describe('ratios, loads and counts', () => {
  it('keep their digits, so that columns stand still', () => {
    expect(formatRatio(0.2239)).toEqual({ value: '22.4', unit: '%' })
    expect(formatRatio(1)).toEqual({ value: '100.0', unit: '%' })
    expect(formatRatio(0.346, 0)).toEqual({ value: '35', unit: '%' })
    expect(formatRatio(-0.00001)).toEqual({ value: '0.0', unit: '%' })
    expect(formatLoad(8)).toEqual({ value: '8.00', unit: '' })
    expect(formatCount(1234567).value).toBe('1\u202f234\u202f567')
    expect(quantityText(formatRatio(0.5))).toBe('50.0\u00a0%')
  })
})

describe('axisScale', () => {
  it('takes the unit of the axis from its end', () => {
    expect(axisScale('bytes', 256 * GiB)).toEqual({ divisor: GiB, unit: 'GiB' })
    expect(axisScale('bitsPerSec', 50_000_000)).toEqual({ divisor: 125_000, unit: 'Mb/s' })
    expect(axisScale('ratio', 1)).toEqual({ divisor: 0.01, unit: '%' })
  })
})
