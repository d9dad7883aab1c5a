import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '#contract/alerts.ts'
import { alertOf, overOf } from '../../../test/fakes/told-alerts.ts'
import type { AlertId } from '#contract/ids.ts'
import { Outbox, OutboxState, type NewsKind, type OutboxRules } from './outbox.ts'

const START = 1_700_000_000_000
const HOUR = 3_600_000
const rules = (more: Partial<OutboxRules> = {}): OutboxRules => ({
  leastLevel: 'AMBER',
  mostPerHour: 20,
  gatherMs: 10_000,
  ...more
})
const open = (more: Partial<OutboxRules> = {}): Outbox => new Outbox(rules(more), START, null)
const lasting = new Map<AlertId, Alert>()
beforeEach(() => lasting.clear())
function take(outbox: Outbox, kind: NewsKind, alert: Alert, atMs = START): boolean {
  if (kind === 'recovered') lasting.delete(alert.id)
  else lasting.set(alert.id, alert)
  return outbox.take(kind, { newsId: `${alert.id}/${kind}/${alert.level}/${String(atMs)}`, alert }, atMs)
}
const amber = (number: number): Alert => alertOf(number, { level: 'AMBER', redAtMs: null })

/** Sends what waits; what was told. */
function send(outbox: Outbox, atMs = START): string[] {
  const batch = outbox.begin(lasting)
  outbox.sent(batch, atMs)
  return batch.told.map(({ headline, alert }) => `${headline} ${alert.level} ${alert.serverName}`)
}

describe('gathering', () => {
  it('makes one message of the news of a span; RED is held back 30 s at most', () => {
    const outbox = open({ gatherMs: HOUR })
    take(outbox, 'raised', amber(1))
    expect(outbox.next(START)).toEqual({ kind: 'wait', untilMs: START + HOUR })
    take(outbox, 'raised', alertOf(2), START + 1_000)
    expect(outbox.next(START + 1_000)).toEqual({ kind: 'wait', untilMs: START + 31_000 })
    expect(outbox.next(START + 31_000)).toEqual({ kind: 'send' })
    expect(send(outbox)).toEqual(['raised RED web-2', 'raised AMBER web-1'])
    expect(outbox.next(START + 31_000)).toEqual({ kind: 'nothing' })
  })

  it('is at once where the operator wants it so', () => {
    const outbox = open({ gatherMs: 0 })
    take(outbox, 'raised', amber(1))
    expect(outbox.next(START)).toEqual({ kind: 'send' })
  })

  it('waits no longer after the clock was set back', () => {
    const outbox = open()
    take(outbox, 'raised', amber(1))
    expect(outbox.next(START - HOUR)).toEqual({ kind: 'wait', untilMs: START - HOUR + 10_000 })
    expect(outbox.next(START - HOUR + 10_000)).toEqual({ kind: 'send' })
  })
})

describe('what is said of one alert', () => {
  it('is one thing, whatever came while it waited', () => {
    const cases: [NewsKind[], string][] = [
      [['raised'], 'raised RED web-1'],
      [['raised', 'escalated'], 'raised RED web-1'],
      [['raised', 'again'], 'raised RED web-1'],
      [['raised', 'recovered'], 'passed RED web-1'],
      [['raised', 'escalated', 'recovered'], 'passed RED web-1']
    ]
    for (const [kinds, said] of cases) {
      const outbox = open()
      for (const kind of kinds) take(outbox, kind, kind === 'recovered' ? overOf(alertOf(1)) : alertOf(1))
      expect(send(outbox)).toEqual([said])
    }
  })

  it('is its end only where its beginning was told, and once', () => {
    const outbox = open()
    expect(take(outbox, 'recovered', overOf(alertOf(2)))).toBe(false)
    take(outbox, 'raised', alertOf(1))
    send(outbox)
    take(outbox, 'recovered', overOf(alertOf(1)))
    expect(send(outbox)).toEqual(['recovered RED web-1'])
    expect(take(outbox, 'recovered', overOf(alertOf(1)), START + 1)).toBe(false)
  })

  it('is nothing of AMBER where only RED is wanted; its RED is told, and then its end', () => {
    const outbox = open({ leastLevel: 'RED' })
    expect(take(outbox, 'raised', amber(1))).toBe(false)
    expect(take(outbox, 'recovered', overOf(amber(1)))).toBe(false)
    take(outbox, 'escalated', alertOf(2))
    expect(send(outbox)).toEqual(['escalated RED web-2'])
    take(outbox, 'recovered', overOf(alertOf(2)))
    expect(send(outbox)).toEqual(['recovered RED web-2'])
  })

  it('joins again what could not be sent with what came meanwhile', () => {
    const outbox = open()
    take(outbox, 'raised', alertOf(1))
    outbox.begin(lasting)
    take(outbox, 'recovered', overOf(alertOf(1)))
    expect(outbox.waiting).toBe(1)
    outbox.notSent()
    expect(outbox.waiting).toBe(1)
    expect(send(outbox)).toEqual(['passed RED web-1'])
  })

  it('is its end after all where the beginning got through meanwhile', () => {
    const outbox = open()
    take(outbox, 'raised', alertOf(1))
    const batch = outbox.begin(lasting)
    take(outbox, 'recovered', overOf(alertOf(1)))
    outbox.sent(batch, START)
    expect(send(outbox)).toEqual(['recovered RED web-1'])
  })

  it('has the newest value; what is over without a word is told as over, and not asked to be acknowledged twice', () => {
    const outbox = open()
    take(outbox, 'raised', alertOf(1))
    take(outbox, 'raised', alertOf(2))
    lasting.set(alertOf(1).id, alertOf(1, { value: 0.99 }))
    lasting.delete(alertOf(2).id)
    const batch = outbox.begin(lasting)
    expect(batch.told.map(({ headline, alert }) => [headline, alert.value])).toEqual([
      ['raised', 0.99],
      ['passed', 0.93]
    ])
    outbox.sent(batch, START)
    take(outbox, 'again', alertOf(1))
    lasting.set(alertOf(1).id, alertOf(1, { acknowledged: { atMs: START, note: '' } }))
    expect(send(outbox)).toEqual([])
    expect(outbox.waiting).toBe(0)
  })

  it('is RED once, where a message said so already', () => {
    const outbox = open()
    take(outbox, 'raised', amber(1))
    lasting.set(amber(1).id, alertOf(1))
    expect(send(outbox)).toEqual(['raised RED web-1'])
    expect(take(outbox, 'escalated', alertOf(1))).toBe(false)
  })

  it('is taken once, however often it is given', () => {
    const outbox = open()
    expect(take(outbox, 'raised', alertOf(1))).toBe(true)
    expect(take(outbox, 'raised', alertOf(1))).toBe(false)
    send(outbox)
    expect(take(outbox, 'raised', alertOf(1))).toBe(false)
  })
})

