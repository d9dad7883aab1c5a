import { afterEach, describe, expect, it } from 'vitest'
import type { ServerId } from '#contract/ids.ts'
import { type Capability, ServerDraft } from '#contract/servers.ts'
import { FakeWorld } from '../../../test/fakes/directory.ts'
import { composeTables, hexDump, memoryDevice, system } from '../../demo/tools/smbios.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { LaneReading, TelemetryLane } from '../telemetry/lane.ts'
import { createFirmwareLane, type FirmwareAnswer } from './firmware-lane.ts'
import { Telemetry } from '../telemetry/telemetry.ts'
import { createSudoLane } from './sudo-lane.ts'

let directory: ServerDirectory | null = null
afterEach(() => directory?.close())

const draft = (changes: Partial<ServerDraft> = {}): ServerDraft =>
  ServerDraft.parse({ name: 'one', connection: { host: '192.0.2.1', user: 'op' }, ...changes })

async function online(world: FakeWorld, changes: Partial<ServerDraft> = {}): Promise<ServerId> {
  directory = world.open()
  const id = await directory.add(draft(changes), undefined)
  await world.clock.advance(10_000)
  return id
}
const view = (id: ServerId) => {
  if (directory === null) throw new Error('not open')
  return directory.get(id).view()
}
const entry = (id: ServerId, which: Capability['id']) =>
  view(id).capabilities.find((each) => each.id === which)

/** Reads once an hour; what it says is set by the test. */
function slowLane(): { lane: TelemetryLane; says: Capability; reads: number } {
  const slow: { says: Capability; reads: number; lane: TelemetryLane } = {
    says: { id: 'gpu', works: true, cause: null, fix: null },
    reads: 0,
    lane: {
      id: 'slow',
      everyMs: () => 3_600_000,
      open: () => ({
        read: (): Promise<LaneReading> => {
          slow.reads++
          return Promise.resolve({ entities: [], capabilities: [slow.says] })
        },
        close: () => undefined
      }),
      capabilitiesOf: () => [slow.says]
    }
  }
  return slow
}

describe('a server asked to read now', () => {
  it('ends the pauses of its lanes, reads its facts anew, and says when it was asked', async () => {
    const world = new FakeWorld()
    const slow = slowLane()
    world.telemetry = new Telemetry([{ lanes: [slow.lane] }])
    const id = await online(world)
    expect(slow.reads).toBe(1)
    const factsAtMs = view(id).factsAtMs ?? 0
    const checkedAtMs = entry(id, 'gpu')?.checkedAtMs ?? 0
    await world.clock.advance(600_000)
    expect(slow.reads).toBe(1)
    expect(view(id).factsAtMs).toBe(factsAtMs)
    directory?.get(id).readNow()
    await world.clock.advance(6_000)
    expect(slow.reads).toBe(2)
    expect(entry(id, 'gpu')?.checkedAtMs).toBeGreaterThan(checkedAtMs + 500_000)
    expect(view(id).factsAtMs).toBeGreaterThan(factsAtMs)
    // Back at its own pace.
    await world.clock.advance(600_000)
    expect(slow.reads).toBe(2)
    expect(world.connector.connections).toHaveLength(1)
  })

  it('logs in anew where something is refused, without a gap and without showing OFF', async () => {
    const world = new FakeWorld()
    const slow = slowLane()
    world.telemetry = new Telemetry([{ lanes: [slow.lane] }])
    slow.says = { id: 'gpu', works: false, cause: 'permissionDenied', fix: null }
    const id = await online(world)
    directory?.get(id).readNow()
    expect(view(id).presence).toBe('ON')
    await world.clock.advance(6_000)
    expect(view(id)).toMatchObject({ presence: 'ON', connection: { kind: 'online' } })
    expect(world.connector.connections).toHaveLength(2)
    expect(slow.reads).toBe(2)
    expect(world.storage.gaps).toEqual([])
  })

  it('says so when it is not connected', async () => {
    const world = new FakeWorld()
    const id = await online(world, { collecting: false })
    expect(() => directory?.get(id).readNow()).toThrow(
      expect.objectContaining({ code: 'disconnected' }) as Error
    )
  })
})

describe('the lane of sudo', () => {
  const trial = { isRoot: false, hasSudo: true, allowsAll: true, commands: [] }

  it('says nothing while sudo is off, and is asked at once when it is switched on', async () => {
    const world = new FakeWorld()
    let trials = 0
    const probe = () => Promise.resolve({ ...trial, allowsAll: ++trials > 0 })
    world.telemetry = new Telemetry([{ lanes: [createSudoLane(probe, () => [])] }])
    const id = await online(world)
    expect(entry(id, 'sudo')).toBeUndefined()
    expect(trials).toBe(0)
    await directory?.edit(id, draft({ useSudo: true }), undefined)
    await world.clock.advance(5_000)
    expect(entry(id, 'sudo')).toMatchObject({ works: true })
    expect(world.connector.connections).toHaveLength(1)
  })

  it('is never used for root', async () => {
    const world = new FakeWorld()
    let asked = 'never'
    const lane = createFirmwareLane((_tools, sudo) => {
      asked = sudo
      return Promise.resolve({ kind: 'absent' })
    })
    world.telemetry = new Telemetry([{ lanes: [lane] }])
    await online(world, { useSudo: true, connection: { ...draft().connection, user: 'root' } })
    expect(asked).toBe('')
  })
})

describe('the firmware’s tables', () => {
  const dump = hexDump(
    composeTables([
      system('Dell Inc.', 'PowerEdge R740', '3X4MPL3'),
      memoryDevice({ slot: 'A1', sizeMib: 16_384, type: 0x1a, speed: 2933, maker: 'Samsung', part: 'M393' })
    ])
  )

  it('become facts that outlive the connection and the rights', async () => {
    const world = new FakeWorld()
    let answer: FirmwareAnswer = { kind: 'tables', dump }
    world.telemetry = new Telemetry([{ lanes: [createFirmwareLane(() => Promise.resolve(answer))] }])
    const id = await online(world)
    expect(entry(id, 'firmwareTables')).toMatchObject({ works: true })
    expect(view(id).facts).toMatchObject({ serialNumber: '3X4MPL3', memorySlots: 1, cpuThreads: 4 })
    answer = { kind: 'refused' }
    directory?.get(id).readNow()
    await world.clock.advance(10_000)
    expect(entry(id, 'firmwareTables')).toMatchObject({ works: false, cause: 'permissionDenied' })
    expect(entry(id, 'firmwareTables')?.fix).toContain('/usr/bin/cat /sys/firmware/dmi/tables/DMI')
    expect(view(id).facts?.serialNumber).toBe('3X4MPL3')
  })
})
