/** What the application needs of a server's pools, volumes and networks. Implemented by `remote/libvirt/stores`. */
import type { AppError } from '#contract/errors.ts'
import type { Network, NetworkAction, NetworkUuid, NewNetwork } from '#contract/networks.ts'
import type { NewPool, Pool, PoolAction, PoolUuid, Volume } from '#contract/storage.ts'
import type { NewVolume } from '#contract/volumes.ts'
import type { DomainReferences } from '../../domain/libvirt/uses.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'

export interface PoolsListing {
  readonly pools: readonly Pool[]
  /** Why the list may lack a pool or be old: one that hangs makes libvirt's own list wait. null = it is all. */
  readonly error: AppError | null
}

export interface References {
  /** What every VM refers to: in its present and in its next-boot definition, and in its snapshots. */
  readonly domains: readonly DomainReferences[]
  /** False when a VM could not be asked, so that one may use more than is known. */
  readonly complete: boolean
}

export interface VolumesReading {
  readonly volumes: readonly Volume[]
  /** Names that cannot be read back (line feeds), or too many. */
  readonly leftOut: number
}

export interface StorageSession {
  /**
   * A pool whose storage hangs is marked, and asked again with growing pauses: each question that libvirt takes and
   * cannot answer costs the server one of libvirtd's few workers.
   */
  pools(signal: AbortSignal): Promise<PoolsListing>
  /**
   * Volumes of a running pool. Throws storageNotResponding within a deadline of its own: the pool is marked then. With
   * `again` a marked pool is asked at once, unless libvirt still holds an earlier question about it.
   */
  volumes(poolUuid: PoolUuid, options: { signal: AbortSignal; again?: boolean }): Promise<VolumesReading>
  /** Safe while a VM or a pool hangs. */
  references(signal: AbortSignal): Promise<References>
  /**
   * What each path is on the server (device and inode): symbolic links, hard links and bind mounts lead to the same. Paths
   * that cannot be looked at are left out.
   */
  identities(paths: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>>

  /** Another name than `seenName` behind the UUID → conflict, nothing done. */
  actOnPool(
    request: { readonly uuid: PoolUuid; readonly action: PoolAction; readonly seenName: string },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<'done' | 'already'>
  /** Defines, builds, starts; undoes what was done when a step fails. Throws conflict {name}. */
  createPool(pool: NewPool, journal: ActionJournal, signal: AbortSignal): Promise<PoolUuid>

  /** Resolves with its path. Throws conflict {name}, libvirtFailed. */
  createVolume(volume: NewVolume, journal: ActionJournal, signal: AbortSignal): Promise<string>
  /** A full copy in the same pool; resolves with its path. Throws conflict {name}, libvirtFailed. */
  cloneVolume(
    volume: Volume,
    newName: string,
    context: {
      readonly journal: ActionJournal
      readonly signal: AbortSignal
      progress(doneBytes: number): void
    }
  ): Promise<string>
  growVolume(
    volume: Volume,
    capacityBytes: number,
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
  deleteVolume(volume: VolumeHandle, journal: ActionJournal, signal: AbortSignal): Promise<void>
  /** The command that `deleteVolume` sends. */
  deleteCommand(volume: VolumeHandle): string

  /** Takes bytes into a volume, piece by piece: what a piece's `write` resolved for is on the server. */
  openUpload(volume: VolumeHandle, signal: AbortSignal): Promise<VolumeUpload>
  uploadCommand(volume: VolumeHandle): string
  /** Removes a volume that was only just begun, if it is there. Throws when it stays. */
  removeUnfinished(volume: VolumeHandle, journal: ActionJournal): Promise<void>
  /** The bytes of a volume as they lie on the server. `size` null = not known. */
  openDownload(volume: VolumeHandle, signal: AbortSignal): Promise<VolumeDownload>
  /** SHA-256 of the first `sizeBytes` of a volume, computed on the server; null when it has no sha256sum. */
  checksum(volume: VolumeHandle, sizeBytes: number, signal: AbortSignal): Promise<string | null>
}

export interface VolumeHandle {
  readonly poolUuid: PoolUuid
  readonly name: string
  readonly path: string
}

export interface VolumeUpload {
  /**
   * Writes one piece: the bytes that `bytes` yields, `lengthBytes` in all. Resolves when libvirt has taken all of it.
   * Throws libvirtFailed, disconnected; the upload is over then.
   */
  write(piece: {
    readonly offsetBytes: number
    readonly lengthBytes: number
    readonly bytes: AsyncIterable<Uint8Array>
  }): Promise<void>
  close(): void
}

export interface VolumeDownload {
  readonly sizeBytes: number | null
  /** Reading slowly slows the server. Throws libvirtFailed, disconnected. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** After the last byte: the SHA-256 that the server computed of what it sent. */
  checksum(): string | null
  close(): void
}

export interface NetworkSession {
  /** Networks with their leases; `usedBy` is empty and `vm` null. */
  list(signal: AbortSignal): Promise<readonly Network[]>
  /** Bridges of the server itself. */
  hostBridges(signal: AbortSignal): Promise<readonly string[]>
  /** Another name than `seenName` behind the UUID → conflict, nothing done. */
  act(
    request: { readonly uuid: NetworkUuid; readonly action: NetworkAction; readonly seenName: string },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<'done' | 'already'>
  /** Defines and starts; undoes what was done when a step fails. Throws conflict {name}. */
  create(network: NewNetwork, journal: ActionJournal, signal: AbortSignal): Promise<NetworkUuid>
  /** Stops it where it runs, and removes it. */
  delete(
    request: { readonly uuid: NetworkUuid; readonly seenName: string },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
}
