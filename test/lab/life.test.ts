/** The life of VMs of a real libvirt: saved states, autostart, names, marks, and many at once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { bulkHandlers } from '../../src-main/application/bulk/bulk-handlers.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { machineHandlers } from '../../src-main/application/machines/machine-handlers.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import { disk, openYard, type DeletionYard } from './deletion-guests.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const SERVERS = ['lab1', 'lab2'] as const
const signal = (ms = 60_000): AbortSignal => AbortSignal.timeout(ms)

describe.skipIf(missing !== null)(`the life of VMs${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let handlers: ReturnType<typeof machineHandlers>
  let bulk: ReturnType<typeof bulkHandlers>
  const yards = new Map<string, DeletionYard>()
  const servers = new Map<string, ServerRuntime>()

  beforeEach(async () => {
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), 5_000)
    const { directory, storage } = console_
    const { journal } = storage.asStorage()
    const deps = { directory, journal, clock: systemClock, onJournal: () => undefined }
    handlers = machineHandlers({ ...deps, feed: { touch: () => undefined } as never })
    bulk = bulkHandlers({ ...deps, log: silentLog })
    for (const name of SERVERS) {
      servers.set(name, await console_.add({ server: name, user: 'op' }))
      yards.set(name, await openYard(name, name === 'lab1' ? 'e1' : 'e2'))
    }
    await lab.eventually(
      'libvirt is open',
      () => [...servers.values()].every(({ session }) => session !== null),
      20_000
    )
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
  })

  const yardOf = (name: string): DeletionYard => {
    const yard = yards.get(name)
    if (yard === undefined) throw new Error('no yard')
    return yard
  }
  const runtimeOf = (name: string): ServerRuntime => {
    const server = servers.get(name)
    if (server === undefined) throw new Error('no server')
    return server
  }
  const vm = (server: string, uuid: string, seenName: string) => ({
    serverId: runtimeOf(server).record.id,
    vmUuid: VmUuid.parse(uuid),
    seenName
  })
  const act = (server: string, uuid: string, name: string, action: MachineAction) =>
    handlers['machines.act']({ ...vm(server, uuid, name), action }, { signal: signal() })
  const seen = (server: string, uuid: string) => runtimeOf(server).machines.view(VmUuid.parse(uuid))
  const shows = (
    what: string,
    server: string,
    uuid: string,
    is: (view: NonNullable<ReturnType<typeof seen>>) => boolean
  ) =>
    lab.eventually(
      what,
      () => {
        const view = seen(server, uuid)
        return view !== null && is(view)
      },
      10_000
    )
  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'done',
      (error: unknown) => (error instanceof AppError ? error.code : error)
    )

  it('saves, shows it, goes on from there, and forgets a saved state', async () => {
    const yard = yardOf('lab2')
    const uuid = await yard.define('saver $(id)', '')
    const state = async () => (await yard.virsh('domstate', uuid, '--reason')).trim()
    await act('lab2', uuid, 'saver $(id)', 'start')
    expect(await act('lab2', uuid, 'saver $(id)', 'reset')).toEqual({ outcome: 'done' })
    await act('lab2', uuid, 'saver $(id)', 'save')
    expect(await state()).toBe('shut off (saved)')
    await shows('its saved state', 'lab2', uuid, ({ hasSavedState }) => hasSavedState)
    await act('lab2', uuid, 'saver $(id)', 'start')
    expect(await state()).toBe('running (restored)')
    await act('lab2', uuid, 'saver $(id)', 'save')
    await act('lab2', uuid, 'saver $(id)', 'discardSaved')
    expect(await yard.virsh('list', '--all', '--uuid', '--with-managed-save')).not.toContain(uuid)
    await shows('no saved state', 'lab2', uuid, ({ hasSavedState }) => !hasSavedState)
    expect(await codeOf(act('lab2', uuid, 'saver $(id)', 'save'))).toBe('vmActionNotPossible')
  })

  it('sets autostart, the mark against deletion, and the balloon period, as virsh sees them', async () => {
    const yard = yardOf('lab2')
    const uuid = await yard.define('marked', `<memballoon model='virtio'/>`)
    const target = vm('lab2', uuid, 'marked')
    const context = { signal: signal() }
    await act('lab2', uuid, 'marked', 'autostartOn')
    expect(await yard.virsh('list', '--all', '--uuid', '--autostart')).toContain(uuid)
    await act('lab2', uuid, 'marked', 'autostartOff')
    expect(await yard.virsh('list', '--all', '--uuid', '--autostart')).not.toContain(uuid)
    await yard.virsh('start', uuid)
    await handlers['machines.setProtected']({ ...target, on: true }, context)
    for (const which of [[], ['--inactive']])
      expect(await yard.virsh('dumpxml', uuid, ...which)).toMatch(/https:\/\/virthelm\.invalid\/xmlns\/1/)
    await shows('the mark', 'lab2', uuid, ({ isProtected }) => isProtected)
    await handlers['machines.setProtected']({ ...target, on: true }, context)
    await handlers['machines.setProtected']({ ...target, on: false }, context)
    expect(await yard.virsh('dumpxml', uuid)).not.toContain('virthelm.invalid')
    await shows('no mark', 'lab2', uuid, ({ isProtected }) => !isProtected)
    await handlers['machines.setBalloonPeriod']({ ...target, periodSec: 10 }, context)
    for (const which of [[], ['--inactive']])
      expect(await yard.virsh('dumpxml', uuid, ...which)).toMatch(/<stats period='10'\/>/)
  })

  it('renames what is off, to names that virsh cannot mistake, and never takes a name that is taken', async () => {
    const yard = yardOf('lab2')
    const uuid = await yard.define('first', '')
    await yard.define('other', '')
    const rename = (from: string, newName: string) =>
      codeOf(handlers['machines.rename']({ ...vm('lab2', uuid, from), newName }, { signal: signal() }))
    expect(await rename('first', 'other')).toBe('conflict')
    for (const bad of ['12', '-H', 'a/b', '', uuid]) expect(await rename('first', bad)).toBe('invalidInput')
    expect(await rename('wrong', 'x')).toBe('vmChanged')
    expect(await rename('first', "虚拟机 'b' $(id)")).toBe('done')
    expect((await yard.virsh('domname', uuid)).trim()).toBe("虚拟机 'b' $(id)")
    await yard.virsh('start', uuid)
    expect(await rename("虚拟机 'b' $(id)", 'late')).toBe('vmActionNotPossible')
  })

  it('never renames or marks another VM, when names are UUIDs and numbers and change in between', async () => {
    const turns = process.env.VIRTHELM_LONG === '1' ? 250 : 12
    const yard = yardOf('lab2')
    const mine = await yard.define('mine', '')
    const theirs = await yard.define(mine, '')
    let wrong = 0
    for (let turn = 0; turn < turns; turn++) {
      const name = (await yard.virsh('domname', mine)).trim()
      if (turn % 3 === 0) await yard.virsh('domrename', name, name === 'mine' ? '12' : 'mine')
      const isStale = turn % 3 === 0
      const outcome =
        turn % 2 === 0
          ? await codeOf(
              handlers['machines.rename'](
                { ...vm('lab2', mine, name), newName: `mine-${turn}` },
                { signal: signal() }
              )
            )
          : await codeOf(
              handlers['machines.setProtected'](
                { ...vm('lab2', mine, name), on: turn % 4 === 1 },
                { signal: signal() }
              )
            )
      if (outcome !== (isStale ? 'vmChanged' : 'done')) wrong++
      if ((await yard.virsh('domname', theirs)).trim() !== mine) wrong++
      if ((await yard.virsh('dumpxml', theirs)).includes('virthelm')) wrong++
    }
    expect(wrong).toBe(0)
  })

  it('acts on twelve VMs of two servers, two at once on each, and tells of the one that cannot', async () => {
    const targets: { server: string; uuid: string; name: string }[] = []
    for (const server of SERVERS)
      for (let index = 0; index < 6; index++) {
        const name = `bulk ${index}`
        targets.push({
          server,
          uuid: await yardOf(server).define(name, index === 5 ? disk('/nowhere/gone.qcow2') : ''),
          name
        })
      }
    await lab.eventually(
      'all are shown',
      () => targets.every(({ server, uuid }) => seen(server, uuid) !== null),
      20_000
    )
    const run = (action: MachineAction) =>
      bulk['bulk.run'](
        { action, targets: targets.map(({ server, uuid, name }) => vm(server, uuid, name)), perServer: 2 },
        { signal: signal(120_000), progress: () => undefined }
      )
    const started = await run('start')
    expect(started.items.map(({ state }) => state)).toEqual(
      targets.map(({ name }) => (name === 'bulk 5' ? 'failed' : 'done'))
    )
    for (const server of SERVERS) {
      const { stdout } = await lab.inServer(server, ['virsh', '-q', 'list', '--uuid'])
      for (const target of targets.filter((one) => one.server === server))
        expect([target.name, stdout.includes(target.uuid)]).toEqual([target.name, target.name !== 'bulk 5'])
    }
    const stopped = await run('forceOff')
    expect(stopped.items.map(({ state }) => state)).toEqual(
      targets.map(({ name }) => (name === 'bulk 5' ? 'already' : 'done'))
    )
  })
})
