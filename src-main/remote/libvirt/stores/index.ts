/** Pools, volumes and networks of one connection. See docs/stores.md. */
import type { NetworkSession, StorageSession } from '../../../application/stores/stores.ts'
import { readIdentities } from './identities.ts'
import { readHostBridges, readNetworks } from './network-reader.ts'
import { PoolReader } from './pool-reader.ts'
import { readReferences } from './references.ts'
import { shownCommand, Virsh } from '../virsh.ts'
import { actOnNetwork, createNetwork, deleteNetwork } from './network-actions.ts'
import { actOnPool, createPool } from './pool-actions.ts'
import type { StoreDeps } from './store-deps.ts'
import {
  cloneVolume,
  createVolume,
  deleteVolume,
  deleteWords,
  growVolume,
  removeUnfinished,
  volumeWords
} from './volume-actions.ts'
import { openDownload, openUpload, readChecksum } from './volume-transfer.ts'

export function createStorage(deps: StoreDeps): StorageSession {
  const reader = new PoolReader(deps)
  const virsh = new Virsh(deps)
  const { uri } = deps
  return {
    pools: (signal) => reader.pools(signal),
    volumes: (poolUuid, options) => reader.volumes(poolUuid, options),
    references: (signal) => readReferences(deps, signal),
    identities: (paths, signal) => readIdentities(deps, paths, signal),
    actOnPool: (request, journal, signal) => actOnPool(virsh, request, journal, signal),
    createPool: (pool, journal, signal) => createPool({ virsh, log: deps.log }, pool, journal, signal),
    createVolume: (volume, journal, signal) => createVolume(virsh, volume, journal, signal),
    cloneVolume: (volume, newName, context) => cloneVolume(virsh, volume, newName, context),
    growVolume: (volume, capacityBytes, journal, signal) =>
      growVolume(virsh, { volume, capacityBytes }, journal, signal),
    deleteVolume: (volume, journal, signal) => deleteVolume(virsh, volume, journal, signal),
    deleteCommand: (volume) => shownCommand(uri, { args: deleteWords(volume) }),
    openUpload: (volume, signal) => openUpload(deps, volume, signal),
    uploadCommand: (volume) =>
      shownCommand(uri, { args: ['vol-upload', ...volumeWords(volume), '--file', '-'] }),
    removeUnfinished: (volume, journal) => removeUnfinished(virsh, volume, journal),
    openDownload: (volume, signal) => openDownload(deps, volume, signal),
    checksum: (volume, sizeBytes, signal) => readChecksum(deps, volume, sizeBytes, signal)
  }
}

export function createNetworks(deps: StoreDeps): NetworkSession {
  const virsh = new Virsh(deps)
  return {
    list: (signal) => readNetworks(deps, signal),
    hostBridges: (signal) => readHostBridges(deps, signal),
    act: (request, journal, signal) => actOnNetwork(virsh, request, journal, signal),
    create: (network, journal, signal) => createNetwork({ virsh, log: deps.log }, network, journal, signal),
    delete: (request, journal, signal) => deleteNetwork(virsh, request, journal, signal)
  }
}
