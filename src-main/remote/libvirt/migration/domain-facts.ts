/** What matters about a VM that is to leave its server: read from its `virsh dumpxml`. Texts are its owner's. */
import type { DomainDisk, DomainNetwork, DomainFacts } from '../../../domain/migration/facts.ts'
import { readVirthelmMetadata } from '../../../domain/libvirt/virthelm-metadata.ts'
import {
  attributeOf,
  childrenOf,
  elementAt,
  numberIn,
  readXml,
  textOf,
  writeXml,
  type XmlElement
} from './xml.ts'

const MAX_DEVICES = 256
const KIB = 1024

/** null: no domain's XML. */
export function readDomainFacts(text: string): DomainFacts | null {
  const domain = readXml(text, 'domain')
  const uuid = textOf(elementAt(domain, 'uuid'))?.trim()
  const name = textOf(elementAt(domain, 'name'))
  if (domain === null || uuid === undefined || name === null) return null
  const devices = elementAt(domain, 'devices')
  const type = elementAt(domain, 'os', 'type')
  const cpu = elementAt(domain, 'cpu')
  const devicesOf = (kind: string): XmlElement[] => childrenOf(devices, kind).slice(0, MAX_DEVICES)
  return {
    uuid,
    name,
    virtType: attributeOf(domain, 'type') ?? '',
    architecture: attributeOf(type, 'arch') ?? '',
    machineType: attributeOf(type, 'machine') ?? '',
    emulator: textOf(elementAt(devices, 'emulator')),
    memoryBytes: (numberIn(textOf(elementAt(domain, 'memory'))) ?? 0) * KIB,
    cpuMode: attributeOf(cpu, 'mode'),
    cpuXml: cpu === null ? null : writeXml(cpu),
    disks: devicesOf('disk').map(diskOf),
    networks: devicesOf('interface').map(networkOf),
    bootFiles: bootFilesOf(domain, devices),
    nvram: textOf(elementAt(domain, 'os', 'nvram')),
    hasTpmState: devicesOf('tpm').some(
      (tpm) => attributeOf(elementAt(tpm, 'backend'), 'type') === 'emulator'
    ),
    hostDevices: devicesOf('hostdev').length,
    sharedFolders: devicesOf('filesystem').length,
    logFiles: ['serial', 'console']
      .flatMap(devicesOf)
      .map((line) => attributeOf(elementAt(line, 'log'), 'file'))
      .filter((file) => file !== null),
    isProtected: isProtected(domain)
  }
}

const DEVICES = ['disk', 'cdrom', 'floppy'] as const

function diskOf(disk: XmlElement): DomainDisk {
  const type = attributeOf(disk, 'type') ?? 'file'
  const device = attributeOf(disk, 'device') ?? 'disk'
  const source = elementAt(disk, 'source')
  const below = elementAt(disk, 'backingStore')
  return {
    target: attributeOf(elementAt(disk, 'target'), 'dev') ?? '',
    device: DEVICES.find((known) => known === device) ?? 'other',
    type,
    path: attributeOf(source, type === 'block' ? 'dev' : 'file'),
    format: attributeOf(elementAt(disk, 'driver'), 'type'),
    readOnly: elementAt(disk, 'readonly') !== null,
    shareable: elementAt(disk, 'shareable') !== null,
    hasBacking: below !== null && attributeOf(below, 'type') !== null
  }
}

function networkOf(nic: XmlElement): DomainNetwork {
  const type = attributeOf(nic, 'type')
  if (type !== 'network' && type !== 'bridge') return { kind: 'other', name: type }
  return { kind: type, name: attributeOf(elementAt(nic, 'source'), type) }
}

function bootFilesOf(domain: XmlElement, devices: XmlElement | null): string[] {
  const ofOs = ['kernel', 'initrd', 'dtb'].map((name) => textOf(elementAt(domain, 'os', name)))
  const loader = elementAt(domain, 'os', 'loader')
  const roms = childrenOf(devices, 'interface').map((nic) => attributeOf(elementAt(nic, 'rom'), 'file'))
  return [...ofOs, textOf(loader), ...roms].filter(
    (path) => path !== null && path.startsWith('/')
  ) as string[]
}

/** The console's own mark, whose reader takes elements as its parser gives them. */
function isProtected(domain: XmlElement): boolean {
  const metadata = elementAt(domain, 'metadata')
  return metadata !== null && readVirthelmMetadata(plainOf(metadata)).protected
}

function plainOf(element: XmlElement): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const key of Object.keys(element.attributes)) plain[`@${key}`] = attributeOf(element, key)
  for (const child of element.children) {
    if (typeof child === 'string') continue
    const before = plain[child.name]
    const next = plainOf(child)
    plain[child.name] = before === undefined ? next : [before, next].flat()
  }
  return plain
}
