/** Storage and networks of every server, as they are looked at. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { NetworksView } from '#contract/networks.ts'
import type { StorageView } from '#contract/storage.ts'
import type { Clock } from '../clock.ts'
import { errorInfoOf } from '../error-info.ts'
import { sessionOf } from '../operations/journal-row.ts'
import type { Log } from '../platform/platform.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { LiveView } from './live-view.ts'
import { NO_NETWORKS_READ, readNetworks } from './network-reading.ts'
import { NOTHING_READ, readStorage } from './storage-reading.ts'

export interface Board {
  readonly storage: LiveView<StorageView>
  readonly networks: LiveView<NetworksView>
}

export interface StoreBoardDeps {
  readonly directory: ServerDirectory
  readonly clock: Clock
  readonly log: Log
}

export class StoreBoards {
  readonly #deps: StoreBoardDeps
  readonly #boards = new Map<ServerId, Board>()

  constructor(deps: StoreBoardDeps) {
    this.#deps = deps
  }

  /** Throws notFound. */
  of(serverId: ServerId): Board {
    this.#deps.directory.get(serverId)
    for (const id of this.#boards.keys()) if (!this.#deps.directory.find(id)) this.#boards.delete(id)
    const board = this.#boards.get(serverId) ?? this.#open(serverId)
    this.#boards.set(serverId, board)
    return board
  }

  #open(serverId: ServerId): Board {
    const { directory, clock, log } = this.#deps
    const session = () => sessionOf(directory.get(serverId))
    const info = (error: unknown) => {
      if (error instanceof AppError) return error.toInfo()
      return errorInfoOf(error, log, 'stores.readFailed', { serverId })
    }
    return {
      storage: new LiveView<StorageView>({
        initial: NOTHING_READ,
        clock,
        read: (context) => readStorage(session().storage, clock, context),
        failed: (last, error) => ({ ...last, usesKnown: false, error: info(error) })
      }),
      networks: new LiveView<NetworksView>({
        initial: NO_NETWORKS_READ,
        clock,
        read: ({ signal }) => readNetworks(session(), clock, signal),
        failed: (last, error) => ({ ...last, error: info(error) })
      })
    }
  }
}
