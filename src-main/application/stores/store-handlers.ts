/** What the window can ask about pools and networks, and have done to them. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { NetworksView, NewNetwork } from '#contract/networks.ts'
import { problemOf } from '../../domain/libvirt/ipv4.ts'
import type { ActionJournal, HypervisorSession } from '../machines/hypervisor.ts'
import { journalled, writableSessionOf } from '../operations/journal-row.ts'
import type { LiveView } from './live-view.ts'
import { StoreBoards, type Board } from './store-boards.ts'
import { volumeHandlers, type VolumeHandlerDeps } from './volume-handlers.ts'

type StoreHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `storage.${string}` | `networks.${string}` | `volumes.${string}`>
>

const ACT_DEADLINE_MS = 90_000

export function storeHandlers(deps: VolumeHandlerDeps): StoreHandlers {
  const boards = new StoreBoards(deps)

  async function write<T>(
    { action, serverId, signal }: { action: string; serverId: ServerId; signal: AbortSignal },
    changes: (board: Board) => LiveView<unknown>,
    work: (session: HypervisorSession, journal: ActionJournal, signal: AbortSignal) => Promise<T>
  ): Promise<T> {
    const runtime = deps.directory.get(serverId)
    const session = writableSessionOf(runtime)
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(ACT_DEADLINE_MS)])
    try {
      return await journalled({ action, record: runtime.record, vm: null }, deps, (journal) =>
        work(session, journal, deadline)
      )
    } finally {
      changes(boards.of(serverId)).touch()
    }
  }
  const storageOf = (board: Board): LiveView<unknown> => board.storage as LiveView<unknown>
  const networksOf = (board: Board): LiveView<unknown> => board.networks as LiveView<unknown>

  return {
    ...volumeHandlers(deps, boards),
    'storage.watch': ({ serverId }, { signal }) => boards.of(serverId).storage.watch(signal),
    'storage.reload': ({ serverId }) => boards.of(serverId).storage.reload(),
    'storage.actOnPool': async ({ serverId, poolUuid: uuid, action, seenName }, { signal }) => ({
      outcome: await write(
        { action: `pool.${action}`, serverId, signal },
        storageOf,
        (session, journal, both) => session.storage.actOnPool({ uuid, action, seenName }, journal, both)
      )
    }),
    'storage.createPool': async ({ serverId, pool }, { signal }) => ({
      poolUuid: await write(
        { action: 'pool.create', serverId, signal },
        storageOf,
        (session, journal, both) => session.storage.createPool(pool, journal, both)
      )
    }),
    'networks.watch': ({ serverId }, { signal }) => boards.of(serverId).networks.watch(signal),
    'networks.reload': ({ serverId }) => boards.of(serverId).networks.reload(),
    'networks.act': async ({ serverId, networkUuid: uuid, action, seenName }, { signal }) => ({
      outcome: await write(
        { action: `network.${action}`, serverId, signal },
        networksOf,
        (session, journal, both) => session.networks.act({ uuid, action, seenName }, journal, both)
      )
    }),
    'networks.create': async ({ serverId, network }, { signal }) => ({
      networkUuid: await write(
        { action: 'network.create', serverId, signal },
        networksOf,
        async (session, journal, both) => {
          refuseWhatDoesNotFit(network, await boards.of(serverId).networks.reload())
          return session.networks.create(network, journal, both)
        }
      )
    }),
    'networks.delete': async ({ serverId, networkUuid: uuid, seenName }, { signal }) =>
      write({ action: 'network.delete', serverId, signal }, networksOf, async (session, journal, both) => {
        const view = await boards.of(serverId).networks.reload()
        const network = view.networks.find((one) => one.uuid === uuid)
        const [user] = network?.usedBy ?? []
        if (view.error !== null) throw AppError.fromInfo(view.error)
        if (user !== undefined)
          throw new AppError('networkInUse', { params: { what: seenName, vmName: user.name } })
        await session.networks.delete({ uuid, seenName }, journal, both)
        return null
      })
  }
}

function refuseWhatDoesNotFit(network: NewNetwork, view: NetworksView): void {
  if (view.error !== null) throw AppError.fromInfo(view.error)
  if (network.kind === 'bridge') return
  const taken = view.networks.flatMap(({ addresses }) => addresses)
  const problem = problemOf(network.cidr, network.dhcp, taken)
  if (problem !== null) throw new AppError('invalidInput', { params: { field: problem, reason: problem } })
}
