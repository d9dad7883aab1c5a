/** Readers of the XML behind snapshots. Names and descriptions are anybody's; DTDs and entities are refused. */
import { AppError } from '#contract/errors.ts'
import type { DomainState } from '#contract/vocabulary.ts'
import type { SnapshotDisk, SnapshotFacts, VmDisk } from '../../application/snapshots/snapshot-host.ts'
import { diskSourceOf, firmwareOf } from './domain-xml.ts'
import { attributeOf, childOf, childrenOf, readXml, textOf, wholeNumber, type XmlNode } from './xml-reader.ts'

/** Images on images: libvirt itself stops at 200. */
const MAX_DEPTH = 200

/** What of a domain decides about snapshots. */
export interface DomainForSnapshots {
  readonly isUefi: boolean
  readonly agent: 'none' | 'disconnected' | 'connected'
  readonly disks: readonly VmDisk[]
}

export function parseDomainForSnapshots(text: string): DomainForSnapshots {
  const domain = readXml(text, 'domain')
  const devices = childOf(domain, 'devices')
  const os = childOf(domain, 'os')
  return {
    isUefi: os !== null && hasFlash(os),
    agent: agentOf(childrenOf(devices, 'channel')),
    disks: disksOf(devices)
  }
}

/** Every file that a domain's or a snapshot's XML names as a disk or below one. */
export function pathsInDomain(text: string, root: 'domain' | 'domainsnapshot'): ReadonlySet<string> {
  const paths = new Set<string>()
  const node = readXml(text, root)
  const domains = root === 'domain' ? [node] : [childOf(node, 'domain'), childOf(node, 'inactiveDomain')]
  for (const domain of domains) {
    for (const disk of childrenOf(childOf(domain, 'devices'), 'disk')) {
      for (const path of [diskSourceOf(childOf(disk, 'source')), ...backingPathsOf(disk)])
        if (path !== null) paths.add(path)
    }
  }
  for (const disk of childrenOf(childOf(node, 'disks'), 'disk')) {
    const path = diskSourceOf(childOf(disk, 'source'))
    if (path !== null) paths.add(path)
  }
  return paths
}

/** Direct kernel boot may stand beside a flash loader: what counts is the loader. */
function hasFlash(os: XmlNode): boolean {
  return firmwareOf(os) === 'uefi' || attributeOf(childOf(os, 'loader'), 'type') === 'pflash'
}

function agentOf(channels: readonly XmlNode[]): DomainForSnapshots['agent'] {
  for (const channel of channels) {
    const target = childOf(channel, 'target')
    if (attributeOf(target, 'name') !== 'org.qemu.guest_agent.0') continue
    return attributeOf(target, 'state') === 'connected' ? 'connected' : 'disconnected'
  }
  return 'none'
}

function disksOf(devices: XmlNode | null): VmDisk[] {
  return childrenOf(devices, 'disk')
    .filter((disk) => ['disk', 'lun', null].includes(attributeOf(disk, 'device')))
    .map((disk) => ({
      target: attributeOf(childOf(disk, 'target'), 'dev') ?? '',
      path: fileOf(childOf(disk, 'source')),
      format: attributeOf(childOf(disk, 'driver'), 'type'),
      readOnly: 'readonly' in disk,
      backingPaths: backingPathsOf(disk)
    }))
}

const fileOf = (source: XmlNode | null): string | null => attributeOf(source, 'file')

function backingPathsOf(disk: XmlNode): string[] {
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
  const root = readXml(text, 'domainsnapshot')
  const name = textOf(root, 'name')
  if (name === null)
    throw new AppError('protocolViolation', { params: { subject: 'domainsnapshot', reason: 'noName' } })
  const state = textOf(root, 'state')?.trim() ?? ''
  const memory = childOf(root, 'memory')
  const createdSec = wholeNumber(textOf(root, 'creationTime'))
  const domain = childOf(root, 'domain')
  const memoryKind = kindOf(attributeOf(memory, 'snapshot'))
  return {
    name,
    parentName: textOf(childOf(root, 'parent'), 'name'),
    state: (Object.hasOwn(STATES, state) ? STATES[state] : undefined) ?? 'unknown',
    createdAtMs: createdSec === null ? null : createdSec * 1000,
    description: textOf(root, 'description'),
    memory: memoryKind,
    memoryPath: memoryKind === 'external' ? attributeOf(memory, 'file') : null,
    disks: childrenOf(childOf(root, 'disks'), 'disk').map(snapshotDiskOf),
    pathsWhenTaken: new Map(
      disksOf(childOf(domain, 'devices')).flatMap(({ target, path }) =>
        path === null ? [] : [[target, path] as const]
      )
    )
  }
}

function snapshotDiskOf(disk: XmlNode): SnapshotDisk {
  return {
    target: attributeOf(disk, 'name') ?? '',
    kind: kindOf(attributeOf(disk, 'snapshot')),
    overlayPath: diskSourceOf(childOf(disk, 'source'))
  }
}

const kindOf = (word: string | null): SnapshotDisk['kind'] =>
  word === 'internal' || word === 'external' ? word : 'no'
