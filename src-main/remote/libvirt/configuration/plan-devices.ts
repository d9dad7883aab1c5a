/** Disks, drives, interfaces and the agent's channel: put in, taken out, switched. */
import type { DiskBus, MachineChange } from '#contract/configuration.ts'
import { STDIN } from '../virsh.ts'
import { AGENT_CHANNEL_NAME } from './hardware-xml.ts'
import type { Definition, PlanDraft, ScopeOf, Situation } from './plan.ts'
import { element, find, writeXml, type XmlElement } from './xml-tree.ts'

type DeviceChange = Extract<
  MachineChange,
  {
    kind:
      | 'diskAttach'
      | 'diskDetach'
      | 'driveAttach'
      | 'media'
      | 'interfaceAttach'
      | 'interfaceLink'
      | 'interfaceDetach'
      | 'agentChannel'
  }
>

/** Buses whose devices can be plugged in and out while QEMU runs. */
const HOTPLUG_BUSES: ReadonlySet<string> = new Set(['virtio', 'scsi', 'usb'])

export function planDevices(
  change: DeviceChange,
  scopes: readonly ScopeOf[],
  situation: Situation,
  draft: PlanDraft
): void {
  switch (change.kind) {
    case 'diskAttach':
      return planDiskAttach(change, scopes, situation, draft)
    case 'driveAttach':
      return planDriveAttach(scopes, situation, draft)
    case 'diskDetach':
      // The mark is there so that nothing of the machine is lost by mistake.
      if (scopes.some(({ definition }) => definition.hardware.protected)) draft.refuse(null, 'protected')
      else for (const scope of scopes) planDisk(change, scope, situation, draft)
      return
    case 'media':
      for (const scope of scopes) planDisk(change, scope, situation, draft)
      return
    case 'interfaceAttach':
      return planInterfaceAttach(change, scopes, situation, draft)
    case 'interfaceLink':
    case 'interfaceDetach':
      for (const scope of scopes) planInterface(change, scope, situation, draft)
      return
    case 'agentChannel':
      for (const scope of scopes) planAgentChannel(scope, situation, draft)
  }
}

const attach = (draft: PlanDraft, { scope, option }: ScopeOf, uuid: string, device: XmlElement): void =>
  draft.send(scope, ['attach-device', uuid, STDIN, option], writeXml(device))

function planDiskAttach(
  change: Extract<DeviceChange, { kind: 'diskAttach' }>,
  scopes: readonly ScopeOf[],
  situation: Situation,
  draft: PlanDraft
): void {
  if (situation.otherUser !== null && !change.readOnly) {
    draft.refuse(null, 'usedByRunning', { vm: situation.otherUser })
    return
  }
  const target = freeTarget(change.bus, situation)
  // QEMU opens a device of the server in another way than a file.
  const [type, attribute] = change.path.startsWith('/dev/') ? ['block', 'dev'] : ['file', 'file']
  const device = element('disk', { type, device: 'disk' }, [
    element('driver', { name: 'qemu', type: change.format, discard: 'unmap' }),
    element('source', { [attribute]: change.path }),
    element('target', { dev: target, bus: change.bus }),
    ...(change.readOnly ? [element('readonly')] : [])
  ])
  for (const scope of scopes) {
    const { hardware, tree } = scope.definition
    if (hardware.disks.some(({ source }) => source === change.path))
      draft.refuse(scope.scope, 'alreadyThere', { device: change.path })
    else if (scope.scope === 'live' && !HOTPLUG_BUSES.has(change.bus))
      draft.refuse('live', 'busNotHotplug', { bus: change.bus })
    else {
      if (draft.steps.length === 0) planVolume(change, scope.scope, draft)
      if (change.bus === 'scsi' && !hasController(tree, 'scsi'))
        // libvirt's own choice would be a controller of 1995 that few guests know.
        attach(draft, scope, situation.uuid, element('controller', { type: 'scsi', model: 'virtio-scsi' }))
      attach(draft, scope, situation.uuid, device)
    }
  }
}

/** Made once, before it is attached anywhere. */
function planVolume(
  { create, path, format }: Extract<DeviceChange, { kind: 'diskAttach' }>,
  scope: ScopeOf['scope'],
  draft: PlanDraft
): void {
  if (create === null) return
  const { pool, name, capacityBytes, full } = create
  if (!path.endsWith(`/${name}`)) {
    draft.refuse(null, 'notThere', { device: path })
    return
  }
  const size = `${capacityBytes}B`
  const words = ['--pool', pool, '--name', name, '--capacity', size, '--format', format]
  draft.make(
    scope,
    ['vol-create-as', ...words, '--allocation', full ? size : '0B'],
    ['vol-delete', '--pool', pool, '--vol', name]
  )
}

