import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MaintenanceDraft } from '#contract/alerts.ts'
import { maintenanceAt } from './maintenance.ts'
import { instantOf, isZone, wallMs } from './zone-time.ts'

type Planned = Parameters<typeof maintenanceAt>[0]

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const planned = (different: Partial<Planned> = {}): Planned => ({
  enabled: true,
  zone: 'Europe/Berlin',
  fromDay: '2026-03-01',
  at: '02:30',
  durationMs: 2 * HOUR_MS,
  repeat: { kind: 'daily' },
  untilDay: null,
  ...different
})
const utc = (text: string): number => Date.parse(`${text}Z`)
const shown = (atMs: number | null): string | null =>
  atMs === null ? null : new Date(atMs).toISOString().slice(0, 16)
const at = (plan: Planned, text: string) => {
  const { openUntilAtMs, nextAtMs } = maintenanceAt(plan, utc(text))
  return [shown(openUntilAtMs), shown(nextAtMs)]
}

describe('maintenance', () => {
  it('begins by the wall clock and lasts real time', () => {
    expect(at(planned(), '2026-03-10T01:29')).toEqual([null, '2026-03-10T01:30'])
    expect(at(planned(), '2026-03-10T01:30')).toEqual(['2026-03-10T03:30', '2026-03-11T01:30'])
    expect(at(planned(), '2026-03-10T03:30')).toEqual([null, '2026-03-11T01:30'])
    expect(at(planned(), '2026-07-10T00:30')).toEqual(['2026-07-10T02:30', '2026-07-11T00:30'])
  })

  it('begins at the change where its time is skipped', () => {
    // 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC.
    expect(at(planned(), '2026-03-28T12:00')).toEqual([null, '2026-03-29T01:00'])
    expect(at(planned(), '2026-03-29T01:00')).toEqual(['2026-03-29T03:00', '2026-03-30T00:30'])
    expect(at(planned(), '2026-03-29T00:59')).toEqual([null, '2026-03-29T01:00'])
  })

  it('begins once, at the first, where its time comes twice', () => {
    // 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC.
    expect(at(planned({ durationMs: 30 * 60_000 }), '2026-10-25T00:30')).toEqual([
      '2026-10-25T01:00',
      '2026-10-26T01:30'
    ])
    expect(at(planned({ durationMs: 30 * 60_000 }), '2026-10-25T01:30')).toEqual([null, '2026-10-26T01:30'])
    expect(at(planned({ at: '00:00', durationMs: DAY_MS }), '2026-10-25T22:30')).toEqual([
      null,
      '2026-10-25T23:00'
    ])
  })

  it('once, weekly, monthly, until its last day, and not at all', () => {
    const once = planned({ repeat: { kind: 'once' } })
    expect(at(once, '2026-01-01T00:00')).toEqual([null, '2026-03-01T01:30'])
    expect(at(once, '2026-03-01T02:00')).toEqual(['2026-03-01T03:30', null])
    const mondays = planned({ repeat: { kind: 'weekly', weekdays: [0] } })
    expect(at(mondays, '2026-03-03T00:00')).toEqual([null, '2026-03-09T01:30'])
    const last = planned({ repeat: { kind: 'monthly', dayOfMonth: 31 } })
    expect(at(last, '2026-03-31T12:00')).toEqual([null, '2026-04-30T00:30'])
    expect(at(planned({ untilDay: '2026-03-02' }), '2026-03-02T01:45')).toEqual(['2026-03-02T03:30', null])
    expect(at(planned({ enabled: false }), '2026-03-02T01:45')).toEqual([null, null])
    expect(
      at(planned({ fromDay: '2030-01-01', repeat: { kind: 'weekly', weekdays: [6] } }), '2026-01-01T00:00')
    ).toEqual([null, '2030-01-06T01:30'])
    expect(at(planned({ durationMs: 31 * DAY_MS, untilDay: '2026-03-02' }), '2026-04-02T00:00')).toEqual([
      '2026-04-02T01:30',
      null
    ])
  })

  it('knows zones', () => {
    expect(isZone('America/St_Johns')).toBe(true)
    expect(isZone('Mars/Olympus')).toBe(false)
    // Samoa had no 30 December 2011.
    expect(shown(instantOf('Pacific/Apia', utc('2011-12-30T12:00')))).toBe('2011-12-30T10:00')
  })
})

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  formats.set(timeZone, format)
  return format
}

/** Independent of the code under test: minute by minute through the runtime's own words for the time in a zone. */
function slowStart(plan: Planned, date: string): number {
  const format = formatOf(plan.zone)
  const wanted = `${date} ${plan.at}`
  const isReached = (atMs: number): boolean => format.format(atMs) >= wanted
  let atMs = Date.parse(`${date}T${plan.at}:00Z`) - 15 * HOUR_MS
  // Hour by hour to near it; no change is of more than an hour, so that the first minute is not farther back than two.
  while (!isReached(atMs)) atMs += HOUR_MS
  atMs -= 2 * HOUR_MS
  while (!isReached(atMs)) atMs += 60_000
  return atMs
}

