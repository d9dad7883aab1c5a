/** What of a definition decides about cloning it. */
import { readVirthelmMetadata, type VirthelmMetadata } from '../../domain/libvirt/virthelm-metadata.ts'
import type { SourceDisk } from '../../application/clones/clone-host.ts'
import { attribute, capped, childOf, diskSourceOf, listOf, type Node, textOf } from './domain-xml.ts'
import { rootOf } from './snapshot-xml.ts'

export type ParsedDisk = Omit<SourceDisk, 'volume'>

export interface ParsedSource {
  readonly marks: VirthelmMetadata
  readonly disks: readonly ParsedDisk[]
  readonly media: readonly { readonly target: string; readonly path: string }[]
  readonly nvramPath: string | null
}

/** @throws AppError protocolViolation */
export function parseCloneSource(text: string): ParsedSource {
  const domain = rootOf(text, 'domain')
  const all = listOf(childOf(domain, 'devices'), 'disk')
  const isDisk = (disk: Node): boolean => ['disk', 'lun', null].includes(attribute(disk, 'device'))
  return {
    marks: readVirthelmMetadata(childOf(domain, 'metadata')),
    disks: all.filter(isDisk).map(diskOf),
    media: all.flatMap((disk) => {
      const path = isDisk(disk) ? null : capped(diskSourceOf(childOf(disk, 'source')))
      return path === null ? [] : [{ target: targetOf(disk), path }]
    }),
    nvramPath: nvramOf(childOf(domain, 'os'))
  }
}

const targetOf = (disk: Node): string => capped(attribute(childOf(disk, 'target'), 'dev')) ?? ''

function diskOf(disk: Node): ParsedDisk {
  const isFile = (attribute(disk, 'type') ?? 'file') === 'file'
  return {
    target: targetOf(disk),
    path: isFile ? attribute(childOf(disk, 'source'), 'file') : null,
    format: capped(attribute(childOf(disk, 'driver'), 'type')) ?? 'raw',
    isShared: 'shareable' in disk,
    isReadOnly: 'readonly' in disk
  }
}

function nvramOf(os: Node | null): string | null {
  const nvram = os === null ? null : childOf(os, 'nvram')
  if (nvram === null) return null
  return attribute(childOf(nvram, 'source'), 'file') ?? textOf(nvram)?.trim() ?? null
}
