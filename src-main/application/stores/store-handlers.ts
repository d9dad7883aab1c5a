/** What the window can ask about pools, volumes and networks. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { StoreBoards, type StoreBoardDeps } from './store-boards.ts'

type StoreHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `storage.${string}` | `networks.${string}`>
>

export function storeHandlers(deps: StoreBoardDeps): StoreHandlers {
  const boards = new StoreBoards(deps)
  return {
    'storage.watch': ({ serverId }, { signal }) => boards.of(serverId).storage.watch(signal),
    'storage.reload': ({ serverId }) => boards.of(serverId).storage.reload(),
    'networks.watch': ({ serverId }, { signal }) => boards.of(serverId).networks.watch(signal),
    'networks.reload': ({ serverId }) => boards.of(serverId).networks.reload()
  }
}
