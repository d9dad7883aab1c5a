/** Readers of the XML behind snapshots. Names and descriptions are anybody's; DTDs and entities are refused. */
import { XMLParser } from 'fast-xml-parser'
import { AppError } from '#contract/errors.ts'
import type { DomainState } from '#contract/vocabulary.ts'
import type { SnapshotDisk, SnapshotFacts, VmDisk } from '../../application/snapshots/snapshot-host.ts'
import {
  attribute,
  capped,
  childOf,
  diskSourceOf,
  firmwareOf,
  isNode,
  listOf,
  type Node,
  textOf,
  wholeNumber
} from './domain-xml.ts'

const MAX_CHARS = 1024 * 1024
/** Images on images: libvirt itself stops at 200. */
const MAX_DEPTH = 200

const LISTS = new Set(['disk', 'channel'])

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: true,
  // A chain of images is one element inside the other.
  maxNestedTags: 1000,
  isArray: (name) => LISTS.has(name)
})

/** @throws AppError protocolViolation when it is too long, declares entities, or has another root */
export function rootOf(text: string, name: string): Node {
  const violation = (reason: string, cause?: unknown): AppError =>
    new AppError('protocolViolation', { params: { subject: name, reason }, cause })
  if (text.length > MAX_CHARS) throw violation('tooLong')
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw violation('doctype')
  let document: unknown
  try {
    document = parser.parse(text)
  } catch (cause) {
    throw violation('notXml', cause)
  }
  const root = isNode(document) ? childOf(document, name) : null
  if (root === null) throw violation('noRoot')
  return root
}

/** What of a domain decides about snapshots. */
export interface DomainForSnapshots {
  readonly isUefi: boolean
  readonly agent: 'none' | 'disconnected' | 'connected'
  readonly disks: readonly VmDisk[]
}

export function parseDomainForSnapshots(text: string): DomainForSnapshots {
  const domain = rootOf(text, 'domain')
  const devices = childOf(domain, 'devices')
  const os = childOf(domain, 'os')
  return {
    isUefi: os !== null && hasFlash(os),
    agent: agentOf(listOf(devices, 'channel')),
    disks: disksOf(devices)
  }
}

/** Every file that a domain's or a snapshot's XML names as a disk or below one. */
export function pathsInDomain(text: string, root: 'domain' | 'domainsnapshot'): ReadonlySet<string> {
  const paths = new Set<string>()
  const node = rootOf(text, root)
  const domains = root === 'domain' ? [node] : [childOf(node, 'domain'), childOf(node, 'inactiveDomain')]
  for (const domain of domains) {
    for (const disk of listOf(domain === null ? null : childOf(domain, 'devices'), 'disk')) {
      for (const path of [diskSourceOf(childOf(disk, 'source')), ...backingPathsOf(disk)])
        if (path !== null) paths.add(path)
    }
  }
  for (const disk of listOf(childOf(node, 'disks'), 'disk')) {
    const path = diskSourceOf(childOf(disk, 'source'))
    if (path !== null) paths.add(path)
  }
  return paths
}

/** Direct kernel boot may stand beside a flash loader: what counts is the loader. */
function hasFlash(os: Node): boolean {
  return firmwareOf(os) === 'uefi' || attribute(childOf(os, 'loader'), 'type') === 'pflash'
}

function agentOf(channels: readonly Node[]): DomainForSnapshots['agent'] {
  for (const channel of channels) {
    const target = childOf(channel, 'target')
    if (attribute(target, 'name') !== 'org.qemu.guest_agent.0') continue
    return attribute(target, 'state') === 'connected' ? 'connected' : 'disconnected'
  }
  return 'none'
}

function disksOf(devices: Node | null): VmDisk[] {
  return listOf(devices, 'disk')
    .filter((disk) => ['disk', 'lun', null].includes(attribute(disk, 'device')))
    .map((disk) => ({
      target: capped(attribute(childOf(disk, 'target'), 'dev')) ?? '',
      path: fileOf(childOf(disk, 'source')),
      format: capped(attribute(childOf(disk, 'driver'), 'type')),
      readOnly: 'readonly' in disk,
      backingPaths: backingPathsOf(disk)
    }))
}

const fileOf = (source: Node | null): string | null => (source === null ? null : attribute(source, 'file'))

function backingPathsOf(disk: Node): string[] {
  const paths: string[] = []
  let below = childOf(disk, 'backingStore')
  for (let depth = 0; below !== null && depth < MAX_DEPTH; depth++) {
    const path = diskSourceOf(childOf(below, 'source'))
    if (path === null) break
    paths.push(path)
    below = childOf(below, 'backingStore')
  }
  return paths
}

/** libvirt's words in <state>; `disk-snapshot`: disks of a running VM without its memory. */
const STATES: Readonly<Record<string, DomainState | 'diskOnly'>> = {
  running: 'running',
  blocked: 'blocked',
  paused: 'paused',
  shutdown: 'shuttingDown',
  shutoff: 'shutOff',
  crashed: 'crashed',
  pmsuspended: 'suspended',
  'disk-snapshot': 'diskOnly'
}

/** Reads `snapshot-dumpxml`. `isCurrent` stands in another command's answer. */
export function parseSnapshotXml(text: string): Omit<SnapshotFacts, 'isCurrent'> {
  const root = rootOf(text, 'domainsnapshot')
  const name = textOf(root['name'])
  if (name === null)
    throw new AppError('protocolViolation', { params: { subject: 'domainsnapshot', reason: 'noName' } })
  const state = textOf(root['state'])?.trim() ?? ''
  const memory = childOf(root, 'memory')
  const createdSec = wholeNumber(textOf(root['creationTime']))
  const domain = childOf(root, 'domain')
  const memoryKind = kindOf(attribute(memory, 'snapshot'))
  return {
    name,
    parentName: textOf(childOf(root, 'parent')?.['name']),
    state: (Object.hasOwn(STATES, state) ? STATES[state] : undefined) ?? 'unknown',
    createdAtMs: createdSec === null ? null : createdSec * 1000,
    description: capped(textOf(root['description'])),
    memory: memoryKind,
    memoryPath: memoryKind === 'external' ? capped(attribute(memory, 'file')) : null,
    disks: listOf(childOf(root, 'disks'), 'disk').map(snapshotDiskOf),
    pathsWhenTaken: new Map(
      disksOf(domain === null ? null : childOf(domain, 'devices')).flatMap(({ target, path }) =>
        path === null ? [] : [[target, path] as const]
      )
    )
  }
}

function snapshotDiskOf(disk: Node): SnapshotDisk {
  return {
    target: capped(attribute(disk, 'name')) ?? '',
    kind: kindOf(attribute(disk, 'snapshot')),
    overlayPath: capped(diskSourceOf(childOf(disk, 'source')))
  }
}

const kindOf = (word: string | null): SnapshotDisk['kind'] =>
  word === 'internal' || word === 'external' ? word : 'no'
