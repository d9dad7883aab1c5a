/** The definition a VM gets on its new server: the old one with other paths, networks and, for a copy, another identity. */
import type { DomainChanges } from '../../../domain/migration/facts.ts'
import {
  attributeOf,
  childrenOf,
  elementAt,
  readXml,
  setAttribute,
  setText,
  writeXml,
  type XmlElement
} from './xml.ts'

/** null: no domain's XML. */
export function rewriteDomain(text: string, changes: DomainChanges): string | null {
  const domain = readXml(text, 'domain')
  if (domain === null) return null
  const devices = elementAt(domain, 'devices')
  const name = elementAt(domain, 'name')
  if (changes.name !== undefined && name !== null) setText(name, changes.name)
  if (changes.newUuid !== undefined) renew(domain, devices, changes.newUuid)
  for (const disk of childrenOf(devices, 'disk')) moveDisk(disk, changes)
  for (const nic of childrenOf(devices, 'interface')) connect(nic, changes.networks)
  return writeXml(domain)
}

function renew(domain: XmlElement, devices: XmlElement | null, uuid: string): void {
  const old = elementAt(domain, 'uuid')
  if (old !== null) setText(old, uuid)
  // A generation ID tells Windows that it is another machine: libvirt makes one for the copy.
  const generation = elementAt(domain, 'genid')
  if (generation !== null) generation.children.length = 0
  childrenOf(devices, 'interface').forEach((nic, index) => {
    const mac = elementAt(nic, 'mac')
    if (mac !== null) setAttribute(mac, 'address', macOf(uuid, index))
  })
}

/** QEMU's prefix and three bytes of the UUID, another set for each interface. */
export function macOf(uuid: string, index: number): string {
  const hex = uuid.replaceAll('-', '')
  const number = (parseInt(hex.slice(-6), 16) + index) & 0xffffff
  const tail = number.toString(16).padStart(6, '0')
  return `52:54:00:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4, 6)}`
}

function moveDisk(disk: XmlElement, { diskPaths, emptied }: DomainChanges): void {
  const target = attributeOf(elementAt(disk, 'target'), 'dev') ?? ''
  const source = elementAt(disk, 'source')
  const path = diskPaths.get(target)
  if (source === null) return
  if (emptied.has(target)) {
    disk.children.splice(disk.children.indexOf(source), 1)
    return
  }
  if (path === undefined) return
  setAttribute(source, 'file', path)
  // Labels and the chain below belong to the old file.
  source.children.length = 0
  const below = elementAt(disk, 'backingStore')
  if (below !== null) disk.children.splice(disk.children.indexOf(below), 1)
}

function connect(nic: XmlElement, networks: DomainChanges['networks']): void {
  const type = attributeOf(nic, 'type')
  const source = elementAt(nic, 'source')
  if (source === null || (type !== 'network' && type !== 'bridge')) return
  const to = networks.get(`${type}:${attributeOf(source, type) ?? ''}`)
  if (to === undefined) return
  setAttribute(nic, 'type', to.kind)
  // portid and bridge of a running VM's XML are facts of the old server.
  for (const key of Object.keys(source.attributes)) delete source.attributes[key]
  setAttribute(source, to.kind, to.name)
}

/** The definition as it may be shown and kept in the journal: passwords of displays are left out. */
export function withoutSecrets(text: string): string {
  const domain = readXml(text, 'domain')
  if (domain === null) return ''
  const clean = (element: XmlElement): void => {
    for (const name of Object.keys(element.attributes))
      if (/^passwd$/i.test(name)) element.attributes[name] = '[redacted]'
    for (const child of element.children) if (typeof child !== 'string') clean(child)
  }
  clean(domain)
  return writeXml(domain)
}
