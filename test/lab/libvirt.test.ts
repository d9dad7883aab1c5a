/** The libvirt driver over real ssh against a real libvirtd: what it leaves behind, and what a stuck host costs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VmUuid } from '#contract/ids.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { HypervisorSession } from '../../src-main/application/machines/hypervisor.ts'
import type { Connection } from '../../src-main/application/servers/connection.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { connectTo, labConnector } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab2'
const signal = (ms = 30_000): AbortSignal => AbortSignal.timeout(ms)
const isVirsh = (commandLine: string): boolean => /(^|\/)virsh\b/.test(commandLine)

describe.skipIf(missing !== null)(`libvirt by virsh${missing === null ? '' : ` (${missing})`}`, () => {
  let connector: ReturnType<typeof labConnector>
  let connection: Connection
  let session: HypervisorSession
  let strangers: readonly number[]

  const hypervisor = createHypervisor({ log: silentLog, clock: systemClock })
  /** Processes of virsh that this test's console has on the server. */
  const virshPids = (): number[] => lab.processesOf(SERVER, isVirsh).filter((pid) => !strangers.includes(pid))

  beforeEach(async () => {
    connector = labConnector()
    strangers = lab.processesOf(SERVER, isVirsh)
    connection = await connectTo(connector, { server: SERVER, user: 'op' })
    session = await hypervisor.open(connection, { signal: signal() })
    await session.list(signal())
  })

  afterEach(async () => {
    await lab.restoreLab()
    connection.close()
    connector.close()
  })

  async function stuckWorkers(): Promise<number> {
    const { stdout } = await lab.inServer(SERVER, ['virt-admin', 'server-threadpool-info', 'libvirtd'])
    const numberOf = (name: string): number =>
      Number(new RegExp(`^${name}\\s*: (\\d+)`, 'm').exec(stdout)?.[1])
    return numberOf('nWorkers') - numberOf('freeWorkers')
  }

  const act = (guest: lab.LabGuest, action: MachineAction, seenName = guest.name) =>
    session.act(
      { uuid: VmUuid.parse(guest.uuid), action, seenName },
      { beforeSend: async () => undefined, afterSend: async () => undefined },
      signal()
    )

  it('has two virsh on the server while it is open, and none after it', async () => {
    await session.stats('full', signal())
    expect(virshPids()).toHaveLength(2)
    session.close()
    await lab.eventually('both are gone', () => virshPids().length === 0, 5_000)
  })

  it('leaves no virsh behind when the connection is cut', async () => {
    await session.stats('full', signal())
    expect(virshPids()).toHaveLength(2)
    connection.close()
    await lab.eventually('both are gone', () => virshPids().length === 0, 5_000)
  })

  it('costs one stuck worker per hung VM, over many rounds and over new connections', async () => {
    const hung = lab.labGuest(SERVER, 'web')
    const other = lab.labGuest(SERVER, 'deaf')
    await session.stats('full', signal())
    const before = await stuckWorkers()
    lab.stopGuest(SERVER, hung.uuid)
    for (let round = 0; round < 6; round++) {
      const { machines, notResponding } = await session.stats(round % 2 === 0 ? 'fast' : 'full', signal())
      expect(notResponding).toEqual([hung.uuid])
      expect(machines.map(({ uuid }) => uuid)).toEqual([other.uuid])
    }
    expect(await stuckWorkers()).toBe(before + 1)
    for (let again = 0; again < 3; again++) {
      session.close()
      session = await hypervisor.open(connection, { signal: signal() })
      expect((await session.stats('full', signal())).notResponding).toEqual([hung.uuid])
    }
    expect(await stuckWorkers()).toBe(before + 1)
    await lab.eventually('the dropped lanes are gone', () => virshPids().length <= 2, 5_000)
    lab.continueProcess(lab.qemuPid(SERVER, hung.uuid))
    await lab.eventually('the worker is free', async () => (await stuckWorkers()) === before, 10_000)
    expect((await session.stats('fast', signal())).notResponding).toEqual([])
  })

  it('forces off a VM that hangs, and refuses what would wait for it', async () => {
    const hung = lab.labGuest(SERVER, 'web')
    lab.restoreGuest(SERVER, hung.uuid)
    lab.stopGuest(SERVER, hung.uuid)
    expect((await session.stats('fast', signal())).notResponding).toEqual([hung.uuid])
    await expect(act(hung, 'pause')).rejects.toMatchObject({ code: 'vmNotResponding' })
    expect(await act(hung, 'forceOff')).toBe('done')
    expect((await session.stats('fast', signal())).notResponding).toEqual([])
  })

  it('says that libvirtd is down when it takes connections and answers nothing', async () => {
    const pid = lab.libvirtdPid(SERVER)
    lab.stopProcess(pid)
    const startedMs = performance.now()
    await expect(session.stats('fast', signal())).rejects.toMatchObject({ code: 'libvirtDaemonDown' })
    await session.closed
    expect(performance.now() - startedMs).toBeLessThan(15_000)
    await expect(hypervisor.open(connection, { signal: signal() })).rejects.toMatchObject({
      code: 'libvirtDaemonDown'
    })
    await lab.eventually('nobody waits for it', () => virshPids().length === 0, 15_000)
    lab.continueProcess(pid)
    session = await hypervisor.open(connection, { signal: signal() })
    expect((await session.list(signal())).length).toBeGreaterThanOrEqual(2)
  })

  it('pushes a change outside in less than a second, twenty times', async () => {
    const guest = lab.labGuest(SERVER, 'web')
    lab.restoreGuest(SERVER, guest.uuid)
    let changed = Promise.withResolvers<void>()
    session.onChange(() => changed.resolve())
    await systemClock.sleep(1_500, signal())
    const seenMs: number[] = []
    for (let turn = 0; turn < 20; turn++) {
      changed = Promise.withResolvers()
      const startedMs = performance.now()
      const command = lab.virsh(SERVER, turn % 2 === 0 ? 'suspend' : 'resume', guest.uuid)
      await changed.promise
      const listed = await session.list(signal())
      expect(listed.find(({ uuid }) => uuid === guest.uuid)?.state).toBe(
        turn % 2 === 0 ? 'paused' : 'running'
      )
      seenMs.push(performance.now() - startedMs)
      await command
    }
    seenMs.sort((a, b) => a - b)
    console.log(
      `suspend/resume outside → list: median ${seenMs[10]?.toFixed(0)} ms, max ${seenMs.at(-1)?.toFixed(0)} ms`
    )
    expect(seenMs.at(-1)).toBeLessThan(1_000)
  })

  it('never acts on the wrong VM, when names are UUIDs and numbers and change in between', async () => {
    const turns = process.env.VIRTHELM_LONG === '1' ? 200 : 20
    const [a, b] = [
      VmUuid.parse('00000000-0000-4000-8000-00000000000a'),
      VmUuid.parse('00000000-0000-4000-8000-00000000000b')
    ]
    const xml = (uuid: string, name: string): string =>
      `<domain type='qemu'><name>${name}</name><uuid>${uuid}</uuid><memory unit='MiB'>16</memory><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>`
    const define = async (uuid: string, name: string): Promise<void> => {
      const script = `f=$(mktemp -p /run); printf '%s' "$0" > "$f"; virsh -q define "$f"; rm "$f"`
      await lab.inServer(SERVER, ['sh', '-c', script, xml(uuid, name)])
    }
    lab.onRestore(async () => {
      for (const uuid of [a, b]) {
        await lab.inServer(SERVER, [
          'sh',
          '-c',
          'virsh -q destroy "$0"; virsh -q undefine "$0" || true',
          uuid
        ])
      }
    })
    await define(a, 'first')
    await define(b, a)
    let wrong = 0
    for (let turn = 0; turn < turns; turn++) {
      const name = turn % 2 === 0 ? 'first' : '12'
      const listed = await session.list(signal())
      const seen = listed.find(({ uuid }) => uuid === a)?.name ?? ''
      // Between the operator's look and the act the VM gets another name.
      if (turn % 3 === 0 && seen !== name)
        await lab.inServer(SERVER, ['virsh', '-q', 'domrename', seen, name])
      const guest = { ...lab.labGuest(SERVER, 'web'), uuid: a, name: seen }
      const outcome = await act(guest, 'start').catch((error: { code: string }) => error.code)
      const states = new Map((await session.list(signal())).map(({ uuid, state }) => [uuid, state]))
      if (states.get(b) !== 'shutOff') wrong++
      if (outcome === 'done' && states.get(a) === 'shutOff') wrong++
      if (outcome !== 'done') expect(outcome).toBe('vmChanged')
      else expect(await act(guest, 'forceOff')).toBe('done')
    }
    expect(wrong).toBe(0)
  })
})
