/** Reads of a domain's definition what can be changed in it. The text is a server's, and much of it a VM owner's. */
import type { AgentChannel, ConfiguredDisk, ConfiguredInterface, Hardware } from '#contract/configuration.ts'
import { readVirthelmMetadata, type VirthelmMetadata } from '../../../domain/libvirt/virthelm-metadata.ts'
import { childOf, childrenOf, find, textOf, type XmlElement } from './xml-tree.ts'

const MAX_TEXT = 4096
const MAX_DEVICES = 256

/** null: it is no definition of a domain. */
export function hardwareOf(domain: XmlElement): Hardware | null {
  if (domain.name !== 'domain') return null
  const devices = childOf(domain, 'devices')
  const vcpusMax = wholeNumber(textOf(childOf(domain, 'vcpu'))) ?? 1
  const memoryMaxBytes = memoryOf(childOf(domain, 'memory')) ?? 0
  const marks = marksOf(domain)
  return {
    vcpus: wholeNumber(childOf(domain, 'vcpu')?.attributes['current'] ?? null) ?? vcpusMax,
    vcpusMax,
    memoryBytes: memoryOf(childOf(domain, 'currentMemory')) ?? memoryMaxBytes,
    memoryMaxBytes,
    bootDevices: find(domain, 'os', 'boot')
      .flatMap((boot) => boot.attributes['dev'] ?? [])
      .slice(0, 16)
      .map(capped),
    title: cappedOrNull(textOf(childOf(domain, 'title'))),
    description: cappedOrNull(textOf(childOf(domain, 'description'))),
    tags: [...marks.tags],
    protected: marks.protected,
    disks: childrenOf(devices, 'disk').slice(0, MAX_DEVICES).map(diskOf),
    interfaces: childrenOf(devices, 'interface').slice(0, MAX_DEVICES).map(interfaceOf),
    agentChannel: agentChannelOf(devices),
    hasGraphics: childrenOf(devices, 'graphics').some(({ attributes }) =>
      ['vnc', 'spice'].includes(attributes['type'] ?? '')
    )
  }
}

/** The console's own marks in it. */
export const marksOf = (domain: XmlElement): VirthelmMetadata =>
  readVirthelmMetadata(plain(childOf(domain, 'metadata')))

const DEVICES: readonly ConfiguredDisk['device'][] = ['disk', 'cdrom', 'floppy', 'lun']

function diskOf(disk: XmlElement): ConfiguredDisk {
  const device = disk.attributes['device'] ?? 'disk'
  const target = childOf(disk, 'target')
  return {
    target: capped(target?.attributes['dev'] ?? ''),
    bus: cappedOrNull(target?.attributes['bus'] ?? null),
    device: DEVICES.find((known) => known === device) ?? 'other',
    ...sourceOf(disk),
    format: cappedOrNull(childOf(disk, 'driver')?.attributes['type'] ?? null),
    readOnly: childOf(disk, 'readonly') !== null,
    bootOrder: orderOf(disk)
  }
}

function sourceOf(disk: XmlElement): Pick<ConfiguredDisk, 'source' | 'sourceKind'> {
  const source = childOf(disk, 'source')?.attributes ?? {}
  const { file, dev, pool, volume, protocol, name, dir } = source
  if (file !== undefined) return { sourceKind: 'file', source: capped(file) }
  if (dev !== undefined) return { sourceKind: 'block', source: capped(dev) }
  if (pool !== undefined && volume !== undefined)
    return { sourceKind: 'volume', source: capped(`${pool}/${volume}`) }
  if (protocol !== undefined)
    return { sourceKind: 'network', source: capped(name === undefined ? protocol : `${protocol}:${name}`) }
  if (dir !== undefined) return { sourceKind: 'other', source: capped(dir) }
  return { sourceKind: null, source: null }
}

function interfaceOf(node: XmlElement): ConfiguredInterface {
  const source = childOf(node, 'source')?.attributes ?? {}
  return {
    mac: cappedOrNull(childOf(node, 'mac')?.attributes['address'] ?? null),
    kind: capped(node.attributes['type'] ?? ''),
    source: cappedOrNull(source['network'] ?? source['bridge'] ?? source['dev'] ?? null),
    model: cappedOrNull(childOf(node, 'model')?.attributes['type'] ?? null),
    linkUp: childOf(node, 'link')?.attributes['state'] !== 'down',
    bootOrder: orderOf(node)
  }
}

const orderOf = (device: XmlElement): number | null =>
  wholeNumber(childOf(device, 'boot')?.attributes['order'] ?? null)

export const AGENT_CHANNEL_NAME = 'org.qemu.guest_agent.0'

function agentChannelOf(devices: XmlElement | null): AgentChannel {
  const targets = childrenOf(devices, 'channel').flatMap((channel) => childOf(channel, 'target') ?? [])
  const agent = targets.find(({ attributes }) => attributes['name'] === AGENT_CHANNEL_NAME)
  if (agent === undefined) return 'none'
  const state = agent.attributes['state']
  return state === 'connected' || state === 'disconnected' ? state : 'unknown'
}

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

function memoryOf(memory: XmlElement | null): number | null {
  const amount = wholeNumber(textOf(memory))
  const unit = memory?.attributes['unit'] ?? 'KiB'
  const bytes = Object.hasOwn(UNIT_BYTES, unit) ? UNIT_BYTES[unit] : undefined
  return amount === null || bytes === undefined ? null : amount * bytes
}

/** The form that the reader of our marks takes: children by name, attributes behind `@`. */
function plain(node: XmlElement | null): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(node?.attributes ?? {})) out[`@${name}`] = value
  for (const child of node?.children ?? []) {
    if (typeof child === 'string') continue
    const value =
      child.children.every((inner) => typeof inner === 'string') && Object.keys(child.attributes).length === 0
        ? (textOf(child) ?? '')
        : plain(child)
    const present: unknown = Object.hasOwn(out, child.name) ? out[child.name] : []
    out[child.name] = Array.isArray(present) ? [...(present as unknown[]), value] : [value]
  }
  return out
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text.trim()) ? Number(text.trim()) : null
}

const capped = (text: string): string => text.slice(0, MAX_TEXT)
const cappedOrNull = (text: string | null): string | null => (text === null ? null : capped(text))
