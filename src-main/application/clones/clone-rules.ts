/** Whether and how a VM can be cloned: decided before anything is made. Pure. */
import type { CloneMode, ClonePlan, CloneRefusal, CloneRefusalReason } from '#contract/clones.ts'
import type { CloneSource, SourceDisk } from './clone-host.ts'

const refusal = (reason: CloneRefusalReason, disks: readonly SourceDisk[] = []): CloneRefusal => ({
  reason,
  disks: disks.slice(0, 64).map(({ target }) => target)
})

/** Disks that the clone gets of its own; those that are only read are used by both. */
export const ownDisks = (source: CloneSource): readonly SourceDisk[] =>
  source.disks.filter((disk) => !disk.isReadOnly)

export function refusalOfClone(source: CloneSource, mode: CloneMode): CloneRefusal | null {
  if (source.state !== 'shutOff') return refusal('vmNotOff')
  const disks = ownDisks(source)
  const shared = disks.filter(({ isShared }) => isShared)
  if (shared.length > 0) return refusal('diskShared', shared)
  const placeless = disks.filter(({ path }) => path === null)
  if (placeless.length > 0) return refusal('diskNotFile', placeless)
  const poolless = disks.filter(({ volume }) => volume === null)
  if (poolless.length > 0) return refusal('diskNotInPool', poolless)
  if (mode === 'full') return null
  const others = disks.filter(
    ({ format, volume }) => volume?.isFilePool !== true || (format !== 'qcow2' && format !== 'raw')
  )
  return others.length === 0 ? null : refusal('cannotLink', others)
}

/** null: it fits, or nobody knows. A layer of a linked clone takes next to nothing. */
export function refusalOfSpace(
  source: CloneSource,
  mode: CloneMode,
  poolUuid: string | null
): CloneRefusal | null {
  if (mode === 'linked') return null
  const needed = new Map<string, number>()
  for (const { volume } of ownDisks(source)) {
    if (volume === null || volume.allocationBytes === null) continue
    const pool = poolUuid ?? volume.poolUuid
    needed.set(pool, (needed.get(pool) ?? 0) + volume.allocationBytes)
  }
  for (const [uuid, bytes] of needed) {
    const available = source.pools.find((pool) => pool.uuid === uuid)?.availableBytes ?? null
    if (available !== null && available < bytes) return refusal('noSpace')
  }
  return null
}

const FILE_POOLS = new Set(['dir', 'fs', 'netfs'])
export const isFilePool = (type: string): boolean => FILE_POOLS.has(type)

export function clonePlanOf(source: CloneSource): ClonePlan {
  return {
    name: source.name,
    state: source.state,
    isTemplate: source.marks.template,
    disks: ownDisks(source).flatMap(({ target, path, format, volume }) =>
      path === null
        ? []
        : [
            {
              target,
              path,
              format,
              poolName: volume?.poolName ?? null,
              capacityBytes: volume?.capacityBytes ?? null,
              allocationBytes: volume?.allocationBytes ?? null
            }
          ]
    ),
    media: source.media.slice(0, 64).map((medium) => ({ ...medium })),
    hasNvram: source.nvramPath !== null,
    pools: source.pools
      .filter(({ type }) => isFilePool(type))
      .slice(0, 200)
      .map(({ uuid, name, availableBytes }) => ({ uuid, name, availableBytes })),
    canFull: refusalOfClone(source, 'full'),
    canLink: refusalOfClone(source, 'linked'),
    notes: [...source.notes],
    takenNames: source.takenNames.slice(0, 5000)
  }
}

/** A name for files, from a name that may hold anything. The UUID keeps two of the same spelling apart. */
export function fileStemOf(name: string, uuid: string): string {
  const slug = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, 80)
  return slug === name ? slug : `${slug === '' ? 'vm' : slug}-${uuid.slice(0, 8)}`
}