const nextDate = (date: string): string => new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10)

function slowly(plan: Planned, atMs: number): { openUntilAtMs: number | null; nextAtMs: number | null } {
  const starts: number[] = []
  const lastDate = new Date(atMs + 70 * DAY_MS).toISOString().slice(0, 10)
  for (
    let date = plan.fromDay;
    date <= lastDate && date <= (plan.untilDay ?? '9999');
    date = nextDate(date)
  ) {
    const day = new Date(date)
    const { repeat } = plan
    const weekday = (day.getUTCDay() + 6) % 7
    const isLastOfMonth = nextDate(date).slice(8) === '01'
    const isOne =
      repeat.kind === 'daily' ||
      (repeat.kind === 'once' && date === plan.fromDay) ||
      (repeat.kind === 'weekly' && repeat.weekdays.includes(weekday)) ||
      (repeat.kind === 'monthly' &&
        (day.getUTCDate() === repeat.dayOfMonth || (isLastOfMonth && day.getUTCDate() < repeat.dayOfMonth)))
    const isNear = Math.abs(day.getTime() - atMs) < plan.durationMs + 3 * DAY_MS
    if (isOne && (isNear || starts.every((start) => start <= atMs))) starts.push(slowStart(plan, date))
  }
  const ends = starts.filter((start) => start <= atMs).map((start) => start + plan.durationMs)
  const open = Math.max(-Infinity, ...ends)
  const later = starts.filter((start) => start > atMs)
  return {
    openUntilAtMs: open > atMs ? open : null,
    nextAtMs: later.length === 0 ? null : Math.min(...later)
  }
}

describe('maintenance at any time', () => {
  // Days around both changes of each zone: whole and half hours, north and south, at midnight (Beirut, Santiago), none (UTC).
  const changes: [string, string[]][] = [
    ['Europe/Berlin', ['2026-03-29', '2026-10-25']],
    ['America/New_York', ['2026-03-08', '2026-11-01']],
    ['Australia/Lord_Howe', ['2026-04-05', '2026-10-04']],
    ['Asia/Beirut', ['2026-03-29', '2026-10-25']],
    ['America/Santiago', ['2026-04-05', '2026-09-06']],
    ['Africa/Casablanca', ['2026-02-15', '2026-03-22']],
    ['Asia/Kathmandu', ['2026-05-05']],
    ['UTC', ['2026-12-31']]
  ]
  const when = fc
    .constantFrom(...changes.flatMap(([zone, days]) => days.map((day) => ({ zone, day }))))
    .chain(({ zone, day }) =>
      fc.record({
        zone: fc.constant(zone),
        atMs: fc
          .integer({ min: -3 * 1_440, max: 3 * 1_440 })
          .map((minute) => Date.parse(day) + minute * 60_000),
        fromDay: fc
          .integer({ min: -40, max: 3 })
          .map((days) => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)),
        untilDay: fc.option(
          fc
            .integer({ min: -3, max: 10 })
            .map((days) => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10))
        ),
        at: fc
          .tuple(
            fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 23 })),
            fc.integer({ min: 0, max: 59 })
          )
          .map(([hours, minutes]) => `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`),
        durationMs: fc.integer({ min: 1, max: 3_000 }).map((minutes) => minutes * 60_000),
        repeat: fc.oneof(
          fc.constant({ kind: 'once' as const }),
          fc.constant({ kind: 'daily' as const }),
          fc.record({
            kind: fc.constant('weekly' as const),
            weekdays: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 })
          }),
          fc.record({ kind: fc.constant('monthly' as const), dayOfMonth: fc.integer({ min: 1, max: 31 }) })
        ) as fc.Arbitrary<MaintenanceDraft['repeat']>
      })
    )

  it('is what a minute-by-minute search finds', () => {
    fc.assert(
      fc.property(when, ({ atMs, ...plan }) => {
        const whole: Planned = { enabled: true, ...plan }
        expect(maintenanceAt(whole, atMs)).toEqual(slowly(whole, atMs))
      }),
      { numRuns: 150 }
    )
  })

  it('shows the wall what was asked for, where it shows it at all', () => {
    fc.assert(
      fc.property(when, ({ zone, atMs }) => {
        const wall = wallMs(zone, atMs)
        // The first time it is shown: now, or before the clock was put back.
        const first = instantOf(zone, wall)
        expect(wallMs(zone, first)).toBe(wall)
        expect(first).toBeLessThanOrEqual(atMs)
        expect(atMs - first).toBeLessThanOrEqual(HOUR_MS)
      }),
      { numRuns: 200 }
    )
  })
})
