import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CountedInterface,
  type CounterReading,
  type CounterState,
  countUp,
  MAX_COUNTERS,
  trafficRows
} from './count-up.ts'

const START = Date.UTC(2026, 10, 28, 12)
const nic = (
  rxBytes: number,
  txBytes = rxBytes / 2,
  { name = 'eno1', identity = '#2', inTotal = true, kept = true } = {}
): CountedInterface => ({ identity, name, rxBytes, txBytes, inTotal, kept })
const reading = (
  afterSec: number,
  interfaces: readonly CountedInterface[],
  { bootId = 'boot-1' as string | null, uptimeSec = 10_000 + afterSec } = {}
): CounterReading => ({ atMs: START + afterSec * 1_000, bootId, uptimeSec, interfaces })

/** Sums of the server after all these readings. */
function total(readings: readonly CounterReading[]): {
  rx: number
  tx: number
  days: Record<string, number>
} {
  let state: CounterState | null = null
  const sums = { rx: 0, tx: 0, days: {} as Record<string, number> }
  for (const one of readings) {
    const result = countUp(state, one)
    if (result === null) continue
    state = result.state
    for (const { kind, name, day, total: bytes } of trafficRows(result, 'utc')) {
      if (kind !== 'server' || name === 'spreadBytes') continue
      sums[name === 'rxBytes' ? 'rx' : 'tx'] += bytes
      sums.days[day] = (sums.days[day] ?? 0) + bytes
    }
  }
  return sums
}

