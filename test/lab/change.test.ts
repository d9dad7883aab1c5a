/** Changes of a VM on a real libvirt: each checked from outside, live and at next boot; and what guests say. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { ChangePlan, ChangeResult, ChangeScope, MachineChange } from '#contract/configuration.ts'
import { VmUuid } from '#contract/ids.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { configurationHandlers } from '../../src-main/application/configuration/configuration-handlers.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'
import { makeProbe, type Probe } from './probe-guest.ts'

const missing = lab.whyNoLab()
const BOTH: ChangeScope[] = ['live', 'nextBoot']
const MIB = 1024 ** 2

describe.skipIf(missing !== null)(`changes of a VM${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let handlers: ReturnType<typeof configurationHandlers>
  let server: ServerRuntime
  let probe: Probe

  beforeEach(async () => {
    const hypervisor = createHypervisor({ log: silentLog, clock: systemClock })
    console_ = startLabConsole(hypervisor, 5_000)
    const { blobs, journal } = console_.storage.asStorage()
    handlers = configurationHandlers({
      directory: console_.directory,
      blobs,
      journal,
      clock: systemClock,
      onJournal: () => undefined
    })
    probe = await makeProbe('lab2', 'change-probe')
    server = await console_.add({ server: 'lab2', user: 'op' })
    await lab.eventually('it is shown', () => server.machines.view(vmUuid()) !== null, 20_000)
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
  })

  const vmUuid = () => VmUuid.parse(probe.uuid)
  const context = () => ({ signal: AbortSignal.timeout(60_000) })
  const vm = () => ({ serverId: server.record.id, vmUuid: vmUuid() })
  const request = (change: MachineChange, scopes: ChangeScope[]) => ({
    ...vm(),
    seenName: probe.name,
    change,
    scopes
  })
  const plan = (change: MachineChange, scopes = BOTH): Promise<ChangePlan> =>
    handlers['configuration.plan'](request(change, scopes), context())
  const change = (what: MachineChange, scopes = BOTH, acceptsPasswordLoss = false): Promise<ChangeResult> =>
    handlers['configuration.change']({ ...request(what, scopes), acceptsPasswordLoss }, context())
  const read = () => handlers['configuration.read'](vm(), context())
  const done = { done: true, error: null }

  it('sets vCPUs and memory, now and at the next start, and says what has to wait', async () => {
    await probe.start()
    expect(await change({ kind: 'vcpus', count: 2, max: 2 })).toEqual({ live: done, nextBoot: done })
    expect(await probe.virsh('vcpucount', probe.uuid, '--live', '--current')).toBe('2')
    expect(await probe.virsh('vcpucount', probe.uuid, '--config', '--current')).toBe('2')

    const tooMany = await plan({ kind: 'vcpus', count: 3, max: 4 })
    expect(tooMany.refusals).toEqual([{ scope: 'live', reason: 'vcpusAboveMax', params: { max: 2 } }])
    expect(await change({ kind: 'vcpus', count: 3, max: 4 }, ['nextBoot'])).toEqual({
      live: null,
      nextBoot: done
    })
    expect(await probe.virsh('vcpucount', probe.uuid, '--config', '--maximum')).toBe('4')
    expect(await probe.virsh('vcpucount', probe.uuid, '--live', '--maximum')).toBe('2')
    expect((await read()).needsShutdown).toBe(true)
    await lab.eventually(
      'the list of machines says so too',
      () => server.machines.view(vm().vmUuid)?.needsShutdown === true,
      5_000
    )
    expect(await change({ kind: 'vcpus', count: 1, max: 2 }, ['nextBoot'])).toMatchObject({ nextBoot: done })
    expect(await probe.virsh('vcpucount', probe.uuid, '--config', '--maximum')).toBe('2')

    expect(await change({ kind: 'memory', bytes: 96 * MIB, maxBytes: 128 * MIB })).toMatchObject({
      live: done
    })
    expect(await probe.xml('--inactive')).toContain("<currentMemory unit='KiB'>98304</currentMemory>")
    await lab.eventually(
      'the guest gave memory back',
      async () => (await probe.virsh('dommemstat', probe.uuid)).includes('actual 98304'),
      30_000
    )
    const larger = await plan({ kind: 'memory', bytes: 256 * MIB, maxBytes: 256 * MIB })
    expect(larger.refusals).toMatchObject([{ scope: 'live', reason: 'memoryAboveMax' }])
    await change({ kind: 'memory', bytes: 192 * MIB, maxBytes: 256 * MIB }, ['nextBoot'])
    expect(await probe.xml('--inactive')).toMatch(
      /<memory unit='KiB'>262144<[^]*<currentMemory unit='KiB'>196608</
    )
    expect(await probe.xml()).toContain("<memory unit='KiB'>131072</memory>")
  })

  it('adds, grows and detaches a disk, which the guest sees; the file stays and never shrinks', async () => {
    await probe.start()
    const path = await probe.makeImage('change-pool/change-extra', 16)
    const attach: MachineChange = {
      kind: 'diskAttach',
      path,
      format: 'qcow2',
      bus: 'virtio',
      readOnly: false,
      create: null
    }
    expect(await change(attach)).toEqual({ live: done, nextBoot: done })
    for (const which of [[], ['--inactive']]) {
      expect(await probe.virsh('domblklist', probe.uuid, ...which)).toMatch(/vdb\s+\S+change-extra\.qcow2/)
    }
    await probe.seesEventually('cat /sys/block/vdb/size', String((16 * MIB) / 512))
    expect((await plan(attach)).refusals.map(({ reason }) => reason)).toEqual([
      'alreadyThere',
      'alreadyThere'
    ])

    const small = await plan({ kind: 'diskGrow', target: 'vdb', capacityBytes: 8 * MIB })
    expect(small).toMatchObject({ steps: [], refusals: [{ scope: null, reason: 'shrinks' }] })
    await expect(change({ kind: 'diskGrow', target: 'vdb', capacityBytes: 8 * MIB })).rejects.toMatchObject({
      code: 'changeRefused'
    })
    expect(await change({ kind: 'diskGrow', target: 'vdb', capacityBytes: 24 * MIB })).toMatchObject({
      live: done
    })
    expect(await probe.virsh('domblkinfo', probe.uuid, 'vdb')).toMatch(
      new RegExp(`Capacity:\\s+${24 * MIB}\\b`)
    )
    await probe.seesEventually('cat /sys/block/vdb/size', String((24 * MIB) / 512))

    const detach = await plan({ kind: 'diskDetach', target: 'vdb' })
    expect(detach.filesLeft).toEqual([path])
    expect(detach.steps.map(({ command }) => command)).toEqual([
      `virsh -c qemu:///system detach-disk ${probe.uuid} vdb --live`,
      `virsh -c qemu:///system detach-disk ${probe.uuid} vdb --config`
    ])
    expect(await change({ kind: 'diskDetach', target: 'vdb' })).toEqual({ live: done, nextBoot: done })
    await lab.eventually(
      'it is out',
      async () => !(await probe.virsh('domblklist', probe.uuid)).includes('vdb')
    )
    expect(await probe.virsh('domblklist', probe.uuid, '--inactive')).not.toContain('vdb')
    expect(await probe.virtualSize(path)).toBe(24 * MIB)

    await probe.off()
    await probe.makePool('change-pool')
    await change(attach, ['nextBoot'])
    await change({ kind: 'diskGrow', target: 'vdb', capacityBytes: 32 * MIB })
    expect(await probe.virtualSize(path)).toBe(32 * MIB)
  })

  it('makes a new volume and attaches it; when it cannot be attached, the volume is gone again', async () => {
    await probe.makeImage('change-pool/other', 1)
    await probe.makePool('change-pool')
    const create = { pool: 'change-pool', name: 'fresh.qcow2', capacityBytes: 8 * MIB, full: false }
    const path = '/var/lib/libvirt/images/change-pool/fresh.qcow2'
    const attach: MachineChange = {
      kind: 'diskAttach',
      path,
      format: 'qcow2',
      bus: 'virtio',
      readOnly: false,
      create
    }
    const volumes = () => probe.virsh('vol-list', 'change-pool')
    await expect(
      change({ ...attach, create: { ...create, pool: 'no-such-pool' } }, ['nextBoot'])
    ).rejects.toMatchObject({
      code: 'libvirtFailed'
    })
    expect(await change(attach, ['nextBoot'])).toMatchObject({ nextBoot: done })
    expect(await volumes()).toContain('fresh.qcow2')
    expect(await probe.virtualSize(path)).toBe(8 * MIB)
    expect(await probe.virsh('domblklist', probe.uuid, '--inactive')).toContain(path)
    // A second one of that name is never written over, and the first is not taken away for it.
    await change({ kind: 'diskDetach', target: 'vdb' }, ['nextBoot'])
    await expect(change(attach, ['nextBoot'])).rejects.toMatchObject({ code: 'libvirtFailed' })
    expect(await volumes()).toContain('fresh.qcow2')
    // The VM is gone when the device is to be attached: what was made for it goes too.
    const other: MachineChange = {
      ...attach,
      path: path.replace('fresh', 'orphan'),
      create: { ...create, name: 'orphan.qcow2' }
    }
    const prepared = await server.session?.configuration.prepare(
      { uuid: vmUuid(), seenName: probe.name, change: other, scopes: ['nextBoot'] },
      AbortSignal.timeout(10_000)
    )
    await probe.virshRw('undefine', probe.uuid)
    const journal = { beforeSend: () => Promise.resolve(), afterSend: () => Promise.resolve() }
    await expect(prepared?.send(journal, AbortSignal.timeout(30_000))).rejects.toMatchObject({
      code: 'vmNotFound'
    })
    expect(await volumes()).not.toContain('orphan')
  })

  it('inserts, changes and ejects media, now and at the next start', async () => {
    expect((await plan({ kind: 'driveAttach' })).refusals).toEqual([
      { scope: 'live', reason: 'off', params: {} }
    ])
    await change({ kind: 'driveAttach' }, ['nextBoot'])
    await probe.start()
    expect((await plan({ kind: 'driveAttach' })).refusals).toMatchObject([
      { scope: 'live', reason: 'busNotHotplug' }
    ])
    const [first, second] = [await probe.makeIso('change-a'), await probe.makeIso('change-b')]
    const sourceOf = async (...which: string[]) =>
      /sda\s+(\S+)/.exec(await probe.virsh('domblklist', probe.uuid, ...which))?.[1]
    for (const path of [first, second, null]) {
      expect(await change({ kind: 'media', target: 'sda', path })).toEqual({ live: done, nextBoot: done })
      expect(await sourceOf()).toBe(path ?? '-')
      expect(await sourceOf('--inactive')).toBe(path ?? '-')
    }
    const lines = await handlers['configuration.xml'](vm(), context())
    expect(lines.liveLines).toEqual(lines.nextBootLines)
    expect((await read()).needsShutdown).toBe(false)
    expect(server.machines.view(vm().vmUuid)?.needsShutdown).toBe(false)
  })

  it('adds an interface, pulls its cable and takes it out, which the guest sees', async () => {
    await probe.start()
    const added = await change({
      kind: 'interfaceAttach',
      sourceKind: 'network',
      source: 'default',
      model: 'virtio',
      mac: '52:54:00:77:0C:02'
    })
    expect(added).toEqual({ live: done, nextBoot: done })
    const mac = '52:54:00:77:0c:02'
    expect(await probe.xml()).toContain(mac)
    expect(await probe.xml('--inactive')).toContain(mac)
    await probe.seesEventually('cat /sys/class/net/eth1/address', mac)
    await probe.tell('run ip link set eth1 up')
    await probe.seesEventually('cat /sys/class/net/eth1/carrier', '1')
    expect(await change({ kind: 'interfaceLink', mac, up: false })).toEqual({ live: done, nextBoot: done })
    expect(await probe.virsh('domif-getlink', probe.uuid, mac)).toMatch(/down$/)
    expect(await probe.virsh('domif-getlink', probe.uuid, mac, '--config')).toMatch(/down$/)
    await probe.seesEventually('cat /sys/class/net/eth1/carrier', '0')
    await change({ kind: 'interfaceLink', mac, up: true }, ['live'])
    expect(await probe.virsh('domif-getlink', probe.uuid, mac)).toMatch(/up$/)
    expect((await read()).needsShutdown).toBe(true)
    expect(await change({ kind: 'interfaceDetach', mac })).toEqual({ live: done, nextBoot: done })
    await lab.eventually('it is out', async () => !(await probe.xml()).includes(mac))
    expect(await probe.xml('--inactive')).not.toContain(mac)
    expect((await plan({ kind: 'interfaceDetach', mac })).refusals.map(({ reason }) => reason)).toEqual([
      'notThere',
      'notThere'
    ])
  })

  it('keeps title, description and tags whatever stands in them, and no mark is lost', async () => {
    const hostile = `-H --all $(id) <b>'"&amp;`
    const protect = '<machine protected="yes"/>'
    const namespace = 'https://virthelm.invalid/xmlns/1'
    await probe.virshRw(
      'metadata',
      probe.uuid,
      '--uri',
      namespace,
      '--key',
      'virthelm',
      '--set',
      protect,
      '--config'
    )
    await probe.virshRw('start', probe.uuid)
    await change({ kind: 'title', title: hostile })
    await change({ kind: 'description', description: `${hostile}\nsecond line` })
    await change({ kind: 'tags', tags: ['web', '<prod>'] })
    const { live, nextBoot } = await read()
    expect(live).toMatchObject({
      title: hostile,
      description: `${hostile}\nsecond line`,
      tags: ['web', '<prod>']
    })
    expect(nextBoot).toMatchObject({ title: hostile, tags: ['web', '<prod>'], protected: true })
    expect(await probe.virsh('desc', probe.uuid, '--title', '--config')).toBe(hostile)
    await change({ kind: 'title', title: '' })
    expect(await probe.xml()).not.toContain('<title>')
    expect((await plan({ kind: 'diskDetach', target: 'vda' })).refusals).toMatchObject([
      { reason: 'protected' }
    ])
  })

  it('sets the boot order, and the saved definition brings the old one back to the byte', async () => {
    const before = await probe.xml('--inactive')
    const mac = probe.mac
    const order = [
      { kind: 'interface' as const, mac },
      { kind: 'disk' as const, target: 'vda' }
    ]
    await change({ kind: 'boot', order }, ['nextBoot'], true)
    const after = await probe.xml('--inactive')
    expect(after).toMatch(/<mac address='[^']+'\/>[^]*?<boot order='1'\/>[^]*?<\/interface>/)
    expect(after).toMatch(/<target dev='vda'[^]*?<boot order='2'\/>/)
    expect(after.replaceAll(/ *<boot order='\d'\/>\n/g, '')).toBe(
      before.replaceAll(/ *<boot dev='hd'\/>\n/g, '')
    )
    const [saved] = await handlers['configuration.saved'](vm(), context())
    expect(saved).toMatchObject({ before: 'boot' })
    const shown = await handlers['configuration.savedXml']({ ...vm(), savedId: saved?.id ?? 0 }, context())
    expect(shown.savedLines.join('\n')).not.toBe(shown.nextBootLines?.join('\n'))
    await change({ kind: 'restore', savedId: saved?.id ?? 0 }, ['nextBoot'], true)
    expect(await probe.xml('--inactive')).toBe(before)
    // Taking back can be taken back.
    const [newest] = await handlers['configuration.saved'](vm(), context())
    await change({ kind: 'restore', savedId: newest?.id ?? 0 }, ['nextBoot'], true)
    expect(await probe.xml('--inactive')).toBe(after)
  })

  it('takes a typed definition, refuses a wrong one in libvirt’s words, and changes nothing then', async () => {
    const before = await probe.xml('--inactive')
    const typed = (xml: string) => ({ kind: 'xml' as const, xml })
    const define = (xml: string) => change(typed(xml), ['nextBoot'], true)
    expect((await plan(typed(before.replace('</vcpu>', '</vcpuu>')), ['nextBoot'])).refusals).toMatchObject([
      { scope: null, reason: 'notWellFormed', params: { line: lineOf(before, '</vcpu>') } }
    ])
    for (const wrong of [
      before.replace(probe.uuid, '77000000-0002-4000-8000-000000000001'),
      before.replace('>change-probe<', '>web<')
    ]) {
      expect((await plan(typed(wrong), ['nextBoot'])).refusals).toMatchObject([{ reason: 'otherMachine' }])
      await expect(define(wrong)).rejects.toMatchObject({ code: 'changeRefused' })
    }
    for (const [wrong, words] of [
      [before.replace('</vcpu>', '</vcpu>\n  <foo/>'), /extra content: foo/],
      [before.replace("<model type='virtio'/>", "<model typo='virtio'/>"), /failed to validate/]
    ] as const) {
      const failure: unknown = await define(wrong).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(AppError)
      expect((failure as AppError).code).toBe('libvirtFailed')
      expect(String((failure as AppError).params['stderr'])).toMatch(words)
    }
    expect(await probe.xml('--inactive')).toBe(before)
    expect(
      await define(before.replace(/<vcpu[^]*<\/vcpu>/, "<vcpu placement='static' current='1'>3</vcpu>"))
    ).toEqual({
      live: null,
      nextBoot: done
    })
    expect(await probe.virsh('vcpucount', probe.uuid, '--config', '--maximum')).toBe('3')
  })

  it('never loses a console’s password blindly, and shows it nowhere', async () => {
    await probe.define((xml) => xml.replace("autoport='yes'", "autoport='yes' passwd='canary77'"))
    const xml = await probe.xml('--inactive')
    expect(xml).not.toContain('canary77')
    const password = () => probe.virshRw('dumpxml', '--inactive', '--security-info', probe.uuid)
    const other = xml.replace(/<vcpu[^]*<\/vcpu>/, "<vcpu placement='static'>3</vcpu>")
    expect(await plan({ kind: 'xml', xml: other }, ['nextBoot'])).toMatchObject({ mayLosePassword: true })
    await expect(change({ kind: 'xml', xml: other }, ['nextBoot'])).rejects.toMatchObject({
      code: 'passwordAtRisk'
    })
    await change({ kind: 'vcpus', count: 2, max: 3 }, ['nextBoot'])
    await change({ kind: 'tags', tags: ['x'] }, ['nextBoot'])
    expect(await password()).toContain("passwd='canary77'")
    const withPassword = xml.replace("autoport='yes'", "autoport='yes' passwd='canary88'")
    await change({ kind: 'xml', xml: withPassword }, ['nextBoot'])
    expect(await password()).toContain("passwd='canary88'")
    const kept = JSON.stringify(console_.storage.journal) + blobsText(console_.storage.blobs)
    expect(kept).not.toContain('canary')
    expect(kept).toContain('*****')
  })

  it('refuses all of it under another name, and on a VM that hangs, at once', async () => {
    await probe.start()
    const tags = request({ kind: 'tags', tags: ['a'] }, BOTH)
    await expect(
      handlers['configuration.change']({ ...tags, seenName: 'other', acceptsPasswordLoss: false }, context())
    ).rejects.toMatchObject({ code: 'vmChanged' })
    lab.stopProcess(lab.qemuPid('lab2', probe.uuid))
    await lab.eventually(
      'it is marked',
      () => server.machines.view(vmUuid())?.notRespondingSinceAtMs !== null,
      20_000
    )
    const startedMs = performance.now()
    expect((await read()).live).not.toBeNull()
    expect(await plan({ kind: 'vcpus', count: 2, max: 2 })).toMatchObject({
      steps: [],
      refusals: [{ scope: null, reason: 'notResponding' }]
    })
    expect(performance.now() - startedMs).toBeLessThan(3_000)
    expect(console_.storage.journal).toEqual([])
  })
})

const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length

const blobsText = (blobs: ReadonlyMap<string, Uint8Array>): string =>
  [...blobs.values()].map((blob) => new TextDecoder().decode(blob)).join('')
