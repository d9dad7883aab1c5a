/** The whole engine over the demo fleet and a real history: what somebody does to a VM is a mark; what is not wanted is not kept. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { HistoryAnswer, HistoryMark } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { silentLog } from '../../test/fakes/engine-parts.ts'
import { startDemoFleet, type DemoFleet } from '../demo/index.ts'
import { browserReportDesk } from '../platform/browser-report-desk.ts'
import { downloadExportTarget } from '../platform/download-export-target.ts'
import { memoryCipher } from '../platform/memory-cipher.ts'
import { compose, type Engine } from './compose.ts'
import { workers } from './installation.ts'

const SERVER = 'kvm-alpha'
const MARK_DEADLINE_MS = 2_000
const VALUES_DEADLINE_MS = 15_000

let fleet: DemoFleet
let dataFolder: string
let engine: Engine
let life: AbortController

async function open(): Promise<void> {
  life = new AbortController()
  engine = await compose({
    platform: {
      info: {
        version: 'test',
        mode: 'browser',
        demo: true,
        dataFolder,
        platform: 'linux',
        secretStore: { canKeep: false, backend: 'memory' }
      },
      cipher: memoryCipher(),
      notifier: { show: () => undefined },
      exportTarget: downloadExportTarget(),
      exportsSecrets: false,
      log: silentLog,
      reportDesk: browserReportDesk(() => null),
      openDemo: async () => null
    },
    dataFolder,
    workers,
    demo: fleet.servers
  })
}

async function close(): Promise<void> {
  life.abort()
  await engine.close()
}

beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'virthelm-events-'))
  fleet = await startDemoFleet({ servers: 1 })
  await open()
  await engine.handlers['settings.change']({ intervalMs: 2_000 }, { signal: life.signal })
})

afterEach(async () => {
  await close()
  await fleet.close()
  await rm(dataFolder, { recursive: true, force: true })
})

const serverId = (): ServerId => {
  const id = engine.directory.runtimes()[0]?.record.id
  if (id === undefined) throw new Error('no server')
  return id
}
const uuidOf = (name: string): VmUuid => {
  const domain = fleet.control.server(SERVER).host.domains.find((candidate) => candidate.name === name)
  if (domain === undefined) throw new Error(`no VM is called ${name}`)
  return domain.uuid as VmUuid
}
const listed = async (name: string): Promise<void> => {
  const view = () => engine.directory.get(serverId()).machines.view(uuidOf(name))
  await expect.poll(view, { timeout: VALUES_DEADLINE_MS }).not.toBeNull()
}

function read(vmUuid: VmUuid): Promise<HistoryAnswer> {
  const nowMs = Date.now()
  const series = [
    { entity: { serverId: serverId(), kind: 'vm' as const, key: vmUuid }, metrics: ['cpuUsedRatio'] }
  ]
  const query = { series, fromAtMs: nowMs - 600_000, toAtMs: nowMs + 1_000, maxPoints: 20_000 }
  return engine.handlers['history.read'](query, { signal: life.signal })
}
/** Times of the raw values of a VM. */
/** Gaps of the VM's own, as its chart shows them. */
const gapsOf = async (name: string): Promise<{ reason: string; isOpen: boolean }[]> => {
  const vmUuid = uuidOf(name)
  const answer = await read(vmUuid)
  return answer.gaps
    .filter((gap) => gap.vmUuid === vmUuid)
    .map(({ reason, toAtMs }) => ({ reason, isOpen: toAtMs === null }))
}

const rowsOf = async (name: string): Promise<number[]> => {
  const { level, atMs, series } = await read(uuidOf(name))
  expect(level).toBe('raw')
  return atMs.filter((_at, index) => typeof series[0]?.mean[index] === 'number')
}
const rowsSince = async (name: string, sinceMs: number): Promise<number> =>
  (await rowsOf(name)).filter((atMs) => atMs > sinceMs).length

it('marks within two seconds what somebody else does to a VM, for who watches and for who asks later', async () => {
  await listed('db-primary')
  const watched: HistoryMark[] = []
  const watching = (async () => {
    const marks = engine.handlers['history.watchMarks']({ serverIds: [serverId()] }, { signal: life.signal })
    for await (const mark of marks) watched.push(mark)
  })()
  const actedAtMs = Date.now()
  await fleet.control.execute({ kind: 'act', server: SERVER, vm: 'db-primary', action: 'forceOff' })
  await expect.poll(() => watched, { timeout: MARK_DEADLINE_MS, interval: 20 }).toHaveLength(1)
  const event = {
    kind: 'machineState',
    vmUuid: uuidOf('db-primary'),
    name: 'db-primary',
    from: 'running',
    to: 'shutOff'
  }
  expect(watched[0]).toMatchObject({ serverId: serverId(), event })
  expect((watched[0]?.atMs ?? 0) - actedAtMs).toBeLessThan(MARK_DEADLINE_MS)
  const { marks } = await engine.handlers['history.marks'](
    { serverIds: [serverId()], fromAtMs: actedAtMs - 1_000, toAtMs: Date.now() + 1_000 },
    { signal: life.signal }
  )
  expect(marks).toEqual(watched)
  life.abort()
  await watching
})

it('keeps no row of a VM that is not collected, also after a restart, while the others go on', async () => {
  await listed('db-primary')
  await expect.poll(() => rowsOf('db-primary'), { timeout: VALUES_DEADLINE_MS }).not.toHaveLength(0)
  const choice = { serverId: serverId(), vmUuid: uuidOf('db-primary') }
  await engine.handlers['machines.setCollecting']({ ...choice, collecting: false }, { signal: life.signal })
  const stoppedAtMs = Date.now()
  const others = () => rowsSince('web-01', stoppedAtMs)
  await expect.poll(others, { timeout: VALUES_DEADLINE_MS }).toBeGreaterThan(2)
  expect(await rowsSince('db-primary', stoppedAtMs)).toBe(0)
  expect(await gapsOf('db-primary')).toEqual([{ reason: 'collectionStopped', isOpen: true }])
  await close()
  await open()
  const reopenedAtMs = Date.now()
  await expect
    .poll(() => rowsSince('web-01', reopenedAtMs), { timeout: VALUES_DEADLINE_MS })
    .toBeGreaterThan(1)
  expect(await rowsSince('db-primary', stoppedAtMs)).toBe(0)
  await engine.handlers['machines.setCollecting']({ ...choice, collecting: true }, { signal: life.signal })
  await expect
    .poll(() => rowsSince('db-primary', stoppedAtMs), { timeout: VALUES_DEADLINE_MS })
    .toBeGreaterThan(0)
  expect(await gapsOf('db-primary')).toEqual([{ reason: 'collectionStopped', isOpen: false }])
})
