/** What a deletion reads out of the XML of domains, snapshots, volumes and pools. Pure. */
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import type { DiskSource, SurveyedPool, SurveyedVolume } from '../../../application/deletion/host-survey.ts'
import { readVirthelmMetadata } from '../../../domain/libvirt/virthelm-metadata.ts'
import {
  attributeOf,
  bytesOf,
  childOf,
  childrenOf,
  ownTextOf,
  readXml,
  stringsOf,
  textOf,
  type XmlNode
} from '../xml-reader.ts'

export interface DomainDocument {
  readonly uuid: VmUuid
  readonly name: string
  readonly isProtected: boolean
  readonly nvram: string | null
  readonly hasTpm: boolean
  readonly disks: readonly DiskSource[]
  readonly mentions: ReadonlySet<string>
}

/** @throws AppError protocolViolation */
export function readDomain(text: string): DomainDocument {
  const domain = readXml(text, 'domain')
  const devices = childOf(domain, 'devices')
  const uuid = VmUuid.safeParse(textOf(domain, 'uuid')?.trim())
  if (!uuid.success)
    throw new AppError('protocolViolation', { params: { subject: 'domain', reason: 'noUuid' } })
  return {
    uuid: uuid.data,
    name: textOf(domain, 'name') ?? '',
    isProtected: readVirthelmMetadata(childOf(domain, 'metadata')).protected,
    nvram: nvramOf(childOf(childOf(domain, 'os'), 'nvram')),
    hasTpm: childrenOf(devices, 'tpm').some(
      (tpm) => attributeOf(childOf(tpm, 'backend'), 'type') === 'emulator'
    ),
    disks: childrenOf(devices, 'disk').map(diskSource),
    mentions: mentionsOf(domain)
  }
}

/** The path is the element's text, or of its <source> where firmware settings lie elsewhere. */
function nvramOf(nvram: XmlNode | null): string | null {
  const source = childOf(nvram, 'source')
  return ownTextOf(nvram)?.trim() || attributeOf(source, 'file') || attributeOf(source, 'dev')
}

/** The disks of the states that a snapshot holds, and the overlays it made. @throws AppError protocolViolation */
export function readSnapshot(text: string): { disks: readonly DiskSource[]; mentions: ReadonlySet<string> } {
  const snapshot = readXml(text, 'domainsnapshot')
  const states = [childOf(snapshot, 'domain'), childOf(snapshot, 'inactiveDomain')]
  const disks = states.flatMap((state) => childrenOf(childOf(state, 'devices'), 'disk').map(diskSource))
  const overlays = childrenOf(childOf(snapshot, 'disks'), 'disk')
    .filter((disk) => childOf(disk, 'source') !== null)
    .map(diskSource)
  return { disks: [...disks, ...overlays], mentions: mentionsOf(snapshot) }
}

/** @throws AppError protocolViolation */
export function readCheckpoint(text: string): { mentions: ReadonlySet<string> } {
  return { mentions: mentionsOf(readXml(text, 'domaincheckpoint')) }
}

function mentionsOf(node: XmlNode): ReadonlySet<string> {
  const paths = new Set<string>()
  for (const text of stringsOf(node)) if (text.trim().startsWith('/')) paths.add(text.trim())
  return paths
}

const DEVICES = new Set(['disk', 'cdrom', 'floppy', 'lun'])

function diskSource(disk: XmlNode): DiskSource {
  const source = childOf(disk, 'source')
  const device = attributeOf(disk, 'device') ?? 'disk'
  const pool = attributeOf(source, 'pool')
  const volume = attributeOf(source, 'volume')
  const file = attributeOf(source, 'file')
  const block = attributeOf(source, 'dev')
  const protocol = attributeOf(source, 'protocol')
  const type = attributeOf(disk, 'type')
  const kind =
    pool !== null && volume !== null
      ? 'volume'
      : type === 'network' || protocol !== null
        ? 'network'
        : file !== null
          ? 'file'
          : block !== null
            ? 'block'
            : 'other'
  return {
    device: (DEVICES.has(device) ? device : 'other') as DiskSource['device'],
    kind,
    path: kind === 'network' || kind === 'volume' ? null : (file ?? block),
    volume: pool !== null && volume !== null ? { pool, name: volume } : null,
    text:
      file ??
      block ??
      (kind === 'volume'
        ? `${pool ?? ''}/${volume ?? ''}`
        : `${protocol ?? ''}:${attributeOf(source, 'name') ?? ''}`),
    format: attributeOf(childOf(disk, 'driver'), 'type'),
    readOnly: 'readonly' in disk,
    shareable: 'shareable' in disk,
    chain: chainOf(disk)
  }
}

/** A running VM's XML goes on to an empty <backingStore/>; without that end nothing is known. */
function chainOf(disk: XmlNode): readonly string[] | null {
  const chain: string[] = []
  let below = disk
  for (let depth = 0; depth < 200; depth++) {
    if (!('backingStore' in below)) return null
    const next = childOf(below, 'backingStore')
    const source = childOf(next, 'source')
    if (next === null || source === null) return chain
    const path = attributeOf(source, 'file') ?? attributeOf(source, 'dev')
    if (path === null) return null
    chain.push(path)
    below = next
  }
  return null
}

const VOLUME_TYPES = new Set(['file', 'block', 'dir', 'network', 'netdir', 'ploop'])

/** @throws AppError protocolViolation */
export function readVolume(text: string, pool: string): SurveyedVolume {
  const volume = readXml(text, 'volume')
  const target = childOf(volume, 'target')
  const type = attributeOf(volume, 'type') ?? 'file'
  const backing = textOf(childOf(volume, 'backingStore'), 'path')
  return {
    pool,
    name: textOf(volume, 'name') ?? '',
    path: textOf(target, 'path') ?? textOf(volume, 'key') ?? '',
    type: (VOLUME_TYPES.has(type) ? type : 'other') as SurveyedVolume['type'],
    format: attributeOf(childOf(target, 'format'), 'type'),
    capacityBytes: bytesOf(volume, 'capacity'),
    allocationBytes: bytesOf(volume, 'allocation'),
    backingPath: backing
  }
}

/** @throws AppError protocolViolation */
export function readPool(text: string): Omit<SurveyedPool, 'readable'> {
  const pool = readXml(text, 'pool')
  return {
    name: textOf(pool, 'name') ?? '',
    type: attributeOf(pool, 'type') ?? '',
    targetPath: textOf(childOf(pool, 'target'), 'path')
  }
}

/**
 * The paths of `vol-list` without its head: ` name   path`, at least three spaces between them, both of which may hold
 * spaces. A path ends with the volume's name; what fits no such split is cut at the last gap.
 */
export function readVolumePaths(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const gaps = [...line.matchAll(/ {3,}/g)].map(({ index, 0: gap }) => ({ index, end: index + gap.length }))
    const splits = gaps.map(({ index, end }) => ({ name: line.slice(1, index), path: line.slice(end) }))
    const split = splits.find(({ name, path }) => path.endsWith(name)) ?? splits.at(-1)
    return split === undefined || split.name === '' || split.path === '' ? [] : [split.path]
  })
}

/** Names of `list --name` and its like: one a line, padded. */
export const readNames = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
