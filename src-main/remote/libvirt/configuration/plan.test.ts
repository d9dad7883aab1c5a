import { describe, expect, it } from 'vitest'
import type { ChangeScope } from '#contract/configuration.ts'
import { hardwareOf } from './hardware-xml.ts'
import { type Definition, type PlannableChange, planChange, type Situation } from './plan.ts'
import { parseXml } from './xml-tree.ts'

const UUID = '00000000-0000-4000-8000-000000000001'
const GIB = 1024 ** 3
const xmlOf = (inside = '', os = "<boot dev='hd'/>") => `<domain type='kvm'>
  <name>web</name>
  <uuid>${UUID}</uuid>
  <memory unit='KiB'>2097152</memory>
  <currentMemory unit='KiB'>1048576</currentMemory>
  <vcpu current='2'>4</vcpu>
  <os><type machine='pc-q35-7.2'>hvm</type>${os}</os>
  <devices>
    <disk type='file' device='disk'>
      <source file='/images/web.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
    <interface type='network'>
      <mac address='52:54:00:00:00:01'/>
      <source network='default'/>
    </interface>
    <graphics type='vnc'/>${inside}
  </devices>
</domain>`
function definition(xml: string): Definition {
  const tree = parseXml(xml)
  const hardware = hardwareOf(tree)
  if (hardware === null) throw new Error('no domain')
  return { tree, hardware }
}
const running = (change: Partial<Situation> = {}): Situation => ({
  uuid: UUID,
  name: 'web',
  live: definition(xmlOf()),
  nextBoot: definition(xmlOf()),
  isResponding: true,
  capacityBytes: 10 * GIB,
  isVolume: true,
  otherUser: null,
  newMac: '52:54:00:aa:bb:cc',
  ...change
})
const BOTH: readonly ChangeScope[] = ['live', 'nextBoot']
const plan = (change: PlannableChange, situation = running(), scopes = BOTH) => {
  const { steps, refusals, ...rest } = planChange(change, scopes, situation)
  return {
    ...rest,
    sent: steps.map(({ write }) => write.args.filter((word) => word !== UUID).join(' ')),
    documents: steps.map(({ write }) => write.document),
    refusals: refusals.map(({ scope, reason }) => `${scope ?? 'all'}: ${reason}`)
  }
}

