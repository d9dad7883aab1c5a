import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ServerId } from '#contract/ids.ts'
import type { Storage } from '../application/storage.ts'
import type { CounterReading } from '../domain/traffic/count-up.ts'
import { openAt } from './test-open.ts'
import { makeTemporaryFolder, newServerId, removeFolder, serverRecord } from './test-support.ts'

const NOON = Date.UTC(2026, 10, 28, 12)
let folder: string
let storage: Storage
let serverId: ServerId
beforeEach(async () => {
  folder = makeTemporaryFolder()
  storage = await openAt(folder)
  serverId = newServerId()
})
afterEach(async () => {
  await storage.close()
  removeFolder(folder)
})

const at = (sec: number, rxBytes: number, boot = 1, uptimeSec = 1_000 + sec): CounterReading => ({
  atMs: NOON + sec * 1_000,
  bootId: `boot-${boot}`,
  uptimeSec,
  interfaces: [{ identity: '#2', name: 'eno1', rxBytes, txBytes: 0, kept: true, inTotal: true }]
})
const sums = async (kind: 'server' | 'interface', id = serverId): Promise<number[]> =>
  (
    await storage.history.dayTotals({
      serverIds: [id],
      kind,
      names: ['rxBytes'],
      fromDay: '2026-11-01',
      toDay: '2026-12-31'
    })
  ).map(({ total }) => total)
const reopen = async (): Promise<void> => {
  await storage.close()
  storage = await openAt(folder)
}

it('goes on where it was, after the console was closed and after a reboot of the server', async () => {
  await storage.history.countUp(serverId, at(0, 5_000_000), 'utc')
  await storage.history.countUp(serverId, at(60, 5_000_100), 'utc')
  await reopen()
  await storage.history.countUp(serverId, at(3_600, 5_000_700), 'utc')
  await reopen()
  await storage.history.countUp(serverId, at(7_200, 50, 2, 600), 'utc')
  expect(await sums('server')).toEqual([750])
  expect(await sums('interface')).toEqual([750])
})

it('the same reading again changes nothing; servers are apart', async () => {
  await storage.history.countUp(serverId, at(0, 100), 'utc')
  await storage.history.countUp(serverId, at(60, 400), 'utc')
  await storage.history.countUp(serverId, at(60, 400), 'utc')
  const other = newServerId()
  await storage.history.countUp(other, at(60, 1e9), 'utc')
  expect(await sums('server')).toEqual([300])
  expect(await sums('server', other)).toEqual([0])
})

it('a reading that cannot be kept changes neither the sums nor what is remembered', async () => {
  await storage.history.countUp(serverId, at(0, 100), 'utc')
  const broken = at(60, 400)
  await expect(
    storage.history.countUp(
      serverId,
      {
        ...broken,
        interfaces: [...broken.interfaces, { ...at(60, 1).interfaces[0], identity: null } as never]
      },
      'utc'
    )
  ).rejects.toThrow()
  expect(await sums('server')).toEqual([0])
  await storage.history.countUp(serverId, at(120, 500), 'utc')
  expect(await sums('server')).toEqual([400])
})

it('goes with the history of its server', async () => {
  await storage.servers.insert(serverRecord('alpha', serverId))
  await storage.history.countUp(serverId, at(0, 100), 'utc')
  await storage.history.countUp(serverId, at(60, 400), 'utc')
  await storage.servers.remove([serverId], { deleteHistory: true })
  await reopen()
  expect(await sums('server')).toEqual([])
})
