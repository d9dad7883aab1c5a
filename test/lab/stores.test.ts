/** Pools, volumes and networks through the engine: real ssh, real libvirt, and virsh and the disk asked from outside. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PoolUuid, type StorageView } from '#contract/storage.ts'
import type { VolumeProgress } from '#contract/volumes.ts'
import * as lab from './lab.ts'
import {
  context,
  openStoreConsole,
  sha256,
  taskContext,
  volumeOf,
  type StoreConsole
} from './store-console.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab1'
const POOL = 'stores-dir'
const FOLDER = `/var/lib/libvirt/${POOL}`
const MIB = 1024 * 1024

describe.skipIf(missing !== null)(`storage of real servers${missing === null ? '' : ` (${missing})`}`, () => {
  let stores: StoreConsole
  let serverId: StoreConsole['server']['record']['id']

  beforeEach(async () => {
    stores = await openStoreConsole(SERVER, 'op')
    serverId = stores.server.record.id
  })

  afterEach(async () => {
    await stores.close()
    await lab.restoreLab()
  })

  const shell = async (command: string): Promise<string> =>
    (await lab.inServer(SERVER, ['bash', '-c', command], { timeoutMs: 60_000 })).stdout
  const virsh = async (...words: string[]): Promise<string> =>
    (await lab.inServer(SERVER, ['virsh', '-q', '-c', 'qemu:///system', ...words])).stdout.trim()
  const quietly = (...words: string[]): Promise<unknown> =>
    lab.inServer(SERVER, ['virsh', '-q', ...words], { check: false, timeoutMs: 20_000 })
  const journal = (): string[] => stores.console.storage.journal.map((row) => `${row.command} ${row.outcome}`)

  /** Made outside the console. */
  async function makePool(): Promise<PoolUuid> {
    cleanUpPool()
    await shell(`mkdir -p ${FOLDER}`)
    await virsh('pool-define-as', POOL, 'dir', '--target', FOLDER)
    await virsh('pool-start', POOL)
    const uuid = PoolUuid.parse(await virsh('pool-uuid', POOL))
    await stores.reload()
    return uuid
  }

  function cleanUpPool(): void {
    lab.onRestore(async () => {
      await quietly('pool-destroy', POOL)
      await quietly('pool-undefine', POOL)
      await shell(`rm -rf ${FOLDER}`)
    })
  }

  const create = (
    poolUuid: PoolUuid,
    name: string,
    more: Partial<{
      format: 'qcow2' | 'raw'
      capacityBytes: number
      allocation: 'thin' | 'full'
      backing: { path: string; format: 'qcow2' | 'raw' }
    }> = {}
  ) =>
    stores.handlers['volumes.create'](
      {
        serverId,
        volume: {
          poolUuid,
          name,
          format: 'qcow2',
          capacityBytes: 8 * MIB,
          allocation: 'thin',
          backing: null,
          ...more
        }
      },
      taskContext
    )
  const remove = (poolUuid: PoolUuid, name: string, typedName = name) =>
    stores.handlers['volumes.delete']({ serverId, poolUuid, name, typedName }, context)
  const found = (view: StorageView, name: string) => {
    const volume = volumeOf(view, POOL, name)
    if (volume === undefined) throw new Error(`no volume ${name}`)
    return volume
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
    const view = await stores.reload()
    console.log(`storage of ${SERVER} read in ${(performance.now() - startedMs).toFixed(0)} ms`)
    expect(view.error).toBeNull()
    expect(view.usesKnown).toBe(true)
    const pool = view.pools.find(({ name }) => name === POOL)
    expect(pool).toMatchObject({ type: 'dir', state: 'running', targetPath: FOLDER, autostart: false })
    const contents = view.contents.find(({ poolUuid }) => poolUuid === pool?.uuid)
    expect(contents?.volumes.map(({ name }) => name).sort()).toEqual([...names].sort())
    expect(contents?.leftOut).toBe(0)
  })

  it('makes a pool and its folder, stops, starts and forgets it, and never takes a name twice', async () => {
    cleanUpPool()
    const pool = { type: 'dir' as const, name: POOL, targetPath: FOLDER, autostart: true }
    const { poolUuid } = await stores.handlers['storage.createPool']({ serverId, pool }, context)
    expect(await virsh('pool-info', POOL)).toMatch(/State:\s+running[\s\S]*Autostart:\s+yes/)
    expect(await shell(`stat -c %F ${FOLDER}`)).toBe('directory\n')
    await expect(stores.handlers['storage.createPool']({ serverId, pool }, context)).rejects.toMatchObject({
      code: 'conflict',
      params: { name: POOL }
    })
    const act = (action: 'start' | 'stop' | 'refresh' | 'autostartOff' | 'forget', seenName = POOL) =>
      stores.handlers['storage.actOnPool']({ serverId, poolUuid, action, seenName }, context)
    await expect(act('stop', 'another')).rejects.toMatchObject({ code: 'conflict' })
    expect(await act('start')).toEqual({ outcome: 'already' })
    expect(await act('refresh')).toEqual({ outcome: 'done' })
    expect(await act('autostartOff')).toEqual({ outcome: 'done' })
    expect(await act('stop')).toEqual({ outcome: 'done' })
    expect(await act('stop')).toEqual({ outcome: 'already' })
    expect(await virsh('pool-info', POOL)).toMatch(/State:\s+inactive[\s\S]*Autostart:\s+no/)
    const stopped = await stores.reload()
    expect(stopped.pools.find(({ uuid }) => uuid === poolUuid)).toMatchObject({
      state: 'inactive',
      capacityBytes: null
    })
    expect(await act('forget')).toEqual({ outcome: 'done' })
    expect(await virsh('pool-list', '--all', '--name')).not.toContain(POOL)
    expect(await shell(`stat -c %F ${FOLDER}`)).toBe('directory\n')
    for (const command of ['pool-define', 'pool-build', 'pool-start', 'pool-destroy', 'pool-undefine'])
      expect(
        journal().filter((row) => row.includes(` ${command} `) && row.endsWith(' done')),
        command
      ).not.toEqual([])
  })

  it('leaves no pool behind when it cannot be started', async () => {
    const before = await virsh('pool-list', '--all', '--name')
    const pool = {
      type: 'logical' as const,
      name: 'stores-lvm',
      volumeGroup: 'stores-no-such-group',
      devices: [],
      autostart: false
    }
    await expect(stores.handlers['storage.createPool']({ serverId, pool }, context)).rejects.toMatchObject({
      code: 'libvirtFailed'
    })
    expect(await virsh('pool-list', '--all', '--name')).toBe(before)
  })

  it('makes volumes thin and full, and never one over what is there', async () => {
    const pool = await makePool()
    await create(pool, 'thin & <small>.qcow2')
    await create(pool, 'full.raw', { format: 'raw', allocation: 'full', capacityBytes: 4 * MIB })
    const view = await stores.reload()
    expect(found(view, 'thin & <small>.qcow2')).toMatchObject({
      format: 'qcow2',
      capacityBytes: 8 * MIB,
      usedBy: [],
      backingOf: []
    })
    expect(found(view, 'full.raw').allocationBytes).toBeGreaterThanOrEqual(4 * MIB)
    await expect(create(pool, 'full.raw')).rejects.toMatchObject({
      code: 'conflict',
      params: { name: 'full.raw' }
    })
    // A file that libvirt has not seen yet.
    await shell(`printf kept > ${FOLDER}/unseen.raw`)
    await expect(create(pool, 'unseen.raw', { format: 'raw' })).rejects.toBeDefined()
    expect(await shell(`cat ${FOLDER}/unseen.raw`)).toBe('kept')
  })

  it('knows who uses an image, by any way and any name, and lets nothing be deleted that is used', async () => {
    const pool = await makePool()
    await create(pool, 'base.qcow2')
    await create(pool, 'overlay.qcow2', { backing: { path: `${FOLDER}/base.qcow2`, format: 'qcow2' } })
    await create(pool, 'orphan.qcow2')
    await create(pool, 'install.iso', { format: 'raw' })
    await shell(`ln -s ${FOLDER} /var/lib/libvirt/stores-link`)
    lab.onRestore(async () => {
      await quietly('undefine', 'stores-vm')
      await shell('rm -f /var/lib/libvirt/stores-link')
    })
    const xml = `<domain type='qemu'><name>stores-vm</name><memory unit='MiB'>64</memory>
      <os><type arch='x86_64'>hvm</type></os><devices>
      <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/stores-link/overlay.qcow2'/><target dev='vda' bus='virtio'/></disk>
      <disk type='volume' device='cdrom'><source pool='${POOL}' volume='install.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
      </devices></domain>`
    await lab.inServer(SERVER, ['sh', '-c', 'cat | virsh -q define /dev/stdin'], { input: xml })
    const view = await stores.reload()
    expect(found(view, 'overlay.qcow2').usedBy).toMatchObject([
      { vmName: 'stores-vm', kind: 'disk', target: 'vda', running: false }
    ])
    expect(found(view, 'base.qcow2').usedBy).toMatchObject([{ vmName: 'stores-vm', kind: 'backing' }])
    expect(found(view, 'base.qcow2').backingOf).toEqual([`${FOLDER}/overlay.qcow2`])
    expect(found(view, 'install.iso').usedBy).toMatchObject([
      { vmName: 'stores-vm', kind: 'cdrom', readOnly: true }
    ])
    expect(found(view, 'orphan.qcow2')).toMatchObject({ usedBy: [], backingOf: [] })

    for (const name of ['overlay.qcow2', 'base.qcow2', 'install.iso'])
      await expect(remove(pool, name), name).rejects.toMatchObject({ code: 'volumeInUse' })
    await expect(remove(pool, 'orphan.qcow2', 'orphan')).rejects.toMatchObject({ code: 'invalidInput' })
    const plan = await stores.handlers['volumes.planDelete'](
      { serverId, poolUuid: pool, name: 'orphan.qcow2' },
      context
    )
    expect(plan.locks).toEqual([])
    expect(plan.commands).toEqual([`virsh -c qemu:///system vol-delete --pool ${pool} --vol orphan.qcow2`])
    await remove(pool, 'orphan.qcow2')
    expect((await shell(`ls ${FOLDER}`)).split('\n').filter(Boolean)).toEqual([
      'base.qcow2',
      'install.iso',
      'overlay.qcow2'
    ])
  })

  it('copies and grows a volume, and refuses to shrink it', async () => {
    const pool = await makePool()
    await create(pool, 'one.qcow2')
    await shell(`qemu-io -c 'write -P 0x5a 1M 2M' ${FOLDER}/one.qcow2`)
    const ref = { serverId, poolUuid: pool, name: 'one.qcow2' }
    await stores.handlers['volumes.clone']({ ...ref, newName: 'two.qcow2' }, taskContext)
    expect(await shell(`qemu-img compare ${FOLDER}/one.qcow2 ${FOLDER}/two.qcow2`)).toContain('identical')
    await stores.handlers['volumes.grow']({ ...ref, capacityBytes: 16 * MIB }, context)
    expect(await shell(`qemu-img info --output=json ${FOLDER}/one.qcow2`)).toContain(
      `"virtual-size": ${16 * MIB}`
    )
    await expect(
      stores.handlers['volumes.grow']({ ...ref, capacityBytes: 8 * MIB }, context)
    ).rejects.toMatchObject({
      code: 'invalidInput'
    })
    await expect(
      stores.handlers['volumes.clone']({ ...ref, newName: 'two.qcow2' }, taskContext)
    ).rejects.toMatchObject({ code: 'conflict' })
  })

  it('takes a file from the workstation and gives it back, byte for byte, on one login', async () => {
    const logins = lab.loginCount(SERVER, 'op')
    const pool = await makePool()
    // Not a multiple of anything, with a start that a shell would take for lines of its own.
    const bytes = Buffer.concat([Buffer.from('1 0 5\n: virthelm end\n'), randomBytes(20 * MIB + 12_345)])
    const steps = new Set<VolumeProgress['step']>()
    const startedMs = performance.now()
    const done = await stores.upload(new Blob([bytes]), pool, 'upload.iso', {
      onProgress: ({ step }) => void steps.add(step)
    })
    const seconds = (performance.now() - startedMs) / 1000
    console.log(`upload of ${bytes.length} bytes: ${seconds.toFixed(1)} s, checked`)
    expect(done).toEqual({ path: `${FOLDER}/upload.iso`, sizeBytes: bytes.length, sha256: sha256(bytes) })
    expect([...steps]).toEqual(['creating', 'sending', 'checking'])
    expect(await shell(`sha256sum ${FOLDER}/upload.iso`)).toContain(sha256(bytes))
    expect(await shell(`stat -c %s ${FOLDER}/upload.iso`)).toBe(`${bytes.length}\n`)
    await expect(stores.upload(new Blob([bytes]), pool, 'upload.iso')).rejects.toMatchObject({
      code: 'conflict'
    })
    const given = await stores.handlers['volumes.download'](
      { serverId, poolUuid: pool, name: 'upload.iso', fileName: 'upload.iso' },
      taskContext
    )
    expect(given).toEqual({ path: '/downloads/volume', sizeBytes: bytes.length, sha256: sha256(bytes) })
    expect(stores.downloaded().equals(bytes)).toBe(true)
    expect(lab.loginCount(SERVER, 'op')).toBe(logins)
    expect(journal().filter((row) => row.includes(' vol-upload ') && row.endsWith(' done'))).toHaveLength(1)
  })

  it('goes on with an upload after the link was lost, and removes what it began when it is cancelled', async () => {
    const pool = await makePool()
    const bytes = randomBytes(24 * MIB)
    let cut = false
    const steps: string[] = []
    const done = await stores.upload(new Blob([bytes]), pool, 'resumed.raw', {
      onProgress({ step, doneBytes }) {
        if (steps.at(-1) !== step) steps.push(step)
        if (cut || step !== 'sending' || (doneBytes ?? 0) < MIB) return
        cut = true
        // The server ends the connection: this account's sshd process goes away.
        void shell("pkill -KILL -u op sshd || pkill -KILL -f '^sshd: op'")
      }
    })
    expect(cut).toBe(true)
    expect(steps).toContain('waiting')
    expect(done.sha256).toBe(sha256(bytes))
    expect(await shell(`sha256sum ${FOLDER}/resumed.raw`)).toContain(sha256(bytes))

    const cancel = new AbortController()
    const cancelled = stores.upload(new Blob([bytes]), pool, 'cancelled.raw', {
      signal: cancel.signal,
      onProgress: ({ step }) => {
        if (step === 'sending') cancel.abort()
      }
    })
    await expect(cancelled).rejects.toBeDefined()
    expect(await shell(`ls ${FOLDER}`)).toBe('resumed.raw\n')
    expect(volumeOf(await stores.reload(), POOL, 'cancelled.raw')).toBeUndefined()
  })

  it('marks a pool whose storage hangs, while VMs, networks and other pools go on', async () => {
    const pool = await makePool()
    await create(pool, 'well.qcow2')
    const dead = await hangingPool()
    await stores.reload()
    await dead.hang()
    const startedMs = performance.now()
    const view = await stores.reload()
    const tookMs = performance.now() - startedMs
    console.log(`storage with a hung pool read in ${tookMs.toFixed(0)} ms`)
    expect(tookMs).toBeLessThan(15_000)
    expect(view.pools.find(({ name }) => name === 'stores-dead')?.notRespondingSinceAtMs).toEqual(
      expect.any(Number)
    )
    expect(view.contents.find(({ poolUuid }) => poolUuid === dead.uuid)?.error?.code).toBe(
      'storageNotResponding'
    )
    expect(found(view, 'well.qcow2').usedBy).toEqual([])
    expect(view.pools.find(({ name }) => name === POOL)?.notRespondingSinceAtMs).toBeNull()
    // libvirt was asked nothing about it, so its own list of pools still answers at once.
    expect((await virsh('pool-list', '--name')).split('\n').map((name) => name.trim())).toEqual(
      expect.arrayContaining([POOL, 'stores-dead'])
    )
    const networks = await stores.handlers['networks.reload']({ serverId }, context)
    expect(networks.networks.map(({ name }) => name)).toContain('default')
    expect(stores.server.machines.views().length).toBeGreaterThan(4)
    await create(pool, 'made-meanwhile.qcow2')
    await expect(remove(dead.uuid, 'inside.raw')).rejects.toMatchObject({ code: 'storageNotResponding' })
    dead.thaw()
    await lab.eventually(
      'it answers again',
      async () =>
        (await stores.reload()).pools.every(({ notRespondingSinceAtMs }) => notRespondingSinceAtMs === null),
      60_000,
      500
    )
    expect(volumeOf(await stores.reload(), 'stores-dead', 'inside.raw')).toBeDefined()
  })

  /** A pool on a file system in user space whose process is stopped: whoever looks at it waits. */
  async function hangingPool(): Promise<{ uuid: PoolUuid; hang(): Promise<void>; thaw(): void }> {
    const mount = '/var/lib/libvirt/stores-dead'
    let pid = 0
    const thaw = (): void => {
      if (pid > 0) lab.continueProcess(pid)
    }
    lab.onRestore(async () => {
      thaw()
      await quietly('pool-destroy', 'stores-dead')
      await quietly('pool-undefine', 'stores-dead')
      await shell(`umount -l ${mount}; rm -rf ${mount} ${mount}-data /var/lib/libvirt/stores-sftp`)
    })
    await shell(`mkdir -p ${mount} ${mount}-data; truncate -s 1M ${mount}-data/inside.raw
      printf '#!/bin/sh\\nexec /usr/lib/openssh/sftp-server\\n' > /var/lib/libvirt/stores-sftp; chmod 755 /var/lib/libvirt/stores-sftp
      sshfs -o ssh_command=/var/lib/libvirt/stores-sftp,allow_other,directport=0 x:${mount}-data ${mount} 2>/dev/null || sshfs -o ssh_command=/var/lib/libvirt/stores-sftp,allow_other x:${mount}-data ${mount}`)
    await virsh('pool-define-as', 'stores-dead', 'dir', '--target', mount)
    await virsh('pool-start', 'stores-dead')
    return {
      uuid: PoolUuid.parse(await virsh('pool-uuid', 'stores-dead')),
      thaw,
      async hang() {
        const found = await lab.run(['pgrep', '-f', `^sshfs .*${mount}`])
        pid = Number(found.stdout.trim().split('\n')[0])
        process.kill(pid, 'SIGSTOP')
      }
    }
  }

  it('makes, starts, stops and removes networks, and refuses what does not fit', async () => {
    const before = await virsh('net-list', '--all', '--name')
    lab.onRestore(async () => {
      for (const name of ['stores-nat', 'stores-lan', 'stores-br']) {
        await quietly('net-destroy', name)
        await quietly('net-undefine', name)
      }
      await shell('ip link del storesbr0 2>/dev/null || :')
    })
    const make = (network: Parameters<StoreConsole['handlers']['networks.create']>[0]['network']) =>
      stores.handlers['networks.create']({ serverId, network }, context)
    const dhcp = { start: '192.168.177.10', end: '192.168.177.99' }
    const { networkUuid } = await make({
      kind: 'nat',
      name: 'stores-nat',
      cidr: '192.168.177.1/24',
      dhcp,
      autostart: true
    })
    expect(await virsh('net-info', 'stores-nat')).toMatch(/Active:\s+yes[\s\S]*Autostart:\s+yes/)
    expect(await virsh('net-dumpxml', 'stores-nat')).toContain(
      "<range start='192.168.177.10' end='192.168.177.99'/>"
    )
    for (const [cidr, field] of [
      ['192.168.122.0/24', 'cidr'],
      ['192.168.122.9/24', 'taken'],
      ['192.168.176.1/23', 'taken']
    ] as const)
      await expect(
        make({ kind: 'nat', name: 'stores-x', cidr, dhcp: null, autostart: false })
      ).rejects.toMatchObject({
        code: 'invalidInput',
        params: { field }
      })
    await make({ kind: 'isolated', name: 'stores-lan', cidr: '10.77.99.1/24', dhcp: null, autostart: false })
    expect(await virsh('net-dumpxml', 'stores-lan')).not.toContain('<forward')
    await shell('ip link add storesbr0 type bridge')
    await make({ kind: 'bridge', name: 'stores-br', bridge: 'storesbr0', autostart: false })

    const view = await stores.handlers['networks.reload']({ serverId }, context)
    expect(view.hostBridges).toContain('storesbr0')
    expect(view.hostBridges).not.toContain('virbr0')
    const named = (name: string) => view.networks.find((one) => one.name === name)
    expect(named('stores-nat')).toMatchObject({
      active: true,
      forwardMode: 'nat',
      addresses: ['192.168.177.1/24'],
      dhcpRanges: [dhcp],
      usedBy: []
    })
    expect(named('stores-lan')).toMatchObject({ forwardMode: null, dhcpRanges: [] })
    expect(named('stores-br')).toMatchObject({ forwardMode: 'bridge', bridge: 'storesbr0' })
    const guest = lab.labServer(SERVER).guests.find(({ start }) => start)
    expect(named('default')?.usedBy.map(({ uuid }) => uuid)).toContain(guest?.uuid)
    const leased =
      (await virsh('net-dhcp-leases', 'default')).match(/[0-9a-f]{2}(:[0-9a-f]{2}){5}(?= +ipv4)/g) ?? []
    expect(
      named('default')
        ?.leases.map(({ mac }) => mac)
        .sort()
    ).toEqual(leased.sort())
    for (const lease of named('default')?.leases ?? []) {
      const owner = lab.labServer(SERVER).guests.find(({ mac }) => mac === lease.mac)
      if (owner !== undefined) expect(lease.vm).toEqual({ uuid: owner.uuid, name: owner.name })
    }

    const act = (action: 'start' | 'stop' | 'autostartOff') =>
      stores.handlers['networks.act']({ serverId, networkUuid, action, seenName: 'stores-nat' }, context)
    expect(await act('stop')).toEqual({ outcome: 'done' })
    expect(await act('stop')).toEqual({ outcome: 'already' })
    expect(await virsh('net-info', 'stores-nat')).toMatch(/Active:\s+no/)
    expect(await act('start')).toEqual({ outcome: 'done' })
    expect(await act('start')).toEqual({ outcome: 'already' })
    const defaultUuid = named('default')?.uuid
    if (defaultUuid === undefined) throw new Error('no default network')
    await expect(
      stores.handlers['networks.delete']({ serverId, networkUuid: defaultUuid, seenName: 'default' }, context)
    ).rejects.toMatchObject({ code: 'networkInUse' })
    for (const network of view.networks.filter(({ name }) => name.startsWith('stores-')))
      await stores.handlers['networks.delete'](
        { serverId, networkUuid: network.uuid, seenName: network.name },
        context
      )
    expect(await virsh('net-list', '--all', '--name')).toBe(before)
  })
})
