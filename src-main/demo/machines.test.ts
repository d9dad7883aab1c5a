import { afterEach, describe, expect, it } from 'vitest'
import { connectToDemo } from '../../test/fakes/demo-connection.ts'
import { systemClock } from '../application/clock.ts'
import { createHypervisor } from '../remote/libvirt/hypervisor.ts'
import { startDemoFleet, type DemoFleet, type DemoServer } from './index.ts'

const signal = new AbortController().signal
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => 'incident' }
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function start(): Promise<DemoFleet> {
  const fleet = await startDemoFleet()
  cleanUps.push(() => fleet.close())
  return fleet
}

describe('libvirt of a demo server, through the console’s own virsh', () => {
  const open = async (server: DemoServer | undefined) => {
    if (server === undefined) throw new Error('no such server')
    const connection = await connectToDemo(server)
    cleanUps.push(() => {
      connection.close()
    })
    const session = await createHypervisor({ log, clock: systemClock }).open(connection, { signal })
    cleanUps.push(() => {
      session.close()
    })
    return session
  }

  it('lists the VMs of the profile with plausible values', async () => {
    const { servers, control } = await start()
    const session = await open(servers[0])
    const { domains } = control.server('kvm-alpha').host
    expect((await session.list(signal)).map(({ uuid, name }) => `${uuid} ${name}`).sort()).toEqual(
      domains.map(({ uuid, name }) => `${uuid} ${name}`).sort()
    )
    await session.stats('full', signal)
    await systemClock.sleep(300, signal)
    const { machines, notResponding } = await session.stats('full', signal)
    expect(notResponding).toEqual([])
    const database = machines.find(
      ({ uuid }) => domains.find(({ name }) => name === 'db-primary')?.uuid === uuid
    )
    expect(database?.values.values.cpuUsedRatio).toBeGreaterThan(0)
    expect(database?.values.values.cpuUsedRatio).toBeLessThanOrEqual(1)
    expect(database?.values.values.memoryUsedRatio).toBeGreaterThan(0.5)
    expect(database?.values.values.diskWriteBytesPerSec).toBeGreaterThan(0)
    const windows = machines.find(
      ({ uuid }) => domains.find(({ name }) => name === 'windows-ad')?.uuid === uuid
    )
    expect(windows?.memoryUnknown).toBe('noBalloonPeriod')
  })

  it('starts and stops a VM, and tells what somebody else did', async () => {
    const { servers, control } = await start()
    const session = await open(servers[0])
    const changed = new Promise<void>((resolve) => {
      session.onChange(resolve)
    })
    const find = async () => {
      const machine = (await session.list(signal)).find(({ name }) => name === 'old-wiki')
      if (machine === undefined) throw new Error('no such VM')
      return machine
    }
    const journal = { beforeSend: async () => undefined, afterSend: async () => undefined }
    const { uuid } = await find()
    const act = (action: 'start' | 'forceOff') =>
      session.act({ uuid, action, seenName: 'old-wiki' }, journal, signal)
    expect(await act('start')).toBe('done')
    expect((await find()).state).toBe('running')
    expect(await act('start')).toBe('already')
    expect(await act('forceOff')).toBe('done')
    expect((await find()).state).toBe('shutOff')
    await control.execute({ kind: 'act', server: 'kvm-alpha', vm: 'old-wiki', action: 'start' })
    await changed
    expect((await find()).state).toBe('running')
  })

  it('a hung VM does not hold the others up', async () => {
    const { servers, control } = await start()
    const session = await open(servers[0])
    await session.stats('full', signal)
    await control.execute({ kind: 'hang', server: 'kvm-alpha', vm: 'web-01', hung: true })
    const hungUuid = control.server('kvm-alpha').host.domains.find(({ name }) => name === 'web-01')?.uuid
    const round = await session.stats('full', signal)
    expect(round.notResponding).toEqual([hungUuid])
    expect(round.machines.length).toBeGreaterThanOrEqual(6)
  })

  it('is missing on the storage server and down when its daemon is', async () => {
    const { servers, control } = await start()
    await expect(open(servers[3])).rejects.toMatchObject({ code: 'libvirtMissing' })
    await control.execute({ kind: 'faults', server: 'kvm-bravo', faults: { libvirtDown: true } })
    await expect(open(servers[1])).rejects.toMatchObject({ code: 'libvirtDaemonDown' })
  })
})