describe('bytes that only add up', () => {
  it('the first reading only begins', () => {
    expect(total([reading(0, [nic(5e12)])])).toMatchObject({ rx: 0, tx: 0 })
  })

  it('within one boot: the difference, to the byte', () => {
    expect(
      total([reading(0, [nic(1_000)]), reading(2, [nic(248_000)]), reading(4, [nic(495_000)])])
    ).toMatchObject({
      rx: 494_000,
      tx: 247_000
    })
  })

  it('the same reading twice, or an old one late: nothing twice', () => {
    const [one, two, three] = [reading(0, [nic(100)]), reading(60, [nic(400)]), reading(120, [nic(900)])]
    expect(total([one, two, two, three, two, three]).rx).toBe(800)
  })

  it('after a reboot: what was counted since; what came before it is not made up', () => {
    expect(
      total([reading(0, [nic(9e9)]), reading(600, [nic(7_000)], { bootId: 'boot-2', uptimeSec: 300 })]).rx
    ).toBe(7_000)
  })

  it('after a reboot while the console was closed for longer than the server is up: spread over its uptime only', () => {
    const DAY = 86_400
    const { days } = total([
      reading(0, [nic(100)]),
      reading(10 * DAY, [nic(4_000, 0)], { bootId: 'boot-2', uptimeSec: 2 * DAY })
    ])
    expect(Object.entries(days).filter(([, bytes]) => bytes > 0)).toEqual([
      ['2026-12-06', 1_000],
      ['2026-12-07', 2_000],
      ['2026-12-08', 1_000]
    ])
  })

  it('the console was closed for three days: the difference, evenly by time, told as such', () => {
    const first = countUp(null, reading(0, [nic(100)]))
    const later = countUp(first?.state ?? null, reading(3 * 86_400, [nic(6_100, 50)]))
    const rows = later === null ? [] : trafficRows(later, 'utc')
    const of = (name: string) =>
      rows.filter((row) => row.kind === 'server' && row.name === name).map(({ total: bytes }) => bytes)
    expect(of('rxBytes')).toEqual([1_000, 2_000, 2_000, 1_000])
    expect(of('spreadBytes')).toEqual([1_000, 2_000, 2_000, 1_000])
  })

  it('a counter that goes round at 2^32: as if it had not; error 0 at 2 s', () => {
    const rate = 50_000_000
    const readings = Array.from({ length: 60 }, (_, step) =>
      reading(step * 2, [nic((3e9 + step * 2 * rate) % 2 ** 32, 1e12 + step)])
    )
    expect(total(readings).rx).toBe(59 * 2 * rate)
  })

  it('a counter that began again (both directions at once): what it shows, no spike', () => {
    expect(total([reading(0, [nic(4.2e9, 3e9)]), reading(2, [nic(500, 300)])])).toMatchObject({
      rx: 500,
      tx: 300
    })
  })

  it('an interface taken away and added again has another index: counted from its beginning, once', () => {
    const again = nic(40, 20, { identity: '#9' })
    const sums = total([
      reading(0, [nic(9_000)]),
      reading(60, []),
      reading(120, [again]),
      reading(180, [{ ...again, rxBytes: 100 }])
    ])
    expect(sums.rx).toBe(100)
  })

  it('an interface that one reading lacks: not counted again from its beginning', () => {
    expect(total([reading(0, [nic(9_000)]), reading(60, []), reading(120, [nic(9_500)])]).rx).toBe(500)
  })

  it('one that was renamed goes on', () => {
    expect(total([reading(0, [nic(9_000)]), reading(60, [nic(9_400, 4_500, { name: 'lan0' })])]).rx).toBe(400)
  })

  it('one that counts only from now on brings nothing of the past', () => {
    const quiet = nic(7e9, 7e9, { name: 'vnet3', identity: '#30', inTotal: false, kept: false })
    expect(
      total([reading(0, [quiet]), reading(60, [{ ...quiet, inTotal: true, rxBytes: 7e9 + 5 }])]).rx
    ).toBe(5)
  })

  it.each([-3_600, 3_600])('the workstation’s clock steps by %i s: the same sum', (step) => {
    const stepped = { ...reading(2, [nic(300)]), atMs: START + 2_000 + step * 1_000 }
    expect(total([reading(0, [nic(100)]), stepped]).rx).toBe(200)
  })

  it.each([-3_600, 3_600])('a server without boot ids, a step of %i s: still one boot', (step) => {
    const first = { ...reading(0, [nic(1e9)]), bootId: null }
    const second = { ...reading(60, [nic(1e9 + 10)]), bootId: null, atMs: START + 60_000 + step * 1_000 }
    expect(total([first, second]).rx).toBe(10)
    const rebooted = { ...reading(86_400, [nic(2e9)]), bootId: null, uptimeSec: 20_000 }
    expect(total([first, rebooted]).rx).toBe(2e9)
  })

  it('more interfaces than are remembered: none is taken for new', () => {
    const many = Array.from({ length: MAX_COUNTERS + 50 }, (_, index) =>
      nic(1e9, 1e9, { name: `veth${index}`, identity: `#${index + 1}` })
    )
    expect(total([reading(0, many), reading(60, many)]).rx).toBe(0)
  })

  it('never negative, never more than was counted, whatever happens', () => {
    const step = fc.record({
      afterSec: fc.integer({ min: 1, max: 200_000 }),
      grew: fc.integer({ min: 0, max: 2 ** 30 }),
      what: fc.constantFrom('goesOn', 'reboots', 'isReplaced', 'isAbsent', 'clockBack', 'again')
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let now = { sec: 0, uptime: 10_000, boot: 1, index: 2, bytes: 5_000 }
        let truth = 0
        const readings = [reading(0, [nic(5_000)])]
        for (const { afterSec, grew, what } of steps) {
          if (what === 'again') {
            readings.push(readings[readings.length - 1] as CounterReading)
            continue
          }
          const restarts = what === 'reboots' || what === 'isReplaced'
          now = {
            sec: now.sec + (what === 'clockBack' ? -3_600 : afterSec),
            uptime: what === 'reboots' ? afterSec : now.uptime + afterSec,
            boot: now.boot + (what === 'reboots' ? 1 : 0),
            index: now.index + (what === 'isReplaced' ? 1 : 0),
            bytes: restarts ? grew : now.bytes + grew
          }
          truth += grew
          const present = what === 'isAbsent' ? [] : [nic(now.bytes, 0, { identity: `#${now.index}` })]
          readings.push(reading(now.sec, present, { bootId: `boot-${now.boot}`, uptimeSec: now.uptime }))
        }
        const { rx, days } = total(readings)
        expect(rx).toBeLessThanOrEqual(truth)
        expect(Object.values(days).every((bytes) => bytes >= 0)).toBe(true)
        const lost = steps.some(({ what }) => what === 'isAbsent')
        if (!lost) expect(rx).toBe(truth)
      }),
      { numRuns: process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000 }
    )
  })
})