describe('the plan of a change', () => {
  it('never sets a maximum below what there is in between', () => {
    expect(plan({ kind: 'vcpus', count: 6, max: 8 }, running(), ['nextBoot']).sent).toEqual([
      'setvcpus 8 --maximum --config',
      'setvcpus 6 --config'
    ])
    expect(plan({ kind: 'vcpus', count: 1, max: 1 }, running(), ['nextBoot']).sent).toEqual([
      'setvcpus 1 --config',
      'setvcpus 1 --maximum --config'
    ])
    expect(plan({ kind: 'memory', bytes: GIB / 2, maxBytes: GIB / 2 }, running(), ['nextBoot']).sent).toEqual(
      ['setmem 524288 --config', 'setmaxmem 524288 --config']
    )
    expect(plan({ kind: 'vcpus', count: 9, max: 8 }).refusals).toContain('all: maxBelowPresent')
  })

  it('sends the running VM first, and says what only a start can do', () => {
    expect(plan({ kind: 'vcpus', count: 3, max: 4 }).sent).toEqual([
      'setvcpus 3 --live',
      'setvcpus 3 --config'
    ])
    const wider = plan({ kind: 'memory', bytes: 2 * GIB, maxBytes: 4 * GIB })
    expect(wider.refusals).toEqual(['live: maxNextBootOnly'])
    expect(wider.sent).toEqual([
      'setmem 2097152 --live',
      'setmaxmem 4194304 --config',
      'setmem 2097152 --config'
    ])
  })

  it('grows, and never shrinks, whoever asks', () => {
    const grow = (capacityBytes: number, change: Partial<Situation> = {}) =>
      plan({ kind: 'diskGrow', target: 'vda', capacityBytes }, running(change))
    expect(grow(11 * GIB).sent).toEqual([`blockresize vda ${11 * GIB}B`])
    expect(grow(11 * GIB, { live: null }).sent).toEqual([
      `vol-resize --vol /images/web.qcow2 --capacity ${11 * GIB}B`
    ])
    expect(grow(9 * GIB)).toMatchObject({ sent: [], refusals: ['all: shrinks'] })
    expect(grow(10 * GIB)).toMatchObject({ sent: [], refusals: ['all: nothingToChange'] })
    expect(grow(11 * GIB, { capacityBytes: null }).refusals).toEqual(['all: sizeUnknown'])
    expect(grow(11 * GIB, { live: null, isVolume: false }).refusals).toEqual(['all: notInPool'])
    expect(grow(11 * GIB, { live: null, otherUser: 'db' }).refusals).toEqual(['all: usedByRunning'])
  })

  it('plugs in what the bus can take, under a name that neither definition has', () => {
    const attach = (bus: 'virtio' | 'sata' | 'scsi', situation = running()) =>
      plan(
        {
          kind: 'diskAttach',
          path: `/images/<b>'.qcow2`,
          format: 'qcow2',
          bus,
          readOnly: false,
          create: null
        },
        situation
      )
    const virtio = attach('virtio')
    expect(virtio.sent).toEqual(['attach-device /dev/stdin --live', 'attach-device /dev/stdin --config'])
    expect(virtio.documents[0]).toContain(
      "<source file='/images/&lt;b&gt;&apos;.qcow2'/><target dev='vdb' bus='virtio'/>"
    )
    expect(attach('sata')).toMatchObject({
      refusals: ['live: busNotHotplug'],
      sent: ['attach-device /dev/stdin --config']
    })
    expect(attach('scsi').documents[0]).toBe("<controller type='scsi' model='virtio-scsi'/>")
    const onlyNext = definition(xmlOf("<disk type='file'><target dev='vdb' bus='virtio'/></disk>"))
    expect(attach('virtio', running({ nextBoot: onlyNext })).documents[0]).toContain("dev='vdc'")
    expect(attach('virtio', running({ otherUser: 'db' }))).toMatchObject({
      sent: [],
      refusals: ['all: usedByRunning']
    })
  })

  it('makes a new volume once, before it is attached, and knows how to take it away again', () => {
    const create = { pool: 'fast', name: 'data.qcow2', capacityBytes: GIB, full: false }
    const change = {
      kind: 'diskAttach',
      path: '/fast/data.qcow2',
      format: 'qcow2',
      bus: 'virtio',
      readOnly: false
    } as const
    expect(plan({ ...change, create }).sent).toEqual([
      `vol-create-as --pool fast --name data.qcow2 --capacity ${GIB}B --format qcow2 --allocation 0B`,
      'attach-device /dev/stdin --live',
      'attach-device /dev/stdin --config'
    ])
    const { steps } = planChange({ ...change, create }, ['nextBoot'], running())
    expect(steps[0]?.undo).toEqual(['vol-delete', '--pool', 'fast', '--vol', 'data.qcow2'])
    expect(plan({ ...change, path: '/elsewhere/x', create })).toMatchObject({
      sent: [],
      refusals: ['all: notThere']
    })
    expect(plan({ ...change, path: '/dev/vg/data', create: null }).documents[0]).toContain(
      "<disk type='block' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source dev='/dev/vg/data'/>"
    )
  })

  it('detaches and leaves the file, but nothing of a protected VM', () => {
    const change = { kind: 'diskDetach', target: 'vda' } as const
    expect(plan(change)).toMatchObject({
      sent: ['detach-disk vda --live', 'detach-disk vda --config'],
      filesLeft: ['/images/web.qcow2']
    })
    const marked = definition(
      xmlOf().replace(
        '</uuid>',
        "</uuid><metadata><v:machine xmlns:v='https://virthelm.invalid/xmlns/1' protected='yes'/></metadata>"
      )
    )
    expect(plan(change, running({ nextBoot: marked }))).toMatchObject({
      sent: [],
      refusals: ['all: protected'],
      filesLeft: []
    })
  })

  it('writes the boot order to the devices and takes the firmware’s list away', () => {
    const { documents, refusals, mayLosePassword } = plan({
      kind: 'boot',
      order: [
        { kind: 'interface', mac: '52:54:00:00:00:01' },
        { kind: 'disk', target: 'vda' }
      ]
    })
    expect(refusals).toEqual(['live: nextBootOnly'])
    expect(mayLosePassword).toBe(true)
    const order = hardwareOf(parseXml(documents[0] ?? ''))
    expect(order?.bootDevices).toEqual([])
    expect(order?.interfaces[0]?.bootOrder).toBe(1)
    expect(order?.disks.map(({ bootOrder }) => bootOrder)).toEqual([2, null])
  })

  it('takes a definition of the same VM only', () => {
    const xml = (text: string) => plan({ kind: 'xml', xml: text }, running(), ['nextBoot'])
    expect(xml(xmlOf('<watchdog/>'))).toMatchObject({
      sent: ['define /dev/stdin --validate'],
      mayLosePassword: true
    })
    expect(
      xml(xmlOf("<graphics type='vnc' passwd='x'/>").replace("<graphics type='vnc'/>", '')).mayLosePassword
    ).toBe(false)
    expect(xml(xmlOf()).refusals).toEqual(['all: nothingToChange'])
    expect(xml(xmlOf('<a>')).refusals).toEqual(['all: notWellFormed'])
    expect(xml(xmlOf().replace('>web<', '>db<')).refusals).toEqual(['all: otherMachine'])
    expect(xml(xmlOf().replace(UUID, UUID.replace('1', '2'))).refusals).toEqual(['all: otherMachine'])
    expect(xml('<network/>').refusals).toEqual(['all: otherMachine'])
  })

  it('asks nothing of a VM that hangs, and has no scope that is not there', () => {
    const vcpus = { kind: 'vcpus', count: 3, max: 4 } as const
    expect(plan(vcpus, running({ isResponding: false }))).toMatchObject({
      sent: [],
      refusals: ['all: notResponding']
    })
    expect(plan(vcpus, running({ live: null })).refusals).toEqual(['live: off'])
    expect(plan(vcpus, running({ nextBoot: null }))).toMatchObject({
      sent: ['setvcpus 3 --live'],
      refusals: ['nextBoot: transient']
    })
  })
})
