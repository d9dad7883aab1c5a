/** Clones and templates through the console's own handlers, on real libvirt; checked by virsh and qemu-img from outside. */
import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CloneRequest, CloneResult } from '#contract/clones.ts'
import type { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { cloneHandlers } from '../../src-main/application/clones/clone-handlers.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'
import { booted, makeGuest, makePool, sh, takeAwayAtEnd, virshOf, type OwnGuest } from './own-guests.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab2'

describe.skipIf(missing !== null)(`clones${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let server: ServerRuntime

  beforeEach(async () => {
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), 5_000)
    server = await console_.add({ server: SERVER, user: 'op' })
    await lab.eventually('libvirt is there', () => server.session !== null, 20_000)
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
  })

  const handlers = () =>
    cloneHandlers({
      directory: console_.directory,
      journal: console_.storage.asStorage().journal,
      clock: systemClock,
      onJournal: () => undefined
    })
  const refOf = (guest: OwnGuest) => ({ serverId: server.record.id, vmUuid: guest.uuid as VmUuid })
  const make = async (
    guest: OwnGuest,
    name: string,
    more: Partial<CloneRequest> = {},
    seen: unknown[] = [],
    signal = AbortSignal.timeout(120_000)
  ): Promise<CloneResult> => {
    const request = {
      poolUuid: null,
      keepMedia: false,
      markTemplate: false,
      start: false,
      mode: 'full' as const
    }
    const result = await handlers()['clones.make'](
      { ...refOf(guest), seenName: guest.name, name, ...request, ...more },
      { signal, progress: (progress) => void seen.push(progress) }
    )
    takeAwayAtEnd(SERVER, result.vmUuid)
    return result
  }
  const reasonOf = async (work: Promise<unknown>): Promise<unknown> => {
    const error = await work.then(
      () => null,
      (caught: unknown) => caught as AppError
    )
    return error?.params['reason'] ?? error?.code ?? null
  }
  const sumOf = async (path: string): Promise<string> => (await sh(SERVER, `sha256sum < '${path}'`)).trim()
  const macOf = (xml: string): string => /<mac address='([^']+)'/.exec(xml)?.[1] ?? ''
  const domains = () => virshOf(SERVER, 'list', '--all', '--uuid')
  /** Some data where the guest does not write, so that a copy can be told from an empty disk. */
  const fill = (guest: OwnGuest, mib: number) =>
    sh(SERVER, `qemu-io -f qcow2 -c 'write -P 90 20M ${mib}M' ${guest.diskPath} >/dev/null`)

  it('makes a whole copy with identities of its own, which boots, and leaves the source as it was', async () => {
    const folder = await makePool(SERVER, 'clone-pool')
    const guest = await makeGuest(SERVER, folder, `clone '$(id)' <b>`, 33, { network: true })
    await fill(guest, 10)
    const before = await sumOf(guest.diskPath)
    const seen: unknown[] = []
    const result = await make(guest, `copy of <b> & "x"`, { start: true }, seen)
    expect(result.startFailed).toBeNull()
    expect(seen).toContainEqual({ step: 'copying', doneRatio: 1 })
    const xml = await virshOf(SERVER, 'dumpxml', result.vmUuid, '--inactive')
    const source = await virshOf(SERVER, 'dumpxml', guest.uuid, '--inactive')
    expect(xml).toContain('<name>copy of &lt;b&gt; &amp; &quot;x&quot;</name>')
    expect(result.vmUuid).not.toBe(guest.uuid)
    expect(macOf(xml)).toMatch(/^52:54:00:/)
    expect(macOf(xml)).not.toBe(macOf(source))
    const [path] = /\/var\/lib\/libvirt\/images\/clone-pool\/[^']+/.exec(xml) ?? ['']
    expect(path).not.toBe(guest.diskPath)
    await booted(SERVER, `/var/log/libvirt/qemu/${result.vmUuid}-0.log`)
    await virshOf(SERVER, 'destroy', result.vmUuid)
    await sh(SERVER, `rm -f /var/log/libvirt/qemu/${result.vmUuid}-0.log`)
    expect(await sumOf(guest.diskPath)).toBe(before)
    expect(await sh(SERVER, `qemu-img info ${path}`)).not.toContain('backing file')
    expect(await sh(SERVER, `qemu-io -f qcow2 -c 'read -P 90 20M 10M' ${path}`)).not.toContain('failed')
    expect(await reasonOf(make(guest, `copy of <b> & "x"`))).toBe('conflict')
  })

  it('makes a linked one over a template, which is marked, and which the console knows', async () => {
    const folder = await makePool(SERVER, 'clone-pool')
    const guest = await makeGuest(SERVER, folder, 'clone-template', 34, { network: true })
    await fill(guest, 4)
    const before = await sumOf(guest.diskPath)
    const result = await make(guest, 'linked-1', { mode: 'linked', markTemplate: true, start: true })
    await lab.eventually(
      'the mark is shown',
      () => server.machines.view(guest.uuid as VmUuid)?.template === true,
      40_000
    )
    expect(server.machines.view(result.vmUuid)?.template ?? false).toBe(false)
    const path = `${folder}/linked-1-vda.qcow2`
    await booted(SERVER, `/var/log/libvirt/qemu/${result.vmUuid}-0.log`)
    await virshOf(SERVER, 'destroy', result.vmUuid)
    await sh(SERVER, `rm -f /var/log/libvirt/qemu/${result.vmUuid}-0.log`)
    const info = await sh(SERVER, `qemu-img info ${path}`)
    expect(info).toContain(`backing file: ${guest.diskPath}`)
    expect(info).toContain('compat: 1.1')
    expect(await sumOf(guest.diskPath)).toBe(before)
    const second = await make(guest, 'linked-2', { mode: 'linked' })
    expect(await virshOf(SERVER, 'domblklist', second.vmUuid)).toContain('linked-2-vda.qcow2')
    await handlers()['clones.setTemplate'](
      { ...refOf(guest), seenName: guest.name, template: false },
      { signal: AbortSignal.timeout(30_000) }
    )
    expect(await virshOf(SERVER, 'dumpxml', guest.uuid)).not.toContain('virthelm')
  })

  it.skipIf(!existsSync('/usr/share/OVMF/OVMF_CODE.fd'))(
    'copies the firmware’s variables of a UEFI machine',
    async () => {
      const folder = await makePool(SERVER, 'clone-pool')
      const guest = await makeGuest(SERVER, folder, 'clone-uefi', 35, { firmware: 'uefi' })
      await virshOf(SERVER, 'start', guest.uuid)
      await virshOf(SERVER, 'destroy', guest.uuid)
      const nvram = '/var/lib/libvirt/qemu/nvram/clone-uefi_VARS.fd'
      const pools = await virshOf(SERVER, 'pool-list', '--all', '--name')
      const result = await make(guest, 'clone-uefi-2')
      const copy = '/var/lib/libvirt/qemu/nvram/clone-uefi-2_VARS.fd'
      expect(await virshOf(SERVER, 'dumpxml', result.vmUuid)).toContain(`>${copy}</nvram>`)
      expect(await sumOf(copy)).toBe(await sumOf(nvram))
      expect(await virshOf(SERVER, 'pool-list', '--all', '--name')).toBe(pools)
      await sh(SERVER, `rm -f ${copy} ${nvram}`)
    }
  )

  it('leaves nothing behind when the pool fills up, and touches nothing of the source', async () => {
    const folder = await makePool(SERVER, 'clone-pool')
    await makePool(SERVER, 'clone-small', 8)
    const small = (await virshOf(SERVER, 'pool-uuid', 'clone-small')).trim()
    const guest = await makeGuest(SERVER, folder, 'clone-big', 36)
    // All of it in the image below: the layer itself looks as if it would fit.
    await fill(guest, 12)
    await sh(
      SERVER,
      `cd ${folder} && mv ${guest.diskPath} base.qcow2 && qemu-img create -q -f qcow2 -b ${folder}/base.qcow2 -F qcow2 ${guest.diskPath} && virsh -q pool-refresh clone-pool`
    )
    const before = [await sumOf(guest.diskPath), await sumOf(`${folder}/base.qcow2`), await domains()]
    const seen: unknown[] = []
    expect(await reasonOf(make(guest, 'too-big', { poolUuid: small }, seen))).toBe('libvirtFailed')
    expect(seen).toContainEqual({ step: 'undoing', doneRatio: null })
    expect(await sh(SERVER, 'ls /var/lib/libvirt/images/clone-small')).toBe('')
    expect([await sumOf(guest.diskPath), await sumOf(`${folder}/base.qcow2`), await domains()]).toEqual(
      before
    )
    // Where it is known beforehand, nothing is begun.
    const fat = await makeGuest(SERVER, folder, 'clone-fat', 37)
    await fill(fat, 12)
    expect(await reasonOf(make(fat, 'too-fat', { poolUuid: small }))).toBe('noSpace')
  })

  it('takes back what it has made when it is cancelled in the middle of a copy', async () => {
    const folder = await makePool(SERVER, 'clone-pool')
    const guest = await makeGuest(SERVER, folder, 'clone-cancel', 38, { sizeMib: 1024 })
    await fill(guest, 700)
    const before = await domains()
    const cancel = new AbortController()
    const cloning = make(guest, 'cancelled', {}, [], cancel.signal)
    await lab.eventually('it copies', async () =>
      (await sh(SERVER, `ls ${folder}`)).includes('cancelled-vda')
    )
    cancel.abort()
    expect(await reasonOf(cloning)).toBe('cancelled')
    expect((await sh(SERVER, `ls ${folder}`)).trim()).toBe('own-38.qcow2')
    expect(await domains()).toBe(before)
  })

  it('says beforehand what cannot be: a running source, another name, a file in no pool, a name that is taken', async () => {
    const folder = await makePool(SERVER, 'clone-pool')
    const guest = await makeGuest(SERVER, folder, 'clone-run', 39)
    expect(await reasonOf(make({ ...guest, name: 'other' }, 'x'))).toBe('vmChanged')
    expect(await reasonOf(make(guest, 'web'))).toBe('conflict')
    await virshOf(SERVER, 'start', guest.uuid)
    const plan = await handlers()['clones.plan'](refOf(guest), { signal: AbortSignal.timeout(30_000) })
    expect(plan.canFull).toEqual({ reason: 'vmNotOff', disks: [] })
    expect(await reasonOf(make(guest, 'x', { mode: 'linked' }))).toBe('vmNotOff')
    await virshOf(SERVER, 'destroy', guest.uuid)
    await virshOf(SERVER, 'pool-destroy', 'clone-pool')
    expect(await reasonOf(make(guest, 'x'))).toBe('diskNotInPool')
    expect((await sh(SERVER, `ls ${folder}`)).trim()).toBe('own-39.qcow2')
  })
})
