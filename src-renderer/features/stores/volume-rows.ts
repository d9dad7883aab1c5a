/** Volumes of all pools as rows, filtered. Pure. */
import type { Pool, StorageView, VolumeView } from '#contract/storage.ts'

export interface VolumeRow {
  readonly volume: VolumeView
  readonly pool: Pool
  /** Used by no VM and no other image, as far as is known. null = not known. */
  readonly isOrphan: boolean | null
}

export function volumeRows(view: StorageView): VolumeRow[] {
  const pools = new Map(view.pools.map((pool) => [pool.uuid, pool]))
  return view.contents.flatMap(({ poolUuid, volumes }) => {
    const pool = pools.get(poolUuid)
    return pool === undefined
      ? []
      : volumes.map((volume) => ({ volume, pool, isOrphan: orphan(view, volume) }))
  })
}

/** A medium to install from waits in its pool; it is no left-over. */
const isMedium = ({ format, name }: VolumeView): boolean => format === 'iso' || /\.iso$/i.test(name)

function orphan(view: StorageView, volume: VolumeView): boolean | null {
  if (volume.usedBy.length > 0 || volume.backingOf.length > 0 || isMedium(volume)) return false
  return view.usesKnown ? true : null
}

export interface VolumeFilter {
  readonly text: string
  readonly orphansOnly: boolean
  /** '' = all pools. */
  readonly poolUuid: string
}

/** Every word has to be in the name, the pool's name, the format, the path or the name of a VM that uses it. */
export function filteredVolumes(
  rows: readonly VolumeRow[],
  { text, orphansOnly, poolUuid }: VolumeFilter
): VolumeRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter(({ volume, pool, isOrphan }) => {
    if (orphansOnly && isOrphan !== true) return false
    if (poolUuid !== '' && pool.uuid !== poolUuid) return false
    if (words.length === 0) return true
    const users = volume.usedBy.map(({ vmName }) => vmName)
    const hay = [volume.name, volume.path, volume.format ?? '', pool.name, ...users].join('\n').toLowerCase()
    return words.every((word) => hay.includes(word))
  })
}

export const allocatedBytes = (rows: readonly VolumeRow[]): number =>
  rows.reduce((sum, { volume }) => sum + (volume.allocationBytes ?? 0), 0)
