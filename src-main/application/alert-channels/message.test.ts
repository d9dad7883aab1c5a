import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Alert } from '#contract/alerts.ts'
import { alertOf, overOf } from '../../../test/fakes/told-alerts.ts'
import { lineWords, type ToldAlert } from './alert-words.ts'
import { bodyOf, inOrder, jsonOf, titleOf, worstLevel, type Message } from './message.ts'
import { durationWords, metricWords, quantityWords, timeWords } from './quantity-words.ts'

const message = (told: ToldAlert[], more: Partial<Message> = {}): Message => ({
  kind: 'alerts',
  sentAtMs: 1_700_000_100_000,
  channel: 'Hook',
  told: inOrder(told),
  heldBack: false,
  dropped: 0,
  zone: 'utc',
  ...more
})
const raised = (alert: Alert): ToldAlert => ({ headline: 'raised', alert })
const line = (more: Partial<Alert>, headline: ToldAlert['headline'] = 'raised'): string =>
  lineWords({ headline, alert: alertOf(1, more) }, 'utc')

describe('the words of an alert', () => {
  it('say level, place, matter and time, for each cause', () => {
    const forecast = {
      atMs: 1_700_003_600_000,
      earliestAtMs: 1_700_003_000_000,
      latestAtMs: null,
      changePerHour: 0.1,
      basis: 'trend' as const
    }
    expect(line({})).toBe('RED – web-1: CPU used 93 % (above 80 % for 5 min), since 2023-11-14 22:13 UTC')
    expect(
      line({
        level: 'AMBER',
        cause: 'forecast',
        forecast,
        label: '/srv',
        watch: { kind: 'metric', entityKind: 'mount', metric: 'usedRatio', pattern: '' }
      })
    ).toBe(
      'AMBER – web-1: file system /srv: used 93 %, expected above 80 % about 2023-11-14 23:13 UTC, since 2023-11-14 22:13 UTC'
    )
    const drive = { kind: 'metric', entityKind: 'disk', metric: 'healthy', pattern: '' } as const
    expect(line({ watch: drive, label: 'sdd', direction: 'below', threshold: 1, value: 0 })).toContain(
      'web-1: disk sdd does not call itself healthy any more, since'
    )
    expect(line({ cause: 'noData' })).toContain('CPU used: no data for 5 min')
    expect(
      line({ cause: 'serverOff', watch: { kind: 'serverOff' }, failureCode: 'connectTimeout' })
    ).toContain('web-1: no answer (connect timeout)')
    const vm = { vmName: 'db', vmUuid: '00000000-0000-4000-8000-000000000001' as Alert['vmUuid'] }
    expect(line({ ...vm, cause: 'vmOff', watch: { kind: 'vmOff' } })).toContain(
      'db on web-1: crashed or is off'
    )
    expect(line({ ...vm, cause: 'vmNotResponding', watch: { kind: 'vmNotResponding' } })).toContain(
      'db on web-1: runs, but does not respond'
    )
    const process = { pid: 42, startTicks: 7, name: 'burn', user: 'root' }
    expect(
      line({
        process: process as unknown as Alert['process'],
        value: 1.5,
        watch: { kind: 'process', measure: 'cpuUsedRatio', pattern: '' }
      })
    ).toContain(
      'process burn (pid 42 of root): CPU used 150 % of one CPU thread (above 80 % of one CPU thread'
    )
  })

  it('say that it got worse, lasts, is over or was', () => {
    expect(line({}, 'escalated')).toMatch(/^RED \(was AMBER\) – /)
    expect(line({}, 'again')).toMatch(/^still RED – /)
    const over = overOf(alertOf(1))
    const span = 'from 2023-11-14 22:13 UTC to 2023-11-14 22:23 UTC (10 min)'
    expect(lineWords({ headline: 'recovered', alert: over }, 'utc')).toBe(
      `recovered – web-1: CPU used 93 % (above 80 % for 5 min), ${span}`
    )
    expect(lineWords({ headline: 'passed', alert: { ...over, ended: 'targetGone' } }, 'utc')).toMatch(
      /^was RED, over: it is not there any more – /
    )
  })

  it('put units and times the way people write them', () => {
    expect(quantityWords('bytes', 1_610_612_736)).toBe('1.5 GiB')
    expect(quantityWords('bytesPerSec', 2_048)).toBe('2 KiB/s')
    expect(quantityWords('celsius', 81.25)).toBe('81.3 °C')
    expect(quantityWords('ratio', 0.0042)).toBe('0.42 %')
    expect(quantityWords('sec', 93_600)).toBe('1 d 2 h')
    expect(durationWords(90_000)).toBe('1 min 30 s')
    expect(durationWords(3_600_000)).toBe('1 h')
    expect(durationWords(400)).toBe('0 s')
    expect(metricWords('gpuMemoryUsedBytes')).toBe('GPU memory used')
    expect(metricWords('load15')).toBe('load 15')
    expect(timeWords(0, 'utc')).toBe('1970-01-01 00:00 UTC')
    expect(timeWords(0, 'local')).toMatch(/^(1970-01-01|1969-12-31) \d\d:\d\d [+-]\d\d:\d\d$/)
  })
})

