import { describe, expect, it } from 'vitest'
import { fieldsOf, formatAge, formatDuration, formatRange, formatTime, formatUptime, timeOf } from './time.ts'

const at = Date.UTC(2026, 10, 20, 10, 17, 5)

describe('times', () => {
  it('are shown in the chosen zone, in 24 hours', () => {
    expect(formatTime(at, 'clock', 'utc')).toBe('10:17:05')
    expect(formatTime(Date.UTC(2026, 10, 20, 0, 0, 1), 'clock', 'utc')).toBe('00:00:01')
    expect(formatTime(at, 'full', 'utc')).toBe('20 Nov 2026, 10:17:05')
    const [, , day, hour] = fieldsOf(at, 'local')
    expect(formatTime(at, 'dayMinute', 'local')).toContain(`${day} Nov`)
    expect(formatTime(at, 'minute', 'local')).toBe(`${String(hour).padStart(2, '0')}:17`)
  })

  it('are a dash when missing', () => {
    expect(formatTime(null, 'clock')).toBe('—')
  })

  it('come back from their fields', () => {
    for (const zone of ['utc', 'local'] as const) expect(timeOf(zone, ...fieldsOf(at, zone))).toBe(at)
  })
})

describe('ranges', () => {
  it('name the day only when they leave it', () => {
    expect(formatRange(at - 900_000, at, 'utc')).toBe('10:02:05 – 10:17:05')
    expect(formatRange(at - 86_400_000, at, 'utc')).toBe('19 Nov, 10:17 – 20 Nov, 10:17')
    expect(formatRange(at - 365 * 86_400_000, at, 'utc')).toBe('20 Nov 2025 – 20 Nov 2026')
  })
})

describe('spans', () => {
  const plain = (text: string) => text.replaceAll('\u00a0', ' ')
  it('have at most two units', () => {
    expect(plain(formatDuration(9 * 86_400_000 + 4 * 3_600_000 + 59_000))).toBe('9 d 4 h')
    expect(plain(formatDuration(27_660_000))).toBe('7 h 41 min')
    expect(plain(formatDuration(40_000))).toBe('40 s')
    expect(plain(formatDuration(60_000))).toBe('1 min')
    expect(plain(formatDuration(350))).toBe('350 ms')
    expect(formatDuration(null)).toBe('—')
    expect(plain(formatUptime(3_600))).toBe('1 h')
  })

  it('are never negative when clocks disagree', () => {
    expect(plain(formatAge(1_000, 500))).toBe('0 s')
    expect(plain(formatAge(1_000, 4_500))).toBe('3 s')
    expect(formatAge(null, 5)).toBe('—')
  })
})
