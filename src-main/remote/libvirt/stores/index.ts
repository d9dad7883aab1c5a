/** Pools, volumes and networks of one connection. See docs/stores.md. */
import type { NetworkSession, StorageSession } from '../../../application/stores/stores.ts'
import { readIdentities } from './identities.ts'
import { readHostBridges, readNetworks } from './network-reader.ts'
import { PoolReader } from './pool-reader.ts'
import { readReferences } from './references.ts'
import type { StoreDeps } from './store-deps.ts'

export function createStorage(deps: StoreDeps): StorageSession {
  const reader = new PoolReader(deps)
  return {
    pools: (signal) => reader.pools(signal),
    volumes: (poolUuid, options) => reader.volumes(poolUuid, options),
    references: (signal) => readReferences(deps, signal),
    identities: (paths, signal) => readIdentities(deps, paths, signal)
  }
}

export function createNetworks(deps: StoreDeps): NetworkSession {
  return {
    list: (signal) => readNetworks(deps, signal),
    hostBridges: (signal) => readHostBridges(deps, signal)
  }
}