describe('a message', () => {
  it('counts many, names few servers, and lists what fits, RED first', () => {
    const amber = Array.from({ length: 30 }, (_none, index) =>
      raised(alertOf(index + 10, { level: 'AMBER' }))
    )
    const many = message([...amber, raised(alertOf(1)), { headline: 'recovered', alert: overOf(alertOf(2)) }])
    expect(titleOf(many)).toBe('1 RED, 30 AMBER, 1 over: web-1, web-10, web-11 and 29 more')
    expect(worstLevel(many)).toBe('RED')
    const body = bodyOf(many, { lines: 5, bytes: 10_000 })
    expect(body.split('\n')).toHaveLength(6)
    expect(body).toMatch(/^RED – web-1/)
    expect(body).toMatch(/… and 27 more\.$/)
    expect(Buffer.byteLength(bodyOf(many, { lines: 500, bytes: 600 }))).toBeLessThanOrEqual(600)
  })

  it('says what was held back and dropped', () => {
    const body = bodyOf(message([raised(alertOf(1))], { heldBack: true, dropped: 3 }), {
      lines: 9,
      bytes: 9_000
    })
    expect(body).toContain('held back by this channel’s limit')
    expect(body).toContain('3 older news were dropped')
  })

  it('is RED no more when all is over', () => {
    expect(worstLevel(message([{ headline: 'recovered', alert: overOf(alertOf(1)) }]))).toBeNull()
  })

  it('has a JSON form with a version, every alert of it, and no end', () => {
    const told = Array.from({ length: 60 }, (_none, index) => raised(alertOf(index)))
    const json = jsonOf(message(told))
    expect(json).toMatchObject({ version: 1, kind: 'alerts', level: 'RED', leftOut: 10, channel: 'Hook' })
    expect(json['alerts']).toHaveLength(50)
    expect((json['alerts'] as unknown[])[0]).toMatchObject({ news: 'raised', level: 'RED', value: 0.93 })
    expect(Buffer.byteLength(JSON.stringify(json))).toBeLessThan(100_000)
  })
})

/** Line ends, controls, bidi, what shows nothing. */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    'a\r\nBcc: all@example.org',
    'x\nSubject: y',
    '\u202Egnp.exe',
    '\u2028\u2029\u0085',
    '\ud800',
    'b\u0000c',
    '‮'.repeat(5_000)
  )
)

describe('hostile names', () => {
  it('end no line, hide nothing and are capped, in title, lines and JSON', () => {
    fc.assert(
      fc.property(
        fc.record({
          server: hostileText,
          vm: hostileText,
          label: hostileText,
          user: hostileText,
          rule: hostileText
        }),
        fc.constantFrom('raised', 'passed', 'again', 'recovered'),
        ({ server, vm, label, user, rule }, headline) => {
          const alert: Alert = {
            ...alertOf(1),
            serverName: server,
            vmName: vm,
            label,
            ruleName: rule,
            watch: { kind: 'process', measure: 'memoryUsedRatio', pattern: '' },
            process: {
              ...({ pid: 1, startTicks: 1 } as unknown as NonNullable<Alert['process']>),
              name: label,
              user
            },
            failureCode: label,
            acknowledged: { atMs: 1, note: rule }
          }
          const one = message([{ headline, alert }], { channel: server })
          const two = message([{ headline, alert }, raised(alertOf(2))])
          for (const each of [one, two]) {
            expect(titleOf(each)).not.toMatch(HOSTILE)
            expect(titleOf(each).length).toBeLessThanOrEqual(200)
            const lines = bodyOf(each, { lines: 100, bytes: 20_000 }).split('\n')
            expect(lines.length).toBeLessThanOrEqual(5)
            for (const text of lines) expect(text).not.toMatch(HOSTILE)
            for (const text of stringsIn({ ...jsonOf(each), text: '' })) expect(text).not.toMatch(HOSTILE)
          }
        }
      ),
      { numRuns: 500 }
    )
  })
})

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((item) => stringsIn(item))
}
