/** Reader of `virsh dumpxml`. The text is a server's, and much of it was chosen by the VM's owner. */
import { XMLParser } from 'fast-xml-parser'
import { AppError } from '#contract/errors.ts'
import { readVirthelmMetadata } from '../../domain/libvirt/virthelm-metadata.ts'
import type { MachineDetail, MachineDisk, MachineInterface } from '#contract/machines.ts'

/** What the console takes from a domain's XML. Space of disks is not in it (null). */
export interface DomainXml {
  readonly uuid: string
  readonly name: string
  readonly vcpus: number | null
  readonly memoryMaxBytes: number | null
  /** Marked as a template by the console (virthelm-metadata.ts). */
  readonly template: boolean
  readonly detail: MachineDetail
}

const MAX_CHARS = 1024 * 1024
const MAX_TEXT = 4096
const MAX_DEVICES = 256

/** Elements that come any number of times; all others are taken once. */
const LISTS = new Set(['disk', 'interface'])

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Only the five of XML itself and character references; DOCTYPE is refused before.
  processEntities: true,
  isArray: (name) => LISTS.has(name)
})

/** An element as fast-xml-parser gives it: children by name, attributes behind `@`, text in `#text`. */
export type Node = Readonly<Record<string, unknown>>

/** @throws AppError protocolViolation when the text is too long, declares entities, or is no domain */
export function parseDomainXml(text: string): DomainXml {
  if (text.length > MAX_CHARS) throw violation('tooLong')
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw violation('doctype')
  const domain = childOf(parse(text), 'domain')
  const uuid = textOf(domain?.uuid)?.trim()
  const name = textOf(domain?.name)
  if (domain === null || uuid === undefined || name === null) throw violation('noDomain')
  return {
    uuid,
    name,
    vcpus: vcpusOf(domain),
    memoryMaxBytes: memoryOf(domain.memory),
    template: readVirthelmMetadata(childOf(domain, 'metadata')).template,
    detail: detailOf(domain)
  }
}

function parse(text: string): Node {
  try {
    const root: unknown = parser.parse(text)
    if (isNode(root)) return root
  } catch (error) {
    throw violation('notXml', error)
  }
  throw violation('notXml')
}

const violation = (reason: string, cause?: unknown): AppError =>
  new AppError('protocolViolation', { params: { subject: 'dumpxml', reason }, cause })

function detailOf(domain: Node): MachineDetail {
  const devices = childOf(domain, 'devices')
  const os = childOf(domain, 'os')
  const type = os === null ? null : childOf(os, 'type')
  const balloon = devices === null ? null : childOf(devices, 'memballoon')
  const period = balloon === null ? null : attribute(childOf(balloon, 'stats'), 'period')
  return {
    osType: capped(textOf(os?.type)),
    machineType: capped(attribute(type, 'machine')),
    architecture: capped(attribute(type, 'arch')),
    firmware: os === null ? null : firmwareOf(os),
    cpuMode: capped(attribute(childOf(domain, 'cpu'), 'mode')),
    title: capped(textOf(domain.title)),
    description: capped(textOf(domain.description)),
    balloonPeriodSec: wholeNumber(period),
    disks: listOf(devices, 'disk').map(diskOf),
    interfaces: listOf(devices, 'interface').map(interfaceOf)
  }
}

function vcpusOf(domain: Node): number | null {
  const vcpu = childOf(domain, 'vcpu')
  return wholeNumber(attribute(vcpu, 'current')) ?? wholeNumber(textOf(domain.vcpu))
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

function memoryOf(memory: unknown): number | null {
  const amount = wholeNumber(textOf(memory))
  const unit = (isNode(memory) ? attribute(memory, 'unit') : null) ?? 'KiB'
  const bytes = Object.hasOwn(UNIT_BYTES, unit) ? UNIT_BYTES[unit] : undefined
  return amount === null || bytes === undefined ? null : amount * bytes
}

/** libvirt says `firmware='efi'` for its own choice, a pflash loader for a named one, and a kernel for direct boot. */
export function firmwareOf(os: Node): MachineDetail['firmware'] {
  if (textOf(os.kernel) !== null) return 'direct'
  const loader = childOf(os, 'loader')
  const loaderPath = textOf(os.loader) ?? ''
  if (attribute(os, 'firmware') === 'efi' || attribute(loader, 'type') === 'pflash') return 'uefi'
  if (/OVMF|AAVMF|edk2/i.test(loaderPath)) return 'uefi'
  return 'bios'
}

const DISK_DEVICES: Readonly<Record<string, MachineDisk['device']>> = {
  disk: 'disk',
  cdrom: 'cdrom',
  floppy: 'floppy',
  lun: 'lun'
}

function diskOf(disk: Node): MachineDisk {
  const device = attribute(disk, 'device') ?? 'disk'
  return {
    target: capped(attribute(childOf(disk, 'target'), 'dev')) ?? '',
    source: capped(diskSourceOf(childOf(disk, 'source'))),
    device: (Object.hasOwn(DISK_DEVICES, device) ? DISK_DEVICES[device] : undefined) ?? 'other',
    format: capped(attribute(childOf(disk, 'driver'), 'type')),
    readOnly: 'readonly' in disk,
    allocationBytes: null,
    capacityBytes: null
  }
}

/** A file, a block device, a volume of a pool, or a name on the network. */
export function diskSourceOf(source: Node | null): string | null {
  const pool = attribute(source, 'pool')
  const volume = attribute(source, 'volume')
  if (pool !== null && volume !== null) return `${pool}/${volume}`
  const protocol = attribute(source, 'protocol')
  const name = attribute(source, 'name')
  if (protocol !== null) return name === null ? protocol : `${protocol}:${name}`
  return attribute(source, 'file') ?? attribute(source, 'dev') ?? attribute(source, 'dir') ?? name
}

function interfaceOf(node: Node): MachineInterface {
  const source = childOf(node, 'source')
  return {
    mac: capped(attribute(childOf(node, 'mac'), 'address')),
    source: capped(
      attribute(source, 'network') ??
        attribute(source, 'bridge') ??
        attribute(source, 'dev') ??
        attribute(node, 'type')
    ),
    model: capped(attribute(childOf(node, 'model'), 'type')),
    target: capped(attribute(childOf(node, 'target'), 'dev'))
  }
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The first element of the name; a text alone counts as an element without attributes. */
export function childOf(node: Node, name: string): Node | null {
  if (!Object.hasOwn(node, name)) return null
  const child = node[name]
  const first: unknown = Array.isArray(child) ? child[0] : child
  if (isNode(first)) return first
  return typeof first === 'string' ? { '#text': first } : null
}

export function listOf(node: Node | null, name: string): readonly Node[] {
  if (node === null || !Object.hasOwn(node, name)) return []
  const children = node[name]
  return Array.isArray(children) ? children.filter(isNode).slice(0, MAX_DEVICES) : []
}

export function attribute(node: Node | null, name: string): string | null {
  const value = node === null ? undefined : node[`@${name}`]
  return typeof value === 'string' ? value : null
}

/** Text of an element that may carry attributes. An empty one has none. */
export function textOf(value: unknown): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : value
  const text = isNode(first) ? first['#text'] : first
  return typeof text === 'string' && text !== '' ? text : null
}

export function wholeNumber(text: string | null): number | null {
  const trimmed = text?.trim()
  return trimmed !== undefined && /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : null
}

export const capped = (text: string | null): string | null => (text === null ? null : text.slice(0, MAX_TEXT))
