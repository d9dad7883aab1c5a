/** Snapshots through the console's own handlers, on real libvirt with guests that write; checked by virsh and qemu-img. */
import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { Snapshot, SnapshotBoard, SnapshotNew } from '#contract/snapshots.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { snapshotHandlers } from '../../src-main/application/snapshots/snapshot-handlers.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'
import { inGuest, makeGuest, makePool, sh, startOwn, virshOf, type OwnGuest } from './own-guests.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab2'

describe.skipIf(missing !== null)(`snapshots${missing === null ? '' : ` (${missing})`}`, () => {
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
    snapshotHandlers({
      directory: console_.directory,
      journal: console_.storage.asStorage().journal,
      clock: systemClock,
      onJournal: () => undefined
    })
  const context = (signal: AbortSignal = AbortSignal.timeout(120_000), seen: unknown[] = []) => ({
    signal,
    progress: (progress: unknown) => void seen.push(progress)
  })
  const refOf = (guest: OwnGuest) => ({ serverId: server.record.id, vmUuid: guest.uuid as VmUuid })
  const seen = (guest: OwnGuest) => ({ ...refOf(guest), seenName: guest.name })
  const read = (guest: OwnGuest): Promise<SnapshotBoard> =>
    handlers()['snapshots.read'](refOf(guest), context())
  const create = (guest: OwnGuest, name: string, more: Partial<SnapshotNew> = {}) =>
    handlers()['snapshots.create'](
      { ...seen(guest), name, description: '', way: 'internal', quiesce: false, ...more },
      context()
    )
  const revert = (
    guest: OwnGuest,
    snapshot: string,
    more: { keepPresentAs?: string; typedName?: string } = {}
  ) =>
    handlers()['snapshots.revert'](
      {
        ...seen(guest),
        snapshot,
        then: 'asTaken',
        keepPresentAs: more.keepPresentAs ?? null,
        typedName: more.typedName ?? guest.name
      },
      context()
    )
  const remove = (guest: OwnGuest, snapshot: string, withChildren = false) =>
    handlers()['snapshots.delete']({ ...seen(guest), snapshot, withChildren }, context())
  const one = (board: SnapshotBoard, name: string): Snapshot => {
    const snapshot = board.snapshots.find((each) => each.name === name)
    if (snapshot === undefined) throw new Error(`no snapshot ${name}`)
    return snapshot
  }
  const parents = (board: SnapshotBoard) =>
    Object.fromEntries(board.snapshots.map(({ name, parentName }) => [name, parentName]))
  const reasonOf = async (work: Promise<unknown>): Promise<unknown> => {
    const error = await work.then(
      () => null,
      (caught: unknown) => caught as AppError
    )
    return error?.params['reason'] ?? error?.code ?? null
  }
  /** 20 MiB in: the guest itself keeps writing to the first 16. */
  const mark = (guest: OwnGuest, text: string) =>
    inGuest(
      guest,
      `echo ${text} >/tmp/mark; echo ${text} | dd of=/dev/vda bs=512 seek=40960 conv=notrunc,fsync 2>/dev/null`
    )
  const marks = async (guest: OwnGuest): Promise<string[]> => {
    const said = await inGuest(
      guest,
      `cat /tmp/mark; dd if=/dev/vda bs=512 skip=40960 count=1 iflag=direct 2>/dev/null | head -n 1`
    )
    return said.split('\n').filter((line) => /^mark-/.test(line))
  }

  it('takes internal ones of a running guest, brings disk and memory back, and deletes them', async () => {
    const folder = await makePool(SERVER, 'snap-pool')
    const guest = await makeGuest(SERVER, folder, `snap '$(id)' <b>`, 1)
    await startOwn(guest)
    await mark(guest, 'mark-one')
    await create(guest, `it's <one> $(id) --x`, { description: 'first <i>one</i>\nsecond line' })
    await mark(guest, 'mark-two')
    expect(await marks(guest)).toEqual(['mark-two', 'mark-two'])

    const board = await read(guest)
    expect(one(board, `it's <one> $(id) --x`)).toMatchObject({
      kind: 'internal',
      hasMemory: true,
      state: 'running',
      isCurrent: true,
      parentName: null,
      description: 'first <i>one</i>\nsecond line',
      spaceBytes: null,
      spaceUnknown: 'inImage',
      canRevert: null,
      canDelete: null
    })
    expect(one(board, `it's <one> $(id) --x`).createdAtMs).toBeGreaterThan(Date.now() - 120_000)

    expect(await reasonOf(revert(guest, `it's <one> $(id) --x`, { typedName: 'snap' }))).toBe('refused')
    expect(await marks(guest)).toEqual(['mark-two', 'mark-two'])
    await revert(guest, `it's <one> $(id) --x`, { keepPresentAs: 'kept' })
    expect(await marks(guest)).toEqual(['mark-one', 'mark-one'])
    await revert(guest, 'kept')
    expect(await marks(guest)).toEqual(['mark-two', 'mark-two'])

    await remove(guest, 'kept')
    expect(await virshOf(SERVER, 'snapshot-list', guest.uuid, '--name')).toBe(`it's <one> $(id) --x\n`)
    await remove(guest, `it's <one> $(id) --x`)
    expect((await read(guest)).snapshots).toEqual([])
    expect(await sh(SERVER, `qemu-img snapshot -U -l ${guest.diskPath}`)).toBe('')
    expect(await sh(SERVER, `qemu-img check -U ${guest.diskPath}`)).toContain('No errors')
    const rows = console_.storage.journal
    expect(rows.map((row) => row.outcome)).not.toContain('pending')
    expect(rows.some((row) => row.command.includes('snapshot-revert'))).toBe(true)
  })

  it('draws branches as libvirt keeps them, and deletes a branch with all that grows from it', async () => {
    const folder = await makePool(SERVER, 'snap-pool')
    const guest = await makeGuest(SERVER, folder, 'snap-tree', 2)
    await create(guest, 'root')
    await create(guest, 'left')
    await revert(guest, 'root')
    await create(guest, 'right')
    await create(guest, 'right-leaf')
    const board = await read(guest)
    expect(parents(board)).toEqual({ root: null, left: 'root', right: 'root', 'right-leaf': 'right' })
    expect(board.snapshots.filter(({ isCurrent }) => isCurrent).map(({ name }) => name)).toEqual([
      'right-leaf'
    ])
    expect(await reasonOf(create(guest, 'left'))).toBe('conflict')
    await remove(guest, 'right', true)
    expect(parents(await read(guest))).toEqual({ root: null, left: 'root' })
    await remove(guest, 'root')
    expect(parents(await read(guest))).toEqual({ left: null })
  })

  it('takes external ones, refuses what this libvirt cannot undo, and merges them back with the data whole', async () => {
    const folder = await makePool(SERVER, 'snap-pool')
    const guest = await makeGuest(SERVER, folder, 'snap-ext', 3)
    await startOwn(guest)
    await mark(guest, 'mark-base')
    expect(await reasonOf(create(guest, 'q', { way: 'external', quiesce: true }))).toBe('agentMissing')
    await create(guest, 'e1', { way: 'external' })
    await mark(guest, 'mark-e1')
    await create(guest, 'e2', { way: 'externalWithMemory' })
    await mark(guest, 'mark-e2')
    const board = await read(guest)
    expect(one(board, 'e1')).toMatchObject({
      kind: 'external',
      hasMemory: false,
      state: 'diskOnly',
      isCurrent: false
    })
    expect(one(board, 'e2')).toMatchObject({
      kind: 'external',
      hasMemory: true,
      state: 'running',
      isCurrent: true
    })
    expect(one(board, 'e2').files.map(({ target }) => target)).toEqual(['vda', null])
    expect(board.canCreate.internal).toMatchObject({ reason: 'mixedChain' })
    expect(await reasonOf(create(guest, 'i'))).toBe('mixedChain')
    expect(one(board, 'e1').canRevert).toMatchObject({ reason: 'externalRevertNeedsNewerLibvirt' })
    expect(await reasonOf(remove(guest, 'e1'))).toBe('externalDeleteNeedsNewerLibvirt')
    expect(await virshOf(SERVER, 'snapshot-list', guest.uuid, '--name')).toBe('e1\ne2\n')

    const progress: unknown[] = []
    const result = await handlers()['snapshots.mergeBack'](
      { ...seen(guest), snapshot: 'e1' },
      context(undefined, progress)
    )
    expect(result).toMatchObject({ mergedDisks: 1, leftFiles: [] })
    expect(progress).toContainEqual({ step: 'merging', doneRatio: 1 })
    expect((await read(guest)).snapshots).toEqual([])
    expect(await virshOf(SERVER, 'dumpxml', guest.uuid)).toContain(`<source file='${guest.diskPath}'`)
    expect((await sh(SERVER, `ls ${folder}`)).trim()).toBe('own-3.qcow2')
    expect(await marks(guest)).toEqual(['mark-e2', 'mark-e2'])
    await virshOf(SERVER, 'destroy', guest.uuid)
    expect(await sh(SERVER, `qemu-img check ${guest.diskPath}`)).toContain('No errors')
    expect(
      await sh(
        SERVER,
        `qemu-img dd -f qcow2 -O raw bs=512 skip=40960 count=40961 if=${guest.diskPath} of=${folder}/mark.raw && head -c 7 ${folder}/mark.raw; rm -f ${folder}/mark.raw`
      )
    ).toBe('mark-e2')
  })

  it('writes into no image that another machine stands on', async () => {
    const folder = await makePool(SERVER, 'snap-pool')
    const guest = await makeGuest(SERVER, folder, 'snap-base', 4)
    await startOwn(guest)
    await create(guest, 'e1', { way: 'external' })
    await sh(SERVER, `qemu-img create -q -f qcow2 -b ${guest.diskPath} -F qcow2 ${folder}/other.qcow2`)
    await virshOf(SERVER, 'pool-refresh', 'snap-pool')
    const merge = () => handlers()['snapshots.mergeBack']({ ...seen(guest), snapshot: 'e1' }, context())
    expect(await reasonOf(merge())).toBe('usedByOthers')
    expect(await virshOf(SERVER, 'snapshot-list', guest.uuid, '--name')).toBe('e1\n')
    await virshOf(SERVER, 'vol-delete', '--pool', 'snap-pool', 'other.qcow2')
    expect(await merge()).toMatchObject({ mergedDisks: 1 })
    const template = await makeGuest(SERVER, folder, 'snap-template', 10)
    await create(template, 'i')
    await sh(
      SERVER,
      `qemu-img create -q -f qcow2 -b ${template.diskPath} -F qcow2 ${folder}/layer.qcow2 && virsh -q pool-refresh snap-pool`
    )
    expect(await reasonOf(revert(template, 'i'))).toBe('usedByOthers')
  })

  it('leaves the chain as it was when merging is cancelled', async () => {
    const folder = await makePool(SERVER, 'snap-pool')
    const guest = await makeGuest(SERVER, folder, 'snap-cancel', 5, { sizeMib: 512 })
    await startOwn(guest)
    await create(guest, 'e1', { way: 'external' })
    await inGuest(
      guest,
      'dd if=/dev/urandom of=/dev/vda bs=1048576 seek=64 count=120 conv=notrunc,fsync 2>/dev/null'
    )
    await mark(guest, 'mark-over')
    const before = await virshOf(SERVER, 'domblklist', guest.uuid)
    const cancel = new AbortController()
    const merging = handlers()['snapshots.mergeBack'](
      { ...seen(guest), snapshot: 'e1' },
      {
        signal: cancel.signal,
        progress: ({ step }) => {
          if (step === 'merging') cancel.abort()
        }
      }
    )
    expect(await reasonOf(merging)).toBe('cancelled')
    expect(await virshOf(SERVER, 'blockjob', guest.uuid, 'vda', '--info', '--raw')).toBe('')
    expect(await virshOf(SERVER, 'domblklist', guest.uuid)).toBe(before)
    expect(await marks(guest)).toEqual(['mark-over', 'mark-over'])
    expect(await virshOf(SERVER, 'snapshot-list', guest.uuid, '--name')).toBe('e1\n')
  })

  it('says beforehand what cannot be: raw disks, UEFI, look-only, a machine that hangs, another name', async () => {
    const folder = await makePool(SERVER, 'snap-pool')
    const raw = await makeGuest(SERVER, folder, 'snap-raw', 6, { format: 'raw' })
    expect((await read(raw)).canCreate.internal).toEqual({ reason: 'diskFormat', disks: ['vda'] })
    expect(await reasonOf(create(raw, 'x'))).toBe('diskFormat')
    if (existsSync('/usr/share/OVMF/OVMF_CODE.fd')) {
      const uefi = await makeGuest(SERVER, folder, 'snap-uefi', 7, { firmware: 'uefi' })
      expect(await reasonOf(create(uefi, 'x'))).toBe('uefiNeedsNewerLibvirt')
      expect((await read(uefi)).canCreate.external).toBeNull()
    }
    // As another tool would make it; the revert itself would end the machine.
    const quoted = await makeGuest(SERVER, folder, 'snap-quoted', 9)
    await startOwn(quoted)
    await virshOf(SERVER, 'snapshot-create-as', quoted.uuid, '--name=a "b"')
    expect(await reasonOf(revert(quoted, 'a "b"'))).toBe('nameUnsafe')
    expect(await virshOf(SERVER, 'domstate', quoted.uuid)).toContain('running')
    const guest = await makeGuest(SERVER, folder, 'snap-hang', 8)
    expect(await reasonOf(create({ ...guest, name: 'other' }, 'x'))).toBe('vmChanged')
    await startOwn(guest)
    const pid = lab.qemuPid(SERVER, guest.uuid)
    lab.stopProcess(pid)
    await lab.eventually(
      'it is known to hang',
      async () => (await read(guest)).canCreate.internal?.reason === 'vmHangs',
      40_000,
      500
    )
    expect(await reasonOf(create(guest, 'x'))).toBe('vmHangs')
    lab.continueProcess(pid)
    expect(await virshOf(SERVER, 'snapshot-list', guest.uuid, '--name')).toBe('')
    await console_.directory.edit(server.record.id, { ...server.record, lookOnly: true }, undefined)
    expect(await reasonOf(create(guest, 'x'))).toBe('refused')
  })
})
