import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ServerRecord } from '#contract/servers.ts'
import type { Storage } from '../application/storage.ts'
import { openStorage } from './client.ts'
import {
  makeTemporaryFolder,
  never,
  newServerId,
  recordingLog,
  removeFolder,
  serverRecord,
  serverTick,
  START_MS
} from './test-support.ts'

/** Straight from the sources, as under Node 24 in development; the other tests use a bundled worker. */
const workerUrl = new URL('./worker.ts', import.meta.url)

function openAt(dataFolder: string, nowMs = START_MS): Promise<Storage> {
  return openStorage({ dataFolder, workerUrl, log: recordingLog(), clock: { nowMs: () => nowMs } })
}

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

async function reopen(nowMs = START_MS): Promise<void> {
  await storage.close()
  storage = await openAt(folder, nowMs)
}

describe('servers', () => {
  it('keeps the list over a restart, in the order of adding', async () => {
    const records = ['Alpha', 'beta', 'Gamma'].map((name) => serverRecord(name))
    for (const record of records) await storage.servers.insert(record)
    await reopen()
    expect((await storage.servers.list()).map((server) => server.record)).toEqual(records)
  })

  it('refuses a name that is taken, whatever its case', async () => {
    await storage.servers.insert(serverRecord('Alpha'))
    await expect(storage.servers.insert(serverRecord('ALPHA'))).rejects.toMatchObject({
      code: 'conflict',
      params: { field: 'name' }
    })
    const beta = serverRecord('beta')
    await storage.servers.insert(beta)
    await expect(storage.servers.update([{ ...beta, name: 'alphA' }])).rejects.toMatchObject({
      code: 'conflict'
    })
    await storage.servers.update([{ ...beta, name: 'BETA' }])
    expect((await storage.servers.list()).map((server) => server.record.name)).toEqual(['Alpha', 'BETA'])
  })

  it('changes many in one transaction, and removes them so: all of them or none', async () => {
    const records = ['a', 'b', 'c'].map((name) => serverRecord(name))
    for (const record of records) await storage.servers.insert(record)
    const moved = records.map((record) => ({ ...record, location: 'Rack 4', tags: ['<b>', '$(id)'] }))
    const [first, second, third] = moved as [ServerRecord, ServerRecord, ServerRecord]
    await expect(storage.servers.update([first, serverRecord('gone'), third])).rejects.toMatchObject({
      code: 'notFound'
    })
    await expect(storage.servers.update([first, { ...second, name: 'C' }])).rejects.toMatchObject({
      code: 'conflict'
    })
    await expect(
      storage.servers.remove([first.id, serverRecord('gone').id], { deleteHistory: true })
    ).rejects.toMatchObject({ code: 'notFound' })
    const kept = async () => (await storage.servers.list()).map(({ record }) => record)
    expect(await kept()).toEqual(records)

    await storage.servers.update(moved)
    await reopen()
    expect(await kept()).toEqual(moved)
    await storage.servers.remove([first.id, third.id], { deleteHistory: false })
    expect(await kept()).toEqual([second])
  })

  it('tells the newest values of a server after a restart', async () => {
    const record = serverRecord('Alpha')
    await storage.servers.insert(record)
    const slow = { diskTotalBytes: 5e11, cpuUsedRatio: 0.9 }
    await storage.history.append(serverTick(record.id, START_MS, slow))
    await storage.history.append(serverTick(record.id, START_MS + 5_000, { cpuUsedRatio: 0.25 }))
    await reopen(START_MS + 10_000)
    const [server] = await storage.servers.list()
    expect(server?.lastNow).toMatchObject({
      atMs: START_MS + 5_000,
      cpuUsedRatio: 0.25,
      diskTotalBytes: 5e11,
      swapUsedBytes: null
    })
  })

  it('removes a server with its history', async () => {
    const record = serverRecord('Alpha')
    await storage.servers.insert(record)
    await storage.history.append(serverTick(record.id, START_MS, { load1: 1 }))
    await storage.servers.remove([record.id], { deleteHistory: true })
    expect(await storage.servers.list()).toEqual([])
    expect(await storage.history.entities(record.id)).toEqual([])
    await reopen()
    expect(await storage.history.entities(record.id)).toEqual([])
  })
})