function planDriveAttach(scopes: readonly ScopeOf[], situation: Situation, draft: PlanDraft): void {
  const machine = find(scopes[0]?.definition.tree ?? element('domain'), 'os', 'type')[0]?.attributes[
    'machine'
  ]
  const bus = machine?.includes('q35') === true ? 'sata' : 'ide'
  const device = element('disk', { type: 'file', device: 'cdrom' }, [
    element('driver', { name: 'qemu', type: 'raw' }),
    element('target', { dev: freeTarget(bus, situation), bus }),
    element('readonly')
  ])
  for (const scope of scopes) {
    if (scope.scope === 'live') draft.refuse('live', 'busNotHotplug', { bus })
    else attach(draft, scope, situation.uuid, device)
  }
}

const PREFIXES: Readonly<Record<DiskBus | 'ide', string>> = {
  virtio: 'vd',
  scsi: 'sd',
  sata: 'sd',
  usb: 'sd',
  ide: 'hd'
}
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** The first name that neither definition has: the same now and at the next start. */
function freeTarget(bus: DiskBus | 'ide', { live, nextBoot }: Situation): string {
  const taken = new Set(
    [live, nextBoot].flatMap((definition) => definition?.hardware.disks.map(({ target }) => target) ?? [])
  )
  const names = [...LETTERS, ...[...LETTERS].flatMap((first) => [...LETTERS].map((next) => first + next))]
  return `${PREFIXES[bus]}${names.find((letters) => !taken.has(`${PREFIXES[bus]}${letters}`)) ?? 'zz'}`
}

const hasController = (domain: XmlElement, type: string): boolean =>
  find(domain, 'devices', 'controller').some(({ attributes }) => attributes['type'] === type)

function planDisk(
  change: Extract<DeviceChange, { kind: 'diskDetach' | 'media' }>,
  { scope, option, definition }: ScopeOf,
  { uuid }: Situation,
  draft: PlanDraft
): void {
  const disk = definition.hardware.disks.find(({ target }) => target === change.target)
  if (disk === undefined) {
    draft.refuse(scope, 'notThere', { device: change.target })
    return
  }
  if (change.kind === 'diskDetach') {
    if (scope === 'live' && (!HOTPLUG_BUSES.has(disk.bus ?? '') || disk.device === 'cdrom'))
      draft.refuse('live', 'busNotHotplug', { bus: disk.bus ?? '' })
    else draft.send(scope, ['detach-disk', uuid, change.target, option])
    if (disk.source !== null) draft.filesLeft.add(disk.source)
    return
  }
  if (disk.source === change.path) return
  if (disk.source !== null) draft.filesLeft.add(disk.source)
  draft.send(
    scope,
    change.path === null
      ? ['change-media', uuid, change.target, '--eject', option]
      : ['change-media', uuid, change.target, '--source', change.path, '--update', option]
  )
}

function planInterfaceAttach(
  change: Extract<DeviceChange, { kind: 'interfaceAttach' }>,
  scopes: readonly ScopeOf[],
  situation: Situation,
  draft: PlanDraft
): void {
  const mac = (change.mac ?? situation.newMac).toLowerCase()
  const device = element('interface', { type: change.sourceKind }, [
    element('mac', { address: mac }),
    element('source', { [change.sourceKind]: change.source }),
    element('model', { type: change.model })
  ])
  for (const scope of scopes) {
    if (interfaceOf(scope.definition, mac) !== undefined)
      draft.refuse(scope.scope, 'alreadyThere', { device: mac })
    else attach(draft, scope, situation.uuid, device)
  }
}

const interfaceOf = ({ hardware }: Definition, mac: string) =>
  hardware.interfaces.find((one) => one.mac?.toLowerCase() === mac.toLowerCase())

function planInterface(
  change: Extract<DeviceChange, { kind: 'interfaceLink' | 'interfaceDetach' }>,
  { scope, option, definition }: ScopeOf,
  { uuid }: Situation,
  draft: PlanDraft
): void {
  const found = interfaceOf(definition, change.mac)
  if (found === undefined || found.mac === null) draft.refuse(scope, 'notThere', { device: change.mac })
  else if (change.kind === 'interfaceDetach')
    draft.send(scope, ['detach-interface', uuid, found.kind, '--mac', found.mac, option])
  else if (found.linkUp !== change.up)
    draft.send(scope, [
      'domif-setlink',
      uuid,
      found.mac,
      change.up ? 'up' : 'down',
      // Without the option it is the running VM that is meant.
      ...(scope === 'live' ? [] : ['--config'])
    ])
}

function planAgentChannel(scope: ScopeOf, { uuid }: Situation, draft: PlanDraft): void {
  const { hardware, tree } = scope.definition
  if (hardware.agentChannel !== 'none') return
  if (scope.scope === 'live' && !hasController(tree, 'virtio-serial')) {
    draft.refuse('live', 'noSerialController')
    return
  }
  const target = element('target', { type: 'virtio', name: AGENT_CHANNEL_NAME })
  attach(draft, scope, uuid, element('channel', { type: 'unix' }, [target]))
}
