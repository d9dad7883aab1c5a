/** Reader of `virsh dumpxml`. The text is a server's, and much of it was chosen by the VM's owner. */
import { AppError } from '#contract/errors.ts'
import { readVirthelmMetadata } from '../../domain/libvirt/virthelm-metadata.ts'
import type { MachineDetail, MachineDisk, MachineInterface } from '#contract/machines.ts'
import {
  attributeOf,
  childOf,
  childrenOf,
  MAX_TEXT,
  ownTextOf,
  readXml,
  textOf,
  wholeNumber,
  type XmlNode
} from './xml-reader.ts'

/** What the console takes from a domain's XML. Space of disks is not in it (null). */
export interface DomainXml {
  readonly uuid: string
  readonly name: string
  readonly vcpus: number | null
  readonly memoryMaxBytes: number | null
  /** The console's mark that it is not deleted. */
  readonly isProtected: boolean
  /** Marked as a template by the console (virthelm-metadata.ts). */
  readonly template: boolean
  /** As the console keeps them in the definition (virthelm-metadata.ts). */
  readonly tags: readonly string[]
  readonly detail: MachineDetail
}

const MAX_DEVICES = 256

/** @throws AppError protocolViolation when the text is too long, declares entities, or is no domain */
export function parseDomainXml(text: string): DomainXml {
  const domain = readXml(text, 'domain', 'dumpxml')
  const uuid = textOf(domain, 'uuid')?.trim()
  const name = textOf(domain, 'name')
  if (uuid === undefined || name === null)
    throw new AppError('protocolViolation', { params: { subject: 'dumpxml', reason: 'notThisDocument' } })
  const marks = readVirthelmMetadata(childOf(domain, 'metadata'))
  return {
    uuid,
    name,
    vcpus: vcpusOf(domain),
    memoryMaxBytes: memoryOf(childOf(domain, 'memory')),
    isProtected: marks.protected,
    template: marks.template,
    tags: marks.tags,
    detail: detailOf(domain)
  }
}

function detailOf(domain: XmlNode): MachineDetail {
  const devices = childOf(domain, 'devices')
  const os = childOf(domain, 'os')
  const type = childOf(os, 'type')
  const balloon = childOf(devices, 'memballoon')
  const period = attributeOf(childOf(balloon, 'stats'), 'period')
  return {
    osType: textOf(os, 'type'),
    machineType: attributeOf(type, 'machine'),
    architecture: attributeOf(type, 'arch'),
    firmware: os === null ? null : firmwareOf(os),
    cpuMode: attributeOf(childOf(domain, 'cpu'), 'mode'),
    title: textOf(domain, 'title'),
    description: textOf(domain, 'description'),
    balloonPeriodSec: wholeNumber(period),
    disks: childrenOf(devices, 'disk').slice(0, MAX_DEVICES).map(diskOf),
    interfaces: childrenOf(devices, 'interface').slice(0, MAX_DEVICES).map(interfaceOf)
  }
}

function vcpusOf(domain: XmlNode): number | null {
  const vcpu = childOf(domain, 'vcpu')
  return wholeNumber(attributeOf(vcpu, 'current')) ?? wholeNumber(textOf(domain, 'vcpu'))
}

/** `<memory unit='KiB'>`; libvirt itself always writes KiB. */
const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  KB: 1000,
  k: 1024,
  KiB: 1024,
  MB: 1000 ** 2,
  M: 1024 ** 2,
  MiB: 1024 ** 2,
  GB: 1000 ** 3,
  G: 1024 ** 3,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4
}

function memoryOf(memory: XmlNode | null): number | null {
  const amount = wholeNumber(ownTextOf(memory))
  const unit = attributeOf(memory, 'unit') ?? 'KiB'
  const bytes = Object.hasOwn(UNIT_BYTES, unit) ? UNIT_BYTES[unit] : undefined
  return amount === null || bytes === undefined ? null : amount * bytes
}

/** libvirt says `firmware='efi'` for its own choice, a pflash loader for a named one, and a kernel for direct boot. */
export function firmwareOf(os: XmlNode): MachineDetail['firmware'] {
  if (textOf(os, 'kernel') !== null) return 'direct'
  const loader = childOf(os, 'loader')
  const loaderPath = textOf(os, 'loader') ?? ''
  if (attributeOf(os, 'firmware') === 'efi' || attributeOf(loader, 'type') === 'pflash') return 'uefi'
  if (/OVMF|AAVMF|edk2/i.test(loaderPath)) return 'uefi'
  return 'bios'
}

const DISK_DEVICES: Readonly<Record<string, MachineDisk['device']>> = {
  disk: 'disk',
  cdrom: 'cdrom',
  floppy: 'floppy',
  lun: 'lun'
}

function diskOf(disk: XmlNode): MachineDisk {
  const device = attributeOf(disk, 'device') ?? 'disk'
  return {
    target: attributeOf(childOf(disk, 'target'), 'dev') ?? '',
    source: diskSourceOf(childOf(disk, 'source')),
    device: (Object.hasOwn(DISK_DEVICES, device) ? DISK_DEVICES[device] : undefined) ?? 'other',
    format: attributeOf(childOf(disk, 'driver'), 'type'),
    readOnly: 'readonly' in disk,
    allocationBytes: null,
    capacityBytes: null
  }
}

/** A file, a block device, a volume of a pool, or a name on the network. */
export function diskSourceOf(source: XmlNode | null): string | null {
  const pool = attributeOf(source, 'pool')
  const volume = attributeOf(source, 'volume')
  if (pool !== null && volume !== null) return `${pool}/${volume}`.slice(0, MAX_TEXT)
  const protocol = attributeOf(source, 'protocol')
  const name = attributeOf(source, 'name')
  if (protocol !== null) return (name === null ? protocol : `${protocol}:${name}`).slice(0, MAX_TEXT)
  return attributeOf(source, 'file') ?? attributeOf(source, 'dev') ?? attributeOf(source, 'dir') ?? name
}

function interfaceOf(node: XmlNode): MachineInterface {
  const source = childOf(node, 'source')
  return {
    mac: attributeOf(childOf(node, 'mac'), 'address'),
    source:
      attributeOf(source, 'network') ??
      attributeOf(source, 'bridge') ??
      attributeOf(source, 'dev') ??
      attributeOf(node, 'type'),
    model: attributeOf(childOf(node, 'model'), 'type'),
    target: attributeOf(childOf(node, 'target'), 'dev')
  }
}
