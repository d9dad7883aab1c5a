/** What may be done to a volume, from one reading of a server's storage. Pure: every act reads anew and asks this again. */
import { AppError } from '#contract/errors.ts'
import type { PoolUuid, StorageView, VolumeView } from '#contract/storage.ts'
import type { DeleteLock, VolumeDeletePlan } from '#contract/volumes.ts'

export interface VolumeName {
  readonly poolUuid: PoolUuid
  readonly name: string
}

/** @throws AppError notFound, storageNotResponding, or why the server could not be read */
export function findVolume(view: StorageView, { poolUuid, name }: VolumeName): VolumeView {
  const contents = view.contents.find((one) => one.poolUuid === poolUuid)
  const volume = contents?.volumes.find((one) => one.name === name)
  // What was there before says nothing about now.
  if (contents?.error) throw AppError.fromInfo(contents.error)
  if (volume !== undefined) return volume
  if (view.error !== null) throw AppError.fromInfo(view.error)
  throw new AppError('notFound', { params: { name } })
}

/** Every reason why it is not to be deleted; none = it may be. */
export function deleteLocksOf(view: StorageView, volume: VolumeView): DeleteLock[] {
  const pool = view.pools.find(({ uuid }) => uuid === volume.poolUuid)
  const locks: DeleteLock[] = []
  if (volume.usedBy.length > 0) locks.push('usedByVm')
  if (volume.backingOf.length > 0) locks.push('backingOfImage')
  if (!view.usesKnown) locks.push('usesUnknown')
  if (pool === undefined || pool.notRespondingSinceAtMs !== null) locks.push('poolNotResponding')
  return locks
}

export function planOf(view: StorageView, volume: VolumeView, command: string): VolumeDeletePlan {
  return {
    volume,
    locks: deleteLocksOf(view, volume),
    unknownChains: view.unknownChains,
    commands: [command]
  }
}

/** @throws AppError volumeInUse with the first VM or image that is in the way */
export function refuseWhenLocked(view: StorageView, volume: VolumeView): void {
  const locks = deleteLocksOf(view, volume)
  if (locks.length === 0) return
  throw inUse(
    volume,
    locks.includes('usesUnknown') || locks.includes('poolNotResponding') ? 'unknown' : 'used'
  )
}

/** A volume that a running VM writes to changes under whoever copies or grows it. @throws AppError volumeInUse */
export function refuseWhenWrittenTo(view: StorageView, volume: VolumeView): void {
  const isWritten = volume.usedBy.some(({ running, readOnly }) => running && !readOnly)
  if (isWritten) throw inUse(volume, 'running')
  if (!view.usesKnown) throw inUse(volume, 'unknown')
}

/** Growing an image that others hold the differences to would shift nothing, but it is theirs too. */
export function refuseToGrow(view: StorageView, volume: VolumeView, capacityBytes: number): void {
  refuseWhenWrittenTo(view, volume)
  if (volume.usedBy.some(({ running }) => running)) throw inUse(volume, 'running')
  if (volume.backingOf.length > 0) throw inUse(volume, 'used')
  if (volume.capacityBytes === null || capacityBytes <= volume.capacityBytes)
    throw new AppError('invalidInput', { params: { field: 'capacityBytes', reason: 'notLarger' } })
}

function inUse(volume: VolumeView, how: 'used' | 'running' | 'unknown'): AppError {
  const user = volume.usedBy[0]?.vmName ?? volume.backingOf[0]?.split('/').at(-1) ?? ''
  return new AppError('volumeInUse', { params: { what: volume.name, how, vmName: user } })
}
