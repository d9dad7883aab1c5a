/** A server without pools and networks. */
import { AppError } from '#contract/errors.ts'
import type { NetworkSession, StorageSession } from '../../src-main/application/stores/stores.ts'

const refused = (): Promise<never> => Promise.reject(new AppError('notFound'))

export const noStorage: StorageSession = {
  pools: async () => ({ pools: [], error: null }),
  volumes: async () => ({ volumes: [], leftOut: 0 }),
  references: async () => ({ domains: [], complete: true }),
  identities: async () => new Map(),
  actOnPool: refused,
  createPool: refused,
  createVolume: refused,
  cloneVolume: refused,
  growVolume: refused,
  deleteVolume: refused,
  deleteCommand: () => '',
  openUpload: refused,
  uploadCommand: () => '',
  removeUnfinished: refused,
  openDownload: refused,
  checksum: refused
}

export const noNetworks: NetworkSession = {
  list: async () => [],
  hostBridges: async () => [],
  act: refused,
  create: refused,
  delete: refused
}
