import { describe, expect, it } from 'vitest'
import { parseMoment } from './moment.ts'

const nowMs = Date.UTC(2026, 10, 20, 10)
const at = (text: string, edge: 'from' | 'to' = 'from', utc = true): string | null => {
  const ms = parseMoment(text, { nowMs, utc, edge })
  return ms === null ? null : new Date(ms).toISOString()
}

describe('a time on the command line', () => {
  it.each([
    ['now', '2026-11-20T10:00:00.000Z'],
    ['90m', '2026-11-20T08:30:00.000Z'],
    ['24h', '2026-11-19T10:00:00.000Z'],
    ['7d', '2026-11-13T10:00:00.000Z'],
    ['2w', '2026-11-06T10:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T09:15', '2026-11-20T09:15:00.000Z'],
    ['2026-11-20 09:15:30.5', '2026-11-20T09:15:30.500Z'],
    ['2026-11-20T09:15:30+01:00', '2026-11-20T08:15:30.000Z'],
    ['2026-11-20T09:15-0330', '2026-11-20T12:45:00.000Z'],
    ['2026-11-20T09:15Z', '2026-11-20T09:15:00.000Z']
  ])('%s', (text, expected) => expect(at(text)).toBe(expected))

  it('means the whole day when the end is a date', () => {
    expect(at('2026-11-20', 'to')).toBe('2026-11-21T00:00:00.000Z')
  })

  it('is local time where it says nothing else', () => {
    expect(parseMoment('2026-11-20T09:15', { nowMs, utc: false, edge: 'from' })).toBe(
      new Date(2026, 10, 20, 9, 15).getTime()
    )
  })

  it.each([
    '',
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-11-20T25:00',
    '1h30',
    '-1h',
    '24 h',
    '2026-11'
  ])('is refused: %j', (text) => expect(at(text)).toBeNull())
})
