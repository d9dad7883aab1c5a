import { afterEach, describe, expect, it } from 'vitest'
import { VmUuid } from '#contract/ids.ts'
import { connectToDemo } from '../../test/fakes/demo-connection.ts'
import { systemClock } from '../application/clock.ts'
import { clonePlanOf } from '../application/clones/clone-rules.ts'
import { makeClone } from '../application/clones/clone-work.ts'
import { mergeBack } from '../application/snapshots/merge-back.ts'
import { boardOf } from '../application/snapshots/snapshot-rules.ts'
import { createSnapshot, revertToSnapshot } from '../application/snapshots/snapshot-work.ts'
import { createHypervisor } from '../remote/libvirt/hypervisor.ts'
import { startDemoFleet } from './index.ts'

const signal = new AbortController().signal
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => 'incident' }
const journal = { beforeSend: async () => undefined, afterSend: async () => undefined }
const progress = () => undefined
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function open() {
  const fleet = await startDemoFleet()
  cleanUps.push(() => fleet.close())
  const [server] = fleet.servers
  if (server === undefined) throw new Error('no demo server')
  const connection = await connectToDemo(server)
  cleanUps.push(() => {
    connection.close()
  })
  const session = await createHypervisor({ log, clock: systemClock }).open(connection, { signal })
  cleanUps.push(() => {
    session.close()
  })
  const { domains } = fleet.control.server('kvm-alpha').host
  const uuidOf = (name: string) => VmUuid.parse(domains.find((domain) => domain.name === name)?.uuid)
  return { session, uuidOf }
}

describe('snapshots and clones of the demo fleet, through the console’s own virsh', () => {
  it('a tree with branches, a new one on top, and back to an old one', async () => {
    const { session, uuidOf } = await open()
    const uuid = uuidOf('staging')
    const { snapshots: host } = session
    const board = async () =>
      boardOf(await host.read({ uuid, seenName: 'staging' }, signal), host.libvirtVersion)
    expect((await board()).snapshots).toHaveLength(6)
    const vm = { uuid, seenName: 'staging' }
    const work = { host, vm, journal, signal, nowMs: Date.now, progress }
    await createSnapshot(work, { name: 'new', description: '', way: 'internal', quiesce: false })
    const top = (await board()).snapshots.find(({ name }) => name === 'new')
    expect(top).toMatchObject({ parentName: 'release-2.5-rc1', isCurrent: true, hasMemory: true })
    await revertToSnapshot(work, {
      snapshot: 'configured',
      then: 'asTaken',
      keepPresentAs: null,
      typedName: 'staging'
    })
    expect(await board()).toMatchObject({ state: 'shutOff' })
  })

  it('an external chain, merged back', async () => {
    const { session, uuidOf } = await open()
    const vm = { uuid: uuidOf('web-01'), seenName: 'web-01' }
    const { snapshots: host } = session
    // No waiting: the copy of the demo goes by the time of day.
    let nowMs = Date.now()
    const clock = { ...systemClock, sleep: async () => void (nowMs += 60_000) }
    const work = { host, vm, journal, signal, nowMs: () => nowMs, progress, clock }
    expect(await mergeBack(work, 'before-php')).toMatchObject({ mergedDisks: 1, leftFiles: [] })
    expect((await host.read({ ...vm }, signal)).snapshots).toEqual([])
  }, 60_000)

  it('a clone, which is in the list', async () => {
    const { session, uuidOf } = await open()
    const vmUuid = uuidOf('old-wiki')
    const { clones: host } = session
    expect(clonePlanOf(await host.read({ uuid: vmUuid, seenName: null }, signal))).toMatchObject({
      canFull: null,
      canLink: null
    })
    const result = await makeClone(
      { host, journal, clock: systemClock, signal, progress },
      {
        serverId: '00000000-0000-4000-8000-000000000000' as never,
        vmUuid,
        seenName: 'old-wiki',
        name: 'new <wiki>',
        mode: 'linked',
        poolUuid: null,
        keepMedia: false,
        markTemplate: true,
        start: true
      }
    )
    expect(result.startFailed).toBeNull()
    const list = await session.list(signal)
    expect(list.find(({ uuid }) => uuid === result.vmUuid)).toMatchObject({
      name: 'new <wiki>',
      state: 'running'
    })
    expect(list.find(({ uuid }) => uuid === vmUuid)?.template).toBe(true)
  })
})
