import { afterEach, describe, expect, it } from 'vitest'
import { VmUuid } from '#contract/ids.ts'
import { connectToDemo } from '../../test/fakes/demo-connection.ts'
import { silentLog } from '../../test/fakes/engine-parts.ts'
import { systemClock } from '../application/clock.ts'
import { planDeletion } from '../application/deletion/plan.ts'
import { createHypervisor } from '../remote/libvirt/hypervisor.ts'
import { startDemoFleet } from './index.ts'

const signal = new AbortController().signal
const journal = { beforeSend: async () => undefined, afterSend: async () => undefined }
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

describe('deleting a machine of the demo fleet', () => {
  it('surveys, undefines, and deletes its disk as a real server does', async () => {
    const fleet = await startDemoFleet()
    cleanUps.push(() => fleet.close())
    const { servers, control } = fleet
    const { host } = control.server('kvm-alpha')
    if (servers[0] === undefined) throw new Error('no server')
    const connection = await connectToDemo(servers[0])
    cleanUps.push(() => connection.close())
    const session = await createHypervisor({ log: silentLog, clock: systemClock }).open(connection, {
      signal
    })
    cleanUps.push(() => session.close())
    // One without snapshots: its disk is one file.
    // web-01 has snapshots: its disk is a chain.
    const domain = host.domains.find(({ state, name }) => state === 'running' && name !== 'web-01')
    if (domain === undefined) throw new Error('none runs')
    const { uuid, name, disks } = domain
    const { deletion } = session
    const read = () => deletion.survey(signal)
    const vmUuid = VmUuid.parse(uuid)
    const plan = planDeletion(await read(), vmUuid, name, (step) => deletion.commandOf(step))
    expect(plan.view).toMatchObject({ active: true, persistent: true, isProtected: false })
    expect(plan.view.files).toMatchObject([{ path: disks[0]?.source, lock: null, pool: 'images' }])
    await deletion.run({ kind: 'forceOff', uuid: vmUuid, name }, journal, signal)
    await deletion.run(plan.undefine, journal, signal)
    expect(host.domains.some((one) => one.uuid === uuid)).toBe(false)
    const [file] = plan.files
    if (file === undefined || file.step === null) throw new Error('no volume to delete')
    expect((await read()).volumes.map(({ path }) => path)).toContain(file.path)
    await deletion.run(file.step, journal, signal)
    expect((await read()).volumes.map(({ path }) => path)).not.toContain(file.path)
  })
})
