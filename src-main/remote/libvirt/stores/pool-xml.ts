/** Readers of `virsh pool-dumpxml` and `vol-dumpxml`. */
import type { Pool, PoolUuid, Volume } from '#contract/storage.ts'
import { attributeOf, bytesOf, childOf, childrenOf, readXml, textOf, type XmlNode } from '../xml-reader.ts'

export type PoolXml = Pick<
  Pool,
  'name' | 'type' | 'targetPath' | 'source' | 'capacityBytes' | 'allocationBytes' | 'availableBytes'
> & { readonly uuid: string }

/** @throws AppError protocolViolation when it is no pool */
export function parsePoolXml(text: string): PoolXml {
  const pool = readXml(text, 'pool', 'pool-dumpxml')
  return {
    uuid: textOf(pool, 'uuid')?.trim() ?? '',
    name: textOf(pool, 'name') ?? '',
    type: attributeOf(pool, 'type') ?? '',
    targetPath: textOf(childOf(pool, 'target'), 'path'),
    source: sourceOf(childOf(pool, 'source')),
    capacityBytes: bytesOf(pool, 'capacity'),
    allocationBytes: bytesOf(pool, 'allocation'),
    availableBytes: bytesOf(pool, 'available')
  }
}

/** `host:/folder`, the volume group, or the devices. */
function sourceOf(source: XmlNode | null): string | null {
  const folder = attributeOf(childOf(source, 'dir'), 'path')
  const host = attributeOf(childOf(source, 'host'), 'name')
  const name = textOf(source, 'name')
  const devices = childrenOf(source, 'device')
    .map((device) => attributeOf(device, 'path'))
    .filter((path) => path !== null)
  const place = folder ?? name ?? (devices.length > 0 ? devices.join(', ') : null)
  return host === null ? place : `${host}:${place ?? ''}`
}

/** @throws AppError protocolViolation when it is no volume */
export function parseVolumeXml(text: string, poolUuid: PoolUuid): Volume {
  const volume = readXml(text, 'volume', 'vol-dumpxml')
  const target = childOf(volume, 'target')
  const backing = childOf(volume, 'backingStore')
  return {
    poolUuid,
    name: textOf(volume, 'name') ?? '',
    path: textOf(target, 'path') ?? '',
    kind: attributeOf(volume, 'type') ?? 'file',
    format: attributeOf(childOf(target, 'format'), 'type'),
    capacityBytes: bytesOf(volume, 'capacity'),
    allocationBytes: bytesOf(volume, 'allocation'),
    backingPath: textOf(backing, 'path'),
    backingFormat: attributeOf(childOf(backing, 'format'), 'type')
  }
}
