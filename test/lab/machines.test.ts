/** VMs through the whole engine: real ssh, real libvirt, real guests with hostile names. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VmUuid } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { actOnMachine } from '../../src-main/application/machines/act.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const INTERVAL_MS = 5_000

describe.skipIf(missing !== null)(`VMs of real servers${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole

  beforeEach(() => {
    const hypervisor = createHypervisor({ log: silentLog, clock: systemClock })
    console_ = startLabConsole(hypervisor, INTERVAL_MS)
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
  })

  const viewOf = (server: ServerRuntime, guest: lab.LabGuest): MachineView => {
    const view = server.machines.view(guest.uuid as VmUuid)
    if (view === null) throw new Error(`${guest.name} is not shown`)
    return view
  }

  async function addWithMachines(name: string, user = 'op'): Promise<ServerRuntime> {
    const server = await console_.add({ server: name, user })
    const guests = lab.labServer(name).guests
    await lab.eventually(
      'its machines are shown',
      () => server.machines.views().length >= guests.length,
      20_000
    )
    return server
  }

  const act = (server: ServerRuntime, guest: lab.LabGuest, action: MachineAction, seenName = guest.name) =>
    actOnMachine(
      { runtime: server, vmUuid: guest.uuid as VmUuid, action, seenName },
      { journal: console_.storage.asStorage().journal, clock: systemClock, onJournal: () => undefined },
      AbortSignal.timeout(30_000)
    )

  it('shows every guest by its own name with live values, on one login', async () => {
    const logins = lab.loginCount('lab1', 'op')
    const server = await addWithMachines('lab1')
    const guests = lab.labServer('lab1').guests
    for (const guest of guests) expect(viewOf(server, guest).name).toBe(guest.name)
    const running = guests.filter((guest) => guest.start)
    await lab.eventually(
      'all running ones have values',
      () =>
        running.every((guest) => {
          const now = viewOf(server, guest).now
          return now !== null && now.memoryUsedRatio !== null && now.cpuUsedRatio !== null
        }),
      30_000
    )
    for (const guest of running) {
      const now = viewOf(server, guest).now
      expect(now?.memoryUsedRatio).toBeGreaterThan(0.05)
      expect(now?.memoryUsedRatio).toBeLessThan(1)
      expect(now?.diskCapacityBytes).toBe(64 * 1024 ** 2)
    }
    expect(lab.loginCount('lab1', 'op')).toBe(logins + 1)
  })

  it('shows what happens outside the console in less than a second', async () => {
    const server = await addWithMachines('lab2')
    const guest = lab.labGuest('lab2', 'web')
    await lab.eventually('it is running', () => viewOf(server, guest).state === 'running')
    await lab.destroyGuest('lab2', guest.uuid)
    const seenMs = await lab.eventually(
      'it is seen',
      () => viewOf(server, guest).state === 'shutOff',
      5_000,
      5
    )
    console.log(`virsh destroy seen ${seenMs.toFixed(0)} ms after it had returned`)
    expect(seenMs).toBeLessThan(1_000)
    await lab.startGuest('lab2', guest.uuid)
    await lab.eventually('its start is seen', () => viewOf(server, guest).state === 'running', 1_000)
  })

  it('marks a hung VM within 15 s, while the host and the other four keep every tick', async () => {
    const server = await addWithMachines('lab1')
    const hung = lab.labGuest('lab1', '<b>x')
    const others = lab.labServer('lab1').guests.filter((guest) => guest.start && guest.uuid !== hung.uuid)
    await lab.eventually(
      'all have values',
      () => others.every((guest) => viewOf(server, guest).now !== null),
      20_000
    )
    lab.stopGuest('lab1', hung.uuid)
    const stoppedAtMs = Date.now()
    const markedMs = await lab.eventually(
      'it is marked',
      () => viewOf(server, hung).notRespondingSinceAtMs !== null,
      20_000
    )
    await systemClock.sleep(13_000, AbortSignal.timeout(60_000))
    console.log(`hung VM marked after ${markedMs.toFixed(0)} ms`)
    expect(markedMs).toBeLessThan(15_000)
    const keys = ['', ...others.map((guest) => guest.uuid)]
    for (const key of keys) expect([key, longestPauseMs(key, stoppedAtMs)]).toEqual([key, expect.any(Number)])
    for (const key of keys) expect(longestPauseMs(key, stoppedAtMs), key).toBeLessThan(INTERVAL_MS * 1.5)
    expect(others.every((guest) => viewOf(server, guest).notRespondingSinceAtMs === null)).toBe(true)
    lab.continueProcess(lab.qemuPid('lab1', hung.uuid))
    await lab.eventually(
      'it is well again',
      () => viewOf(server, hung).notRespondingSinceAtMs === null,
      20_000
    )
  })

  /** Longest time between two ticks of a VM (or of the host: '') with CPU in them, from shortly before `sinceAtMs` on. */
  function longestPauseMs(key: string, sinceAtMs: number): number {
    const times = console_.storage.ticks
      .filter((tick) => tick.atMs >= sinceAtMs - INTERVAL_MS)
      .filter((tick) => tick.entities.some((entity) => entity.key === key && 'cpuUsedRatio' in entity.values))
      .map((tick) => tick.atMs)
    const pauses = [...times, Date.now()].map((atMs, index) => atMs - (times[index - 1] ?? atMs))
    return times.length < 3 ? Number.POSITIVE_INFINITY : Math.max(...pauses)
  }

  it('acts on names that break other programs, and on nothing else', async () => {
    const server = await addWithMachines('lab1')
    const before = await lab.writableFiles('lab1')
    const off = lab.labGuest('lab1', `;reboot "o'clock"`)
    lab.restoreGuest('lab1', off.uuid)
    expect(await act(server, off, 'start')).toBe('done')
    expect(await act(server, off, 'start')).toBe('already')
    await lab.eventually('it runs', () => viewOf(server, off).state === 'running')
    expect(await act(server, off, 'forceOff')).toBe('done')
    await lab.eventually('it is off', () => viewOf(server, off).state === 'shutOff')
    for (const name of ['$(id)', '-H', '<b>x', '12', '虚拟机']) {
      const guest = lab.labGuest('lab1', name)
      lab.restoreGuest('lab1', guest.uuid)
      const bystanders = lab.labServer('lab1').guests.filter((one) => one.uuid !== guest.uuid)
      const states = bystanders.map((one) => viewOf(server, one).state)
      expect(await act(server, guest, 'pause')).toBe('done')
      await lab.eventually(`${name} is paused`, () => viewOf(server, guest).state === 'paused')
      expect(bystanders.map((one) => viewOf(server, one).state)).toEqual(states)
      expect(await act(server, guest, 'resume')).toBe('done')
      await lab.eventually(`${name} runs`, () => viewOf(server, guest).state === 'running')
    }
    expect(console_.storage.journal.map((row) => row.outcome)).not.toContain('pending')
    const made = [...(await lab.writableFiles('lab1')).keys()].filter((path) => !before.has(path))
    expect(made.filter((path) => !/^\/(run|var\/(lib|cache|log))\/libvirt\//.test(path))).toEqual([])
  })

  it('does nothing when the name behind the UUID is another one', async () => {
    const server = await addWithMachines('lab2')
    const guest = lab.labGuest('lab2', 'web')
    await expect(act(server, guest, 'forceOff', 'wet')).rejects.toMatchObject({ code: 'vmChanged' })
    await systemClock.sleep(500, AbortSignal.timeout(5_000))
    expect(viewOf(server, guest).state).toBe('running')
  })

  it('says what an account may not do', async () => {
    const capability = (server: ServerRuntime, id: string) =>
      server.view().capabilities.find((one) => one.id === id)
    const reader = await addWithMachines('lab1', 'plain')
    expect(capability(reader, 'libvirt')).toMatchObject({ works: true })
    expect(capability(reader, 'libvirtWrite')).toMatchObject({ works: false, cause: 'permissionDenied' })
    const stranger = await console_.add({ server: 'lab2', user: 'plain' })
    await lab.eventually('it is told', () => capability(stranger, 'libvirt') !== undefined, 20_000)
    expect(capability(stranger, 'libvirt')).toMatchObject({ works: false, cause: 'permissionDenied' })
    const without = await console_.add({ server: 'lab3', user: 'op' })
    await lab.eventually('it is told', () => capability(without, 'libvirt') !== undefined, 20_000)
    expect(capability(without, 'libvirt')).toMatchObject({ works: false, cause: 'toolMissing' })
    expect(without.view().presence).toBe('ON')
  })

  it('takes libvirt up again after it crashed, and the host never missed a tick', async () => {
    const server = await addWithMachines('lab2')
    const guest = lab.labGuest('lab2', 'web')
    const crashedAtMs = Date.now()
    lab.killLibvirtd('lab2')
    await lab.eventually('the session is gone', () => server.session === null, 15_000)
    await lab.startLibvirtd('lab2')
    await lab.eventually('it is taken up', () => server.session !== null, 20_000)
    await lab.eventually('it is shown', () => viewOf(server, guest).state === 'running')
    const ticks = console_.storage.ticks.length
    await lab.eventually('three more ticks', () => console_.storage.ticks.length >= ticks + 3, 30_000)
    expect(longestPauseMs('', crashedAtMs)).toBeLessThan(INTERVAL_MS * 1.5)
  })
})
