/** Readers of `vol-dumpxml` and `pool-dumpxml`. Names and paths are anybody's; DTDs and entities are refused. */
import { attributeOf, childOf, readXml, textOf, wholeNumber, type XmlNode } from './xml-reader.ts'

export interface VolumeXml {
  readonly name: string
  readonly path: string
  readonly format: string | null
  readonly capacityBytes: number | null
  readonly allocationBytes: number | null
  readonly backingPath: string | null
  readonly backingFormat: string | null
}

/** libvirt writes volumes' sizes in bytes. @throws AppError protocolViolation */
export function parseVolumeXml(text: string): VolumeXml {
  const node = readXml(text, 'volume')
  const target = childOf(node, 'target')
  const backing = childOf(node, 'backingStore')
  const formatOf = (of: XmlNode | null): string | null => attributeOf(childOf(of, 'format'), 'type')
  return {
    name: textOf(node, 'name') ?? '',
    path: textOf(target, 'path') ?? '',
    format: formatOf(target),
    capacityBytes: wholeNumber(textOf(node, 'capacity')),
    allocationBytes: wholeNumber(textOf(node, 'allocation')),
    backingPath: textOf(backing, 'path'),
    backingFormat: formatOf(backing)
  }
}

export interface PoolXml {
  readonly name: string
  readonly type: string
  readonly folder: string | null
  readonly availableBytes: number | null
}

/** @throws AppError protocolViolation */
export function parsePoolXml(text: string): PoolXml {
  const pool = readXml(text, 'pool')
  return {
    name: textOf(pool, 'name') ?? '',
    type: attributeOf(pool, 'type') ?? '',
    folder: textOf(childOf(pool, 'target'), 'path'),
    availableBytes: wholeNumber(textOf(pool, 'available'))
  }
}
