/** What the window can ask about capabilities. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'

type CapabilityHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `capabilities.${string}`>
>

export function capabilityHandlers({ directory }: { directory: ServerDirectory }): CapabilityHandlers {
  return {
    'capabilities.readNow': async ({ serverId }) => {
      directory.get(serverId).readNow()
      return null
    }
  }
}
