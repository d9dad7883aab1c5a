/** What of a definition decides about cloning it. */
import { readVirthelmMetadata, type VirthelmMetadata } from '../../domain/libvirt/virthelm-metadata.ts'
import type { SourceDisk } from '../../application/clones/clone-host.ts'
import { diskSourceOf } from './domain-xml.ts'
import { attributeOf, childOf, childrenOf, ownTextOf, readXml, type XmlNode } from './xml-reader.ts'

export type ParsedDisk = Omit<SourceDisk, 'volume'>

export interface ParsedSource {
  readonly marks: VirthelmMetadata
  readonly disks: readonly ParsedDisk[]
  readonly media: readonly { readonly target: string; readonly path: string }[]
  readonly nvramPath: string | null
}

/** @throws AppError protocolViolation */
export function parseCloneSource(text: string): ParsedSource {
  const domain = readXml(text, 'domain')
  const all = childrenOf(childOf(domain, 'devices'), 'disk')
  const isDisk = (disk: XmlNode): boolean => ['disk', 'lun', null].includes(attributeOf(disk, 'device'))
  return {
    marks: readVirthelmMetadata(childOf(domain, 'metadata')),
    disks: all.filter(isDisk).map(diskOf),
    media: all.flatMap((disk) => {
      const path = isDisk(disk) ? null : diskSourceOf(childOf(disk, 'source'))
      return path === null ? [] : [{ target: targetOf(disk), path }]
    }),
    nvramPath: nvramOf(childOf(domain, 'os'))
  }
}

const targetOf = (disk: XmlNode): string => attributeOf(childOf(disk, 'target'), 'dev') ?? ''

function diskOf(disk: XmlNode): ParsedDisk {
  const isFile = (attributeOf(disk, 'type') ?? 'file') === 'file'
  return {
    target: targetOf(disk),
    path: isFile ? attributeOf(childOf(disk, 'source'), 'file') : null,
    format: attributeOf(childOf(disk, 'driver'), 'type') ?? 'raw',
    isShared: 'shareable' in disk,
    isReadOnly: 'readonly' in disk
  }
}

function nvramOf(os: XmlNode | null): string | null {
  const nvram = childOf(os, 'nvram')
  return attributeOf(childOf(nvram, 'source'), 'file') ?? ownTextOf(nvram)?.trim() ?? null
}
