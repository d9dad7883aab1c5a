/** Reader of `vol-dumpxml` and of a pool's place. Names and paths are anybody's; DTDs and entities are refused. */
import { childOf, type Node, textOf, wholeNumber, attribute } from './domain-xml.ts'
import { rootOf } from './snapshot-xml.ts'

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
export function parseVolumeXml(text: string, root: 'volume' | 'pool' = 'volume'): VolumeXml {
  const node = rootOf(text, root)
  const target = childOf(node, 'target')
  const backing = childOf(node, 'backingStore')
  const formatOf = (of: Node | null): string | null =>
    of === null ? null : attribute(childOf(of, 'format'), 'type')
  return {
    name: textOf(node['name']) ?? '',
    path: textOf(target?.['path']) ?? '',
    format: formatOf(target),
    capacityBytes: wholeNumber(textOf(node['capacity'])),
    allocationBytes: wholeNumber(textOf(node['allocation'])),
    backingPath: textOf(backing?.['path']),
    backingFormat: formatOf(backing)
  }
}
