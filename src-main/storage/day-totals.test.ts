import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DayTotal, Storage } from '../application/storage.ts'
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

it('adds up by the day, over restarts, each server for itself', async () => {
  const [one, other] = [newServerId(), newServerId()]
  const bytes = (serverId: typeof one, day: string, total: number): DayTotal => ({
    serverId,
    kind: 'interface',
    key: 'eno1',
    name: 'rxBytes',
    day,
    total
  })
  await storage.history.addDayTotals([bytes(one, '2026-11-27', 5), bytes(one, '2026-11-28', 1)])
  await storage.history.addDayTotals([bytes(one, '2026-11-28', 2.5), bytes(other, '2026-11-28', 100)])
  await storage.close()
  storage = await openAt(folder)
  const ofMonth = {
    kind: 'interface',
    names: ['rxBytes'],
    fromDay: '2026-11-01',
    toDay: '2026-11-30'
  } as const
  expect(await storage.history.dayTotals({ ...ofMonth, serverIds: [one] })).toEqual([
    bytes(one, '2026-11-27', 5),
    bytes(one, '2026-11-28', 3.5)
  ])
  expect(
    await storage.history.dayTotals({ ...ofMonth, serverIds: [one, other], fromDay: '2026-11-28' })
  ).toHaveLength(2)
  expect(await storage.history.dayTotals({ ...ofMonth, serverIds: [one], names: ['txBytes'] })).toEqual([])
})
