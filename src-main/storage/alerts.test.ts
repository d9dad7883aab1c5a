import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Alert, AlertHistoryQuery, Maintenance, Silence } from '#contract/alerts.ts'
import type { MaintenanceId, SilenceId, VmUuid } from '#contract/ids.ts'
import { alertOf, keptOf, ruleOf } from '../../test/fakes/alerts.ts'
import type { Storage } from '../application/storage.ts'
import { openAt } from './test-open.ts'
import { makeTemporaryFolder, newServerId, removeFolder } from './test-support.ts'

let folder: string
let storage: Storage

beforeEach(async () => {
  folder = makeTemporaryFolder()
  storage = await openAt(folder)
})
afterEach(async () => {
  await storage.close()
  removeFolder(folder)
})

async function reopen(): Promise<void> {
  await storage.close()
  storage = await openAt(folder)
}

const server = newServerId()
const vm = '00000000-0000-4000-8000-000000000001' as VmUuid
const settled = { told: { level: null, atMs: null, ended: true } }

const over = (raisedAtMs: number, recoveredAtMs: number, changes: Partial<Alert> = {}): Alert =>
  alertOf({ serverId: server, raisedAtMs, recoveredAtMs, ended: 'recovered', ...changes })

const asked = async (changes: Partial<AlertHistoryQuery> = {}): Promise<number[]> => {
  const alerts = await storage.alerts.history({ fromAtMs: 0, toAtMs: 1e9, limit: 100, ...changes })
  return alerts.map((alert) => alert.raisedAtMs)
}

describe('what is kept of alerts', () => {
  it('is there again after a restart: rules, silences, maintenances, alerts that go on, memory', async () => {
    const rule = ruleOf()
    const silence: Silence = {
      id: randomUUID() as SilenceId,
      scope: { kind: 'fleet' },
      ruleId: null,
      untilAtMs: 5,
      note: 'x',
      madeAtMs: 1
    }
    const maintenance: Maintenance = {
      id: randomUUID() as MaintenanceId,
      name: 'night',
      enabled: true,
      scopes: [{ kind: 'fleet' }],
      zone: 'Europe/Berlin',
      fromDay: '2026-01-01',
      at: '02:30',
      durationMs: 3_600_000,
      repeat: { kind: 'daily' },
      untilDay: null
    }
    const lasting = keptOf(alertOf({ serverId: server }), { state: '{"since":1}' })
    const untold = keptOf(over(1, 2), { told: { level: 'RED', atMs: 1, ended: false } })
    await storage.alerts.commit({
      rules: [rule],
      silences: [silence],
      maintenances: [maintenance],
      alerts: [lasting, untold, keptOf(over(3, 4), settled)],
      memory: { presets: '["a"]', gone: '1' }
    })
    await storage.alerts.commit({ memory: { gone: null } })
    await reopen()
    expect(await storage.alerts.load()).toEqual({
      rules: [rule],
      silences: [silence],
      maintenances: [maintenance],
      alerts: [lasting, untold],
      memory: { presets: '["a"]' }
    })
    await storage.alerts.commit({
      removedRules: [rule.id],
      removedSilences: [silence.id],
      removedMaintenances: [maintenance.id],
      alerts: [lasting, untold].map((kept) => ({ ...kept, ...settled }))
    })
    expect(await storage.alerts.load()).toMatchObject({
      rules: [],
      silences: [],
      maintenances: [],
      alerts: []
    })
  })

  it('leaves out what cannot be read, and keeps the rest', async () => {
    const [good, bad] = [ruleOf(), ruleOf()]
    await storage.alerts.commit({ rules: [bad, good] })
    await storage.close()
    const db = new BetterSqlite3(join(folder, 'console.sqlite'))
    db.prepare(`UPDATE alert_rule SET rule = '{"id":' WHERE id = ?`).run(bad.id)
    db.close()
    storage = await openAt(folder)
    expect((await storage.alerts.load()).rules).toEqual([good])
  })
})

describe('the history of alerts', () => {
  it('has those that lasted within the range, newest raise first, by server, VM, rule, level', async () => {
    const rule = ruleOf()
    await storage.alerts.commit({
      alerts: [
        keptOf(over(10, 20), settled),
        keptOf(over(30, 60, { vmUuid: vm }), settled),
        keptOf(over(40, 50, { level: 'AMBER', ruleId: rule.id }), settled),
        keptOf(alertOf({ serverId: newServerId(), raisedAtMs: 45 }))
      ]
    })
    expect(await asked()).toEqual([45, 40, 30, 10])
    expect(await asked({ fromAtMs: 55, toAtMs: 100 })).toEqual([45, 30])
    expect(await asked({ toAtMs: 40 })).toEqual([30, 10])
    expect(await asked({ serverId: server })).toEqual([40, 30, 10])
    expect(await asked({ vmUuid: vm })).toEqual([30])
    expect(await asked({ ruleId: rule.id })).toEqual([40])
    expect(await asked({ level: 'AMBER' })).toEqual([40])
  })

  it('is read in pages, also where many were raised at once', async () => {
    const alerts = Array.from({ length: 7 }, () => over(5, 6))
    await storage.alerts.commit({ alerts: alerts.map((alert) => keptOf(alert, settled)) })
    const seen: string[] = []
    let before: AlertHistoryQuery['before']
    for (;;) {
      const page = await storage.alerts.history({
        fromAtMs: 0,
        toAtMs: 100,
        limit: 3,
        ...(before && { before })
      })
      seen.push(...page.map(({ id }) => id))
      const last = page.at(-1)
      if (last === undefined) break
      before = last
    }
    expect(seen.toSorted()).toEqual(alerts.map(({ id }) => id).toSorted())
  })

  it('loses what was over too long ago and what is too much, never what lasts', async () => {
    await storage.alerts.commit({
      alerts: [
        keptOf(alertOf({ serverId: server, raisedAtMs: 1 })),
        ...[10, 20, 30, 40].map((atMs) => keptOf(over(atMs, atMs + 5), settled))
      ]
    })
    await storage.alerts.prune(20, 100)
    expect(await asked()).toEqual([40, 30, 20, 1])
    await storage.alerts.prune(0, 2)
    expect(await asked()).toEqual([40, 30, 1])
  })
})
