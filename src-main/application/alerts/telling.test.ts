import { describe, expect, it } from 'vitest'
import type { Alert } from '#contract/alerts.ts'
import type { ServerId } from '#contract/ids.ts'
import { alertOf, keptOf } from '../../../test/fakes/alerts.ts'
import type { KeptAlert, Told } from './alert-store.ts'
import { dueNews, isSettled } from './telling.ts'

const serverId = '00000000-0000-4000-8000-000000000001' as ServerId
const untold: Told = { level: null, atMs: null, ended: false }
const toldOf = (level: Alert['level'], atMs = 0): Told => ({ level, atMs, ended: false })

function due(alert: Partial<Alert>, told: Told, nowMs = 0, telling: Partial<KeptAlert['telling']> = {}) {
  const kept = keptOf(alertOf({ serverId, ...alert }), { told })
  return dueNews({ ...kept, telling: { ...kept.telling, ...telling } }, nowMs)
}

const over = { recoveredAtMs: 9, ended: 'recovered' } as const
const quiet = { quiet: { reason: 'silence', untilAtMs: null } } as const
const acknowledged = { acknowledged: { atMs: 1, note: '' } }

describe('what is told of an alert', () => {
  it('is its raise, once', () => {
    expect(due({}, untold)).toMatchObject({ kind: 'raised', told: { level: 'RED' } })
    expect(due({}, toldOf('RED'))).toBeNull()
  })

  it('is that it became RED, also when it was acknowledged before as AMBER', () => {
    expect(due({}, toldOf('AMBER'))).toMatchObject({ kind: 'escalated', told: { level: 'RED' } })
    expect(due({ level: 'AMBER' }, toldOf('RED'))).toBeNull()
  })

  it('is told again while it lasts, until it is acknowledged', () => {
    const telling = { againEveryMs: 300_000 }
    expect(due({}, toldOf('RED', 1_000), 300_999, telling)).toBeNull()
    expect(due({}, toldOf('RED', 1_000), 301_000, telling)).toMatchObject({
      kind: 'again',
      told: { atMs: 301_000 }
    })
    expect(due(acknowledged, toldOf('RED', 1_000), 301_000, telling)).toBeNull()
  })

  it('is nothing while it is quiet; then its raise when it still lasts', () => {
    expect(due(quiet, untold)).toBeNull()
    expect(due({ quiet: null }, untold)).toMatchObject({ kind: 'raised' })
    expect(due({ ...quiet, ...over }, untold)).toBeNull()
  })

  it('is its end, where its raise was told, quiet or not, and where the rule wants it', () => {
    expect(due(over, toldOf('RED'))).toMatchObject({ kind: 'recovered', told: { ended: true } })
    expect(due({ ...over, ...quiet }, toldOf('RED'))).toMatchObject({ kind: 'recovered' })
    expect(due(over, untold)).toBeNull()
    expect(due(over, toldOf('RED'), 0, { recovery: false })).toBeNull()
  })

  it('has the same id for the same news after a restart, and another for other news', () => {
    const telling = { againEveryMs: 300_000 }
    const alert = alertOf({ serverId })
    const id = (told: Told, nowMs: number, changes: Partial<Alert> = {}) => {
      const kept = keptOf({ ...alert, ...changes }, { told })
      return dueNews({ ...kept, telling: { ...kept.telling, ...telling } }, nowMs)?.news.newsId
    }
    expect(id(untold, 5)).toBe(id(untold, 6_000))
    const ids = [
      id(untold, 5),
      id(toldOf('AMBER'), 5),
      id(toldOf('RED', 5), 400_000),
      id(toldOf('RED', 400_000), 800_000),
      id(toldOf('RED'), 5, over)
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is settled when it is over and nothing is left to be told', () => {
    const kept = (alert: Partial<Alert>, told: Told) => keptOf(alertOf({ serverId, ...alert }), { told })
    expect(isSettled(kept({}, untold))).toBe(false)
    expect(isSettled(kept(over, untold))).toBe(true)
    expect(isSettled(kept(over, toldOf('RED')))).toBe(false)
    expect(isSettled(kept(over, { ...toldOf('RED'), ended: true }))).toBe(true)
  })
})
