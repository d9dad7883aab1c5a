/**
 * The two definitions of a demo VM once it was changed: that of its running QEMU and that of its next start. Until then
 * both are made of the model. The model follows what is changed in the running one, so that the values do.
 */
import { hardwareOf } from '../remote/libvirt/configuration/hardware-xml.ts'
import {
  childOf,
  childrenOf,
  parseXml,
  removeChildren,
  writeXml,
  type XmlElement
} from '../remote/libvirt/configuration/xml-tree.ts'
import type { DemoDomain, DemoVmDisk, DemoVmInterface } from './model.ts'

export type Which = 'live' | 'nextBoot'

interface Changed {
  live: XmlElement | null
  nextBoot: XmlElement | null
  /** The run that `live` is of. */
  liveId: number | null
}

const changed = new WeakMap<DemoDomain, Changed>()

/** What `virsh dumpxml` prints. `generated`: the definition made of the model. */
export function definitionText(domain: DemoDomain, which: Which, generated: string): string {
  const entry = current(domain)
  const isLive = which === 'live' && domain.id !== null
  const tree = isLive ? (entry?.live ?? null) : (entry?.nextBoot ?? null)
  const shown = tree ?? withoutRun(parseXml(generated), isLive)
  const copy = withSources(parseXml(writeXml(shown)), domain)
  if (isLive) copy.attributes['id'] = String(domain.id)
  else delete copy.attributes['id']
  return writeXml(copy)
}

/** Changes one definition in place. `generated` as above. */
export function editDefinition(
  domain: DemoDomain,
  which: Which,
  generated: string,
  edit: (domain: XmlElement) => void
): void {
  const entry = current(domain) ?? { live: null, nextBoot: null, liveId: domain.id }
  changed.set(domain, entry)
  // Both are held apart from the first change on: what is changed in one must not show in the other.
  entry.live ??= domain.id === null ? null : withoutRun(parseXml(generated), true)
  entry.nextBoot ??= withoutRun(parseXml(generated), false)
  const tree = which === 'live' ? entry.live : entry.nextBoot
  if (tree === null) return
  edit(tree)
  if (which === 'live' || domain.id === null) follow(domain, tree)
}

/** Takes a whole document for the next start. */
export function setDefinition(domain: DemoDomain, generated: string, document: XmlElement): void {
  editDefinition(domain, 'nextBoot', generated, (tree) => {
    tree.children.splice(0, tree.children.length, ...document.children)
  })
}

/** After a start the definition of that start is the running one. */
function current(domain: DemoDomain): Changed | null {
  const entry = changed.get(domain)
  if (entry === undefined) return null
  if (entry.liveId !== domain.id) {
    entry.liveId = domain.id
    entry.live = domain.id === null || entry.nextBoot === null ? null : parseXml(writeXml(entry.nextBoot))
    if (entry.live !== null) follow(domain, entry.live)
  }
  return entry
}

/** What only a running QEMU has is taken out of the definition of the next start. */
function withoutRun(domain: XmlElement, isLive: boolean): XmlElement {
  if (isLive) return domain
  for (const nic of childrenOf(childOf(domain, 'devices'), 'interface'))
    removeChildren(nic, ({ name }) => name === 'target')
  for (const disk of childrenOf(childOf(domain, 'devices'), 'disk'))
    removeChildren(disk, ({ name }) => name === 'backingStore')
  for (const channel of childrenOf(childOf(domain, 'devices'), 'channel'))
    delete childOf(channel, 'target')?.attributes['state']
  return domain
}

/** Disks whose file became another one outside (a snapshot) are shown with it. */
function withSources(tree: XmlElement, domain: DemoDomain): XmlElement {
  for (const disk of childrenOf(childOf(tree, 'devices'), 'disk')) {
    const target = childOf(disk, 'target')?.attributes['dev']
    const known = domain.disks.find((one) => one.target === target)
    const source = childOf(disk, 'source')
    if (known !== undefined && source !== null) source.attributes['file'] = known.source
  }
  return tree
}

function follow(domain: DemoDomain, tree: XmlElement): void {
  const hardware = hardwareOf(tree)
  if (hardware === null) return
  domain.vcpus = hardware.vcpus
  domain.memoryMaxBytes = hardware.memoryMaxBytes
  domain.memoryBalloonBytes = hardware.memoryBytes
  const disks = hardware.disks.filter(({ device, source }) => device === 'disk' && source !== null)
  domain.disks.splice(
    0,
    domain.disks.length,
    ...disks.map(
      ({ target, source, format }): DemoVmDisk =>
        domain.disks.find((one) => one.target === target) ?? {
          target,
          source: source ?? '',
          format: format === 'raw' ? 'raw' : 'qcow2',
          capacityBytes: 20 * 1024 ** 3,
          allocationBytes: 1024 ** 2,
          readBytes: 0,
          writeBytes: 0,
          readOps: 0,
          writeOps: 0
        }
    )
  )
  domain.interfaces.splice(
    0,
    domain.interfaces.length,
    ...hardware.interfaces.map(
      ({ mac, source, model }, index): DemoVmInterface =>
        domain.interfaces.find((one) => one.mac === mac) ?? {
          mac: mac ?? '',
          source: source ?? '',
          model: model ?? 'virtio',
          target: domain.id === null ? null : `vnet${domain.id * 2 + index}`,
          rxBytes: 0,
          txBytes: 0,
          rxPackets: 0,
          txPackets: 0
        }
    )
  )
}
