/** What the application needs of a server's pools, volumes and networks. Implemented by `remote/libvirt/stores`. */
import type { AppError } from '#contract/errors.ts'
import type { Network } from '#contract/networks.ts'
import type { Pool, PoolUuid, Volume } from '#contract/storage.ts'
import type { DomainReferences } from '../../domain/libvirt/uses.ts'

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
   * `again` a marked pool is asked at once.
   */
  volumes(poolUuid: PoolUuid, options: { signal: AbortSignal; again?: boolean }): Promise<VolumesReading>
  /** Safe while a VM or a pool hangs. */
  references(signal: AbortSignal): Promise<References>
  /**
   * What each path is on the server (device and inode): symbolic links, hard links and bind mounts lead to the same. Paths
   * that cannot be looked at are left out.
   */
  identities(paths: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>>
}

export interface NetworkSession {
  /** Networks with their leases; `usedBy` is empty and `vm` null. */
  list(signal: AbortSignal): Promise<readonly Network[]>
  /** Bridges of the server itself. */
  hostBridges(signal: AbortSignal): Promise<readonly string[]>
}
