/** A server without pools and networks. */
import type { NetworkSession, StorageSession } from '../../src-main/application/stores/stores.ts'

export const noStorage: StorageSession = {
  pools: async () => ({ pools: [], error: null }),
  volumes: async () => ({ volumes: [], leftOut: 0 }),
  references: async () => ({ domains: [], complete: true }),
  identities: async () => new Map()
}

export const noNetworks: NetworkSession = {
  list: async () => [],
  hostBridges: async () => []
}
