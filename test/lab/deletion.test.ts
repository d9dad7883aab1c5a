/** Deleting VMs of a real libvirt: what must not be lost, looked at from outside. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeletionPlan, DeletionResult } from '#contract/deletion.ts'
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { deletionHandlers } from '../../src-main/application/deletion/deletion-handlers.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import { disk, openYard, POOL, type DeletionYard } from './deletion-guests.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab2'
const signal = (ms = 120_000): AbortSignal => AbortSignal.timeout(ms)

describe.skipIf(missing !== null)(`deleting VMs${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let server: ServerRuntime
  let yard: DeletionYard
  let handlers: ReturnType<typeof deletionHandlers>
  const names = new Map<string, string>()

  beforeEach(async () => {
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), 5_000)
    const { directory, storage } = console_
    const { journal } = storage.asStorage()
    handlers = deletionHandlers({ directory, journal, clock: systemClock, onJournal: () => undefined })
    server = await console_.add({ server: SERVER, user: 'op' })
    yard = await openYard(SERVER, 'd')
    await lab.eventually('libvirt is open', () => server.session !== null, 20_000)
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
  })

  async function define(name: string, devices: string, more = ''): Promise<string> {
    const uuid = await yard.define(name, devices, more)
    names.set(uuid, name)
    return uuid
  }
  const seen = (uuid: string) => ({
    serverId: server.record.id,
    vmUuid: VmUuid.parse(uuid),
    seenName: names.get(uuid) ?? ''
  })
  const planOf = (uuid: string): Promise<DeletionPlan> =>
    handlers['deletion.plan'](seen(uuid), { signal: signal() })
  const fileOf = (plan: DeletionPlan, path: string) => {
    const file = plan.files.find((one) => one.path === path)
    if (file === undefined) throw new Error(`${path} is not in ${JSON.stringify(plan.files)}`)
    return file
  }
  interface Choice {
    readonly tick?: readonly string[]
    readonly forceOff?: boolean
    readonly typedName?: string
    readonly onProgress?: (progress: { step: string }) => void
  }
  const run = (uuid: string, plan: DeletionPlan, choice: Choice = {}): Promise<DeletionResult> =>
    handlers['deletion.run'](
      {
        ...seen(uuid),
        typedName: choice.typedName ?? names.get(uuid) ?? '',
        token: plan.token,
        files: (choice.tick ?? []).map((path) => fileOf(plan, path).id),
        forceOff: choice.forceOff ?? false
      },
      { signal: signal(), progress: choice.onProgress ?? (() => undefined) }
    )
  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'done',
      (error: unknown) => (error instanceof AppError ? [error.code, error.params.what] : error)
    )
  const commands = (): string[] => console_.storage.journal.map(({ command }) => command)

  it('keeps every file that was not ticked, and deletes exactly what was, after the machine', async () => {
    const [a, b] = [await yard.image('a.qcow2'), await yard.image('b $(id) ;x.qcow2')]
    const uuid = await define('two <disks>', disk(a) + disk(b, '', 'vdb'))
    const plan = await planOf(uuid)
    expect(plan.files.map(({ path, lock, kind }) => [path, lock, kind])).toEqual([
      [a, null, 'disk'],
      [b, null, 'disk']
    ])
    expect(plan.files[0]?.sizeBytes).toBeGreaterThan(0)
    const result = await run(uuid, plan, { tick: [b] })
    expect(result).toEqual({ machine: 'deleted', files: [{ path: b, outcome: 'deleted', error: null }] })
    expect(await yard.isDefined(uuid)).toBe(false)
    expect([await yard.exists(a), await yard.exists(b)]).toEqual([true, false])
    expect(commands()).toEqual([plan.commands.undefine, fileOf(plan, b).command])
    expect(commands().join()).not.toContain('remove-all')
  })

  it('locks what another VM uses: its disk, by another path too, its kernel, and what its images lie on', async () => {
    const base = await yard.image('base.qcow2')
    const own = await yard.image('own.qcow2', base)
    const shared = await yard.image('shared.qcow2')
    const linked = await yard.image('linked.qcow2')
    const kernel = await yard.file('kernel.img')
    await yard.sh('ln -s "$1" /var/lib/libvirt/delx2', yard.path(''))
    const overlay = await yard.image('other.qcow2', base)
    await define('sharer', disk(shared) + disk('/var/lib/libvirt/delx2/linked.qcow2', '', 'vdb'))
    await define('overlaid', disk(overlay), `<kernel>${kernel}</kernel>`)
    const uuid = await define(
      'target',
      [own, shared, linked].map((path, index) => disk(path, '', `vd${'abc'[index] ?? ''}`)).join('') +
        disk(kernel, '', 'vdd', 'raw')
    )
    const plan = await planOf(uuid)
    const locks = Object.fromEntries(plan.files.map(({ path, lock, users }) => [path, [lock, users]]))
    expect(locks).toEqual({
      [own]: [null, []],
      [shared]: ['shared', ['sharer']],
      [linked]: ['shared', ['sharer']],
      [kernel]: ['shared', ['overlaid']],
      [base]: ['backing', ['overlaid']]
    })
    for (const path of [shared, linked, kernel, base])
      expect(await codeOf(run(uuid, plan, { tick: [own, path] }))).toEqual(['invalidInput', path])
    expect(await yard.isDefined(uuid)).toBe(true)
    await run(uuid, plan, { tick: [own] })
    for (const path of [base, shared, linked, kernel, overlay]) expect(await yard.exists(path)).toBe(true)
    expect(await yard.exists(own)).toBe(false)
  })

  it('locks ISO, read-only, shareable, block device, file in no pool, and the base of a volume without a VM', async () => {
    const iso = await yard.file('install.iso')
    const [readOnly, shareable] = [await yard.image('ro.qcow2'), await yard.image('share.qcow2')]
    const base = await yard.image('lone.qcow2')
    const orphan = await yard.image('orphan.qcow2', base)
    await yard.sh(
      'mkdir -p /var/lib/libvirt/delx2; qemu-img create -q -f qcow2 /var/lib/libvirt/delx2/loose.qcow2 8M'
    )
    const uuid = await define(
      'locked',
      `<disk type='file' device='cdrom'><source file='${iso}'/><target dev='sda' bus='sata'/><readonly/></disk>` +
        disk(readOnly, '<readonly/>') +
        disk(shareable, '<shareable/>', 'vdb', 'raw') +
        disk(base, '', 'vdc') +
        disk('/var/lib/libvirt/delx2/loose.qcow2', '', 'vdd') +
        `<disk type='block' device='disk'><source dev='/dev/loop77'/><target dev='vde' bus='virtio'/></disk>` +
        `<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='export'><host name='127.0.0.1'/></source><target dev='vdf' bus='virtio'/></disk>`
    )
    await yard.sh('[ -e /dev/loop77 ] || mknod /dev/loop77 b 7 77')
    const plan = await planOf(uuid)
    expect(Object.fromEntries(plan.files.map(({ path, lock }) => [path, lock]))).toEqual({
      [iso]: 'medium',
      [readOnly]: 'readOnly',
      [shareable]: 'shareable',
      [base]: 'backingOfVolume',
      '/var/lib/libvirt/delx2/loose.qcow2': 'unmanaged',
      '/dev/loop77': 'blockDevice',
      'nbd:export': 'network'
    })
    expect(fileOf(plan, base).users).toEqual([orphan])
    await run(uuid, plan)
    for (const path of [iso, readOnly, shareable, base, orphan]) expect(await yard.exists(path)).toBe(true)
    expect(await yard.exists('/var/lib/libvirt/delx2/loose.qcow2')).toBe(true)
  })

  it('forces off a running VM only when told so, and takes managed save, snapshot, checkpoint and NVRAM along', async () => {
    const image = await yard.image('full.qcow2')
    const vars = await yard.file('vars.fd')
    const loader = await yard.file('code.fd')
    const nvram = '/var/lib/libvirt/qemu/nvram/delx_VARS.fd'
    await yard.sh('mkdir -p /var/lib/libvirt/qemu/nvram; cp "$1" "$2"', vars, nvram)
    const uuid = await define(
      'full',
      disk(image),
      `<loader readonly='yes' type='pflash'>${loader}</loader><nvram>${nvram}</nvram>`
    )
    await yard.virsh('snapshot-create-as', uuid, 'first  $(id)').catch(async () => {
      // libvirt 9 makes no internal snapshot of a VM with pflash: one of metadata alone stands for it.
      const xml = `<domainsnapshot><name>first  $(id)</name><state>shutoff</state><creationTime>1</creationTime><memory snapshot='no'/><disks><disk name='vda' snapshot='internal'/></disks>${await yard.virsh('dumpxml', uuid)}</domainsnapshot>`
      await yard.sh(
        'f=$(mktemp -p /run); printf %s "$2" > "$f"; virsh -q snapshot-create "$1" "$f" --redefine; rm "$f"',
        uuid,
        xml
      )
    })
    const point = `<domaincheckpoint><name>point</name><creationTime>1</creationTime><disks><disk name='vda' checkpoint='bitmap' bitmap='point'/></disks>${await yard.virsh('dumpxml', uuid)}</domaincheckpoint>`
    await yard.sh(
      'f=$(mktemp -p /run); printf %s "$2" > "$f"; virsh -q checkpoint-create "$1" "$f" --redefine; rm "$f"',
      uuid,
      point
    )
    await yard.virsh('start', uuid)
    await yard.virsh('managedsave', uuid)
    expect(await planOf(uuid)).toMatchObject({
      active: false,
      snapshots: 1,
      checkpoints: 1,
      managedSave: true,
      nvram: { path: nvram, kept: false }
    })
    await yard.virsh('start', uuid)
    await yard.virsh('managedsave', uuid, '--running')
    const plan = await planOf(uuid)
    const result = await run(uuid, plan, { tick: [image] })
    expect(result.files).toEqual([{ path: image, outcome: 'deleted', error: null }])
    expect([await yard.isDefined(uuid), await yard.exists(image), await yard.exists(nvram)]).toEqual([
      false,
      false,
      false
    ])
    expect(await yard.exists('/var/lib/libvirt/qemu/save/full.save')).toBe(false)
    expect([await yard.exists(loader), await yard.exists(vars)]).toEqual([true, true])
  })

  it('does nothing to a running VM without the order to force it off', async () => {
    const image = await yard.image('run.qcow2')
    const uuid = await define('runner', disk(image))
    await yard.virsh('start', uuid)
    const plan = await planOf(uuid)
    expect(plan.active).toBe(true)
    expect(await codeOf(run(uuid, plan, { tick: [image] }))).toEqual(['planChanged', 'running'])
    expect((await yard.virsh('domstate', uuid)).trim()).toBe('running')
    expect(await run(uuid, plan, { tick: [image], forceOff: true })).toMatchObject({ machine: 'deleted' })
    expect([await yard.isDefined(uuid), await yard.exists(image)]).toEqual([false, false])
    expect(commands().map((command) => command.split(' ')[3])).toEqual(['destroy', 'undefine', 'vol-delete'])
  })

  it('ends a transient VM by forcing it off, and deletes its ticked disk', async () => {
    const image = await yard.image('transient.qcow2')
    const uuid = await define('passing', disk(image))
    await yard.virsh('start', uuid)
    await yard.virsh('undefine', uuid)
    const plan = await planOf(uuid)
    expect(plan).toMatchObject({ active: true, persistent: false, commands: { undefine: null } })
    await run(uuid, plan, { tick: [image], forceOff: true })
    expect([await yard.isDefined(uuid), await yard.exists(image)]).toEqual([false, false])
  })

  it('knows the chain of external snapshots, and asks for a refresh where the pool is behind', async () => {
    const image = await yard.image('chain.qcow2')
    const uuid = await define('chained', disk(image))
    await yard.virsh('start', uuid)
    await yard.virsh('snapshot-create-as', uuid, 'ext', '--disk-only')
    const overlay = yard.path('chain.ext')
    const stale = await planOf(uuid)
    expect(fileOf(stale, overlay)).toMatchObject({ lock: 'poolStale', pool: POOL })
    await handlers['deletion.refreshPools'](seen(uuid), { signal: signal() })
    const plan = await planOf(uuid)
    expect(fileOf(plan, overlay)).toMatchObject({ lock: null, neededBy: [] })
    expect(fileOf(plan, image)).toMatchObject({ lock: null, neededBy: [fileOf(plan, overlay).id] })
    expect(await codeOf(run(uuid, plan, { tick: [image], forceOff: true }))).toEqual(['invalidInput', image])
    const { files } = await run(uuid, plan, { tick: [image, overlay], forceOff: true })
    expect(files.map(({ path, outcome }) => [path, outcome])).toEqual([
      [overlay, 'deleted'],
      [image, 'deleted']
    ])
  })

  it('stops when something changed after it was confirmed', async () => {
    const image = await yard.image('c.qcow2')
    const uuid = await define('changing', disk(image))
    const stopped = async (change: () => Promise<unknown>): Promise<unknown> => {
      const plan = await planOf(uuid)
      await change()
      const code = await codeOf(run(uuid, plan, { tick: [image] }))
      expect([await yard.isDefined(uuid), await yard.exists(image)]).toEqual([true, true])
      return code
    }
    expect(await stopped(() => define('newcomer', disk(image)))).toEqual(['planChanged', 'files'])
    await yard.virsh('undefine', 'newcomer')
    expect(await stopped(() => yard.virsh('start', uuid))).toEqual(['planChanged', 'running'])
    await yard.virsh('destroy', uuid)
    expect(await stopped(() => yard.virsh('snapshot-create-as', uuid, 's'))).toEqual([
      'planChanged',
      'machine'
    ])
    expect(await stopped(() => yard.virsh('pool-destroy', POOL))).toEqual(['planChanged', 'files'])
    await yard.virsh('pool-start', POOL)
    expect(
      await stopped(() =>
        yard.virsh(
          'metadata',
          uuid,
          'https://virthelm.invalid/xmlns/1',
          '--config',
          '--key',
          'virthelm',
          '--set',
          '<machine protected="yes"/>'
        )
      )
    ).toEqual(['planChanged', 'protected'])
    const plan = await planOf(uuid)
    expect(await codeOf(run(uuid, plan))).toEqual(['refused', 'protected'])
    expect(await codeOf(run(uuid, plan, { typedName: 'changinG' }))).toEqual(['refused', 'typedName'])
  })

  it('keeps a file that is used by another VM in the moment between undefine and its turn', async () => {
    const [a, b] = [await yard.image('first.qcow2'), await yard.image('second.qcow2')]
    const uuid = await define('caught', disk(a) + disk(b, '', 'vdb'))
    const plan = await planOf(uuid)
    const defineTaker = await yard.prepare('taker', disk(b))
    let isTaken = false
    const { files } = await run(uuid, plan, {
      tick: [a, b],
      onProgress: ({ step }) => {
        if (step !== 'file' || isTaken) return
        isTaken = true
        defineTaker()
      }
    })
    expect(files).toMatchObject([
      { path: a, outcome: 'deleted' },
      { path: b, outcome: 'kept', error: { code: 'planChanged', params: { what: 'used' } } }
    ])
    expect([await yard.isDefined(uuid), await yard.exists(a), await yard.exists(b)]).toEqual([
      false,
      false,
      true
    ])
  })

  it('goes on by itself when the link is cut in the middle, without doing anything twice', async () => {
    const image = await yard.image('cut.qcow2')
    const uuid = await define('cut', disk(image))
    const plan = await planOf(uuid)
    let isCut = false
    const result = await run(uuid, plan, {
      tick: [image],
      onProgress: ({ step }) => {
        if (step !== 'undefine' || isCut) return
        isCut = true
        for (const pid of lab.sshSessionPids(SERVER, 'op')) process.kill(pid, 'SIGKILL')
      }
    })
    expect(isCut).toBe(true)
    expect(result.machine).toBe('deleted')
    expect([await yard.isDefined(uuid), await yard.exists(image)]).toEqual([false, false])
    expect(console_.storage.journal.map(({ outcome }) => outcome)).not.toContain('pending')
  })

  it('refuses everything on a look-only server', async () => {
    const uuid = await define('looked', disk(await yard.image('look.qcow2')))
    const { record } = server
    const plan = await planOf(uuid)
    await console_.directory.edit(record.id, { ...record, lookOnly: true }, undefined)
    expect(await codeOf(planOf(uuid))).toEqual(['refused', 'lookOnly'])
    expect(await codeOf(run(uuid, plan))).toEqual(['refused', 'lookOnly'])
    expect(await yard.isDefined(uuid)).toBe(true)
  })

  it('undefines a VM whose pool is gone, and says that its file could not be looked at', async () => {
    const image = await yard.image('gone.qcow2')
    const uuid = await define(
      'poolless',
      `<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='${POOL}' volume='gone.qcow2'/><target dev='vda' bus='virtio'/></disk>`
    )
    await yard.virsh('pool-destroy', POOL)
    const plan = await planOf(uuid)
    expect(plan.files).toMatchObject([{ lock: 'poolInactive', pool: POOL }])
    expect(plan.unseenPools).toContain(POOL)
    await run(uuid, plan)
    expect([await yard.isDefined(uuid), await yard.exists(image)]).toEqual([false, true])
  })

  it('never takes a VM that is named like the UUID, or renamed in between, for the one that was confirmed', async () => {
    const turns = process.env.VIRTHELM_LONG === '1' ? 40 : 4
    let wrong = 0
    for (let turn = 0; turn < turns; turn++) {
      const [mine, theirs] = [await yard.image('mine.qcow2'), await yard.image('theirs.qcow2')]
      const uuid = await define('victim', disk(mine))
      const impostor = await define(uuid, disk(theirs))
      const plan = await planOf(uuid)
      const isRenamed = turn % 2 === 0
      if (isRenamed) await yard.virsh('domrename', 'victim', '12')
      const outcome = await codeOf(run(uuid, plan, { tick: [mine] }))
      if (isRenamed) expect(outcome).toEqual(['planChanged', 'name'])
      else expect(outcome).toBe('done')
      if (!(await yard.isDefined(impostor)) || !(await yard.exists(theirs))) wrong++
      if (isRenamed && (!(await yard.isDefined(uuid)) || !(await yard.exists(mine)))) wrong++
      // A second run of a plan whose VM is gone does not reach the one that bears its UUID as name.
      await codeOf(run(uuid, plan, { tick: [mine] }))
      if (!(await yard.isDefined(impostor))) wrong++
      await yard.virsh('undefine', '--domain', uuid).catch(() => undefined)
      for (const left of [uuid, impostor]) await yard.virsh('undefine', left).catch(() => undefined)
      await yard.sh('rm -f "$1" "$2"', mine, theirs)
    }
    expect(wrong).toBe(0)
  })
})