describe('pins, blobs, settings', () => {
  const key = (type: string, keyBase64: string) => ({
    host: 'Kvm.example',
    port: 22,
    type,
    fingerprint: 'SHA256:abc',
    keyBase64
  })

  it('adds pins, and replaces them when asked', async () => {
    await storage.pins.pin(key('ssh-ed25519', 'AAA'), { replace: false })
    await storage.pins.pin(key('ssh-rsa', 'BBB'), { replace: false })
    await reopen()
    expect((await storage.pins.list('kvm.EXAMPLE', 22)).map((pin) => pin.keyBase64).toSorted()).toEqual([
      'AAA',
      'BBB'
    ])
    expect(await storage.pins.list('kvm.example', 2222)).toEqual([])
    await storage.pins.pin(key('ssh-ed25519', 'CCC'), { replace: true })
    expect(await storage.pins.list('kvm.example', 22)).toEqual([key('ssh-ed25519', 'CCC')])
  })

  it('keeps bytes by name', async () => {
    await storage.blobs.set('secret', Uint8Array.of(0, 255, 7))
    await reopen()
    expect(await storage.blobs.get('secret')).toEqual(Uint8Array.of(0, 255, 7))
    await storage.blobs.set('secret', null)
    expect(await storage.blobs.get('secret')).toBeNull()
  })

  it('begins with the default settings and keeps changed ones', async () => {
    const settings = await storage.settings.read()
    expect(settings).toMatchObject({ intervalMs: 5_000, retention: { rawDays: 7 } })
    await storage.settings.write({ ...settings, theme: 'light' })
    await reopen()
    expect(await storage.settings.read()).toEqual({ ...settings, theme: 'light' })
  })
})

describe('journal', () => {
  const entry = (serverId = newServerId()) => ({
    atMs: START_MS,
    serverId,
    serverName: 'Alpha',
    vmUuid: null,
    vmName: null,
    action: 'machine.start',
    command: 'virsh start …'
  })

  it('pages newest first and filters by server', async () => {
    const mine = newServerId()
    const ids: number[] = []
    for (let count = 0; count < 5; count++) ids.push((await storage.journal.begin(entry(mine))).id)
    await storage.journal.begin(entry())
    const page = await storage.journal.list({ serverId: mine, limit: 2 })
    expect(page.map((row) => row.id)).toEqual([ids[4], ids[3]])
    const rest = await storage.journal.list({ serverId: mine, beforeId: ids[3] ?? 0, limit: 10 })
    expect(rest.map((row) => row.id)).toEqual([ids[2], ids[1], ids[0]])
  })

  it('knows after a restart that the end of an operation was not heard', async () => {
    const sent = await storage.journal.begin(entry())
    const done = await storage.journal.begin(entry())
    expect(sent.outcome).toBe('pending')
    await storage.journal.end(done.id, { outcome: 'done', exitCode: 0, stderr: '', durationMs: 12 })
    await reopen()
    const outcomes = (await storage.journal.list({ limit: 10 })).map((row) => row.outcome)
    expect(outcomes).toEqual(['done', 'unknown'])
  })
})

describe('history', () => {
  it('reads back what was appended', async () => {
    const serverId = newServerId()
    for (let count = 0; count < 10; count++) {
      await storage.history.append(
        serverTick(serverId, START_MS + count * 5_000, { cpuUsedRatio: count / 100, load1: -0 })
      )
    }
    const answer = await storage.history.read(
      {
        series: [{ entity: { serverId, kind: 'server', key: '' }, metrics: ['cpuUsedRatio', 'load5'] }],
        fromAtMs: START_MS,
        toAtMs: START_MS + 50_000,
        maxPoints: 100
      },
      never
    )
    expect(answer.level).toBe('raw')
    expect(answer.atMs).toEqual(Array.from({ length: 10 }, (_, count) => START_MS + count * 5_000))
    expect(answer.series[0]?.mean).toEqual(Array.from({ length: 10 }, (_, count) => count / 100))
    expect(answer.series[1]?.mean).toEqual(Array.from({ length: 10 }, () => null))
    expect(answer.series[0]?.min).toEqual([])
  })

  it('refuses a second tick of the same server and time', async () => {
    const serverId = newServerId()
    await storage.history.append(serverTick(serverId, START_MS, { load1: 1 }))
    await expect(storage.history.append(serverTick(serverId, START_MS, { load1: 2 }))).rejects.toMatchObject({
      code: 'conflict'
    })
  })
})

describe('the folder', () => {
  it('is closed to everyone else', async () => {
    await storage.servers.insert(serverRecord('Alpha'))
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of [
      'console.sqlite',
      'console.sqlite-wal',
      'history.sqlite',
      'servers.json',
      'reserve.bin'
    ])
      expect([name, (statSync(join(folder, name)).mode & 0o777).toString(8)]).toEqual([name, '600'])
  })

  it('is refused to a second console, which learns who has it', async () => {
    await expect(openAt(folder)).rejects.toMatchObject({
      code: 'dataFolderLocked',
      params: { folder, pid: process.pid }
    })
  })
})
