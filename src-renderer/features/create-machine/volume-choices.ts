/** Volumes that a machine can start from, of all pools of a server. Pure. */
import type { StorageView, VolumeView } from '#contract/storage.ts'
import { volumeKey, type VolumeKey } from './form.ts'

export interface VolumeChoice {
  readonly key: VolumeKey
  readonly name: string
  readonly pool: string
  readonly sizeBytes: number | null
  readonly format: string | null
  /** Machines that use it: an existing disk cannot be chosen then. */
  readonly usedBy: readonly string[]
  readonly isBacking: boolean
}

export type VolumeKind = 'iso' | 'image' | 'disk'

const isIso = ({ name, format }: VolumeView): boolean =>
  format === 'iso' || name.toLowerCase().endsWith('.iso')
/** Formats that QEMU boots from as a disk. */
const DISKS = new Set(['qcow2', 'raw', 'vmdk', 'vdi', 'vpc', 'qed'])

function suits(kind: VolumeKind, volume: VolumeView): boolean {
  if (kind === 'iso') return isIso(volume)
  return !isIso(volume) && (volume.format === null || DISKS.has(volume.format)) && volume.kind !== 'dir'
}

/** By name; those that are free first where that matters. */
export function volumeChoices(storage: StorageView, kind: VolumeKind): readonly VolumeChoice[] {
  const poolNames = new Map(storage.pools.map(({ uuid, name }): [string, string] => [uuid, name]))
  const choices = storage.contents.flatMap(({ volumes }) =>
    volumes
      .filter((volume) => suits(kind, volume))
      .map((volume): VolumeChoice => ({
        key: volumeKey(volume),
        name: volume.name,
        pool: poolNames.get(volume.poolUuid) ?? '',
        sizeBytes: volume.capacityBytes,
        format: volume.format,
        usedBy: [...new Set(volume.usedBy.map(({ vmName }) => vmName))],
        isBacking: volume.backingOf.length > 0
      }))
  )
  const isTaken = (choice: VolumeChoice): number =>
    kind !== 'iso' && (choice.usedBy.length > 0 || (kind === 'disk' && choice.isBacking)) ? 1 : 0
  return choices.toSorted((a, b) => isTaken(a) - isTaken(b) || a.name.localeCompare(b.name))
}