describe('the limit', () => {
  it('holds in every hour, keeps one for RED, and makes one message of what it held back', () => {
    const outbox = open({ mostPerHour: 6, gatherMs: 0 })
    let number = 0
    const sendsAmber = (atMs: number): boolean => {
      take(outbox, 'raised', amber(++number), atMs)
      if (outbox.next(atMs).kind !== 'send') return false
      send(outbox, atMs)
      return true
    }
    expect([sendsAmber(START), sendsAmber(START), sendsAmber(START)]).toEqual([true, true, false])
    take(outbox, 'raised', alertOf(99))
    expect(outbox.next(START)).toEqual({ kind: 'send' })
    const batch = outbox.begin(lasting)
    expect(batch.heldBack).toBe(true)
    expect(batch.told.map(({ alert }) => alert.serverName)).toEqual(['web-99', 'web-3'])
    outbox.sent(batch, START)
    take(outbox, 'raised', alertOf(100))
    const next = outbox.next(START)
    expect(next).toEqual({ kind: 'wait', untilMs: START + HOUR / 3 })
    expect(outbox.next(START + HOUR / 3)).toEqual({ kind: 'send' })
  })

  it('is never passed in any hour, whatever comes when, also over restarts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 1_500_000 }), red: fc.boolean() }), {
          minLength: 20,
          maxLength: 120
        }),
        fc.boolean(),
        (mostPerHour, news, restarts) => {
          let outbox = open({ mostPerHour, gatherMs: 0 })
          let atMs = START
          const sentAtMs: number[] = []
          for (const [number, { afterMs, red }] of news.entries()) {
            atMs += afterMs % 7 === 0 ? 0 : afterMs
            take(outbox, 'raised', red ? alertOf(number) : amber(number), atMs)
            if (restarts) outbox = new Outbox(rules({ mostPerHour, gatherMs: 0 }), atMs, outbox.state())
            if (outbox.next(atMs).kind !== 'send') continue
            send(outbox, atMs)
            sentAtMs.push(atMs)
          }
          for (const from of sentAtMs)
            expect(sentAtMs.filter((at) => at >= from && at < from + HOUR).length).toBeLessThanOrEqual(
              mostPerHour
            )
        }
      ),
      { numRuns: 200 }
    )
  })
})

describe('what is kept between runs', () => {
  it('is all that waits, what was being sent, what was told, and what was taken', () => {
    const before = open()
    take(before, 'raised', alertOf(1))
    send(before)
    take(before, 'raised', alertOf(2))
    before.begin(lasting)
    take(before, 'raised', alertOf(3))
    const kept = OutboxState.parse(JSON.parse(JSON.stringify(before.state())))
    const after = new Outbox(rules(), START + 1_000, kept)
    expect(take(after, 'raised', alertOf(1))).toBe(false)
    take(after, 'recovered', overOf(alertOf(1)))
    take(after, 'recovered', overOf(alertOf(3)))
    expect(send(after)).toEqual(['raised RED web-2', 'passed RED web-3', 'recovered RED web-1'])
  })

  it('is bounded: what matters least is dropped, counted, and its end is not told', () => {
    const outbox = open()
    take(outbox, 'raised', alertOf(1))
    for (let number = 2; number <= 502; number++) take(outbox, 'raised', amber(number))
    expect(outbox.waiting).toBe(500)
    expect(take(outbox, 'recovered', overOf(amber(2)))).toBe(false)
    const batch = outbox.begin(lasting)
    expect(batch.dropped).toBe(2)
    expect(batch.told[0]?.alert.serverName).toBe('web-1')
    outbox.sent(batch, START)
    expect(outbox.begin(lasting).dropped).toBe(0)
  })
})
