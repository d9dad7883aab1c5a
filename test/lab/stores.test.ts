/** Pools, volumes and networks through the whole engine: real ssh, real libvirt, and virsh asked from outside. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StorageView } from '#contract/storage.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { StoreBoards } from '../../src-main/application/stores/store-boards.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab1'
const POOL = 'stores-dir'
const FOLDER = `/var/lib/libvirt/${POOL}`

describe.skipIf(missing !== null)(`storage of real servers${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let boards: StoreBoards
  let server: ServerRuntime

  beforeEach(async () => {
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), 5_000)
    boards = new StoreBoards({ directory: console_.directory, clock: systemClock, log: silentLog })
    server = await console_.add({ server: SERVER, user: 'op' })
    await lab.eventually('libvirt is reached', () => server.session !== null, 20_000)
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
  })

  const virsh = async (...words: string[]): Promise<string> =>
    (await lab.inServer(SERVER, ['virsh', '-q', '-c', 'qemu:///system', ...words])).stdout

  const read = (): Promise<StorageView> => boards.of(server.record.id).storage.reload()
  const poolOf = (view: StorageView, name = POOL) => {
    const pool = view.pools.find((one) => one.name === name)
    if (pool === undefined) throw new Error(`no pool ${name}`)
    return pool
  }
  const volumesOf = (view: StorageView, name = POOL) =>
    view.contents.find(({ poolUuid }) => poolUuid === poolOf(view, name).uuid)?.volumes ?? []

  async function makePool(): Promise<void> {
    lab.onRestore(async () => {
      await lab.inServer(SERVER, ['virsh', '-q', 'pool-destroy', POOL], { check: false })
      await lab.inServer(SERVER, ['virsh', '-q', 'pool-undefine', POOL], { check: false })
      await lab.inServer(SERVER, ['rm', '-rf', FOLDER])
    })
    await lab.inServer(SERVER, ['mkdir', '-p', FOLDER])
    await virsh('pool-define-as', POOL, 'dir', '--target', FOLDER)
    await virsh('pool-start', POOL)
  }

  it('shows pools and volumes as virsh does, whatever their names are', async () => {
    await makePool()
    const names = [
      'plain.qcow2',
      'two  blanks.raw',
      '-H',
      '$(id).img',
      '<b>x',
      '磁盘',
      " it's",
      'back\\xe7slash',
      'two\nlines'
    ]
    for (const name of names) await lab.inServer(SERVER, ['truncate', '-s', '1M', `${FOLDER}/${name}`])
    await virsh('pool-refresh', POOL)
    const startedMs = performance.now()
    const view = await read()
    console.log(`storage of ${SERVER} read in ${(performance.now() - startedMs).toFixed(0)} ms`)
    expect(view.error).toBeNull()
    expect(view.usesKnown).toBe(true)
    expect(poolOf(view)).toMatchObject({ type: 'dir', state: 'running', targetPath: FOLDER })
    expect(volumesOf(view).map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    expect(volumesOf(view)).toHaveLength(names.length)
  })
})
