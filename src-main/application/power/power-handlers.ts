/** What the window can ask about a server's power. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { Power } from './power.ts'
import type { Wake } from './wake.ts'

export interface PowerHandlerDeps {
  readonly directory: ServerDirectory
  readonly power: Power
  readonly wake: Wake
}

type PowerHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `power.${string}`>>

export function powerHandlers({ directory, power, wake }: PowerHandlerDeps): PowerHandlers {
  return {
    'power.wakeView': async ({ serverId }) => {
      directory.get(serverId)
      return wake.view(serverId)
    },
    'power.setWake': async ({ serverId, settings, password }) => {
      directory.get(serverId)
      await wake.set(serverId, settings, password)
      return null
    },
    'power.wake': ({ serverId }, { signal, ...task }) =>
      wake.wake(serverId, { signal, onProgress: (now) => task.progress(now) }),
    'power.plan': ({ serverId, action }, { signal }) => power.plan(serverId, action, signal),
    'power.act': (request, { signal, ...task }) =>
      power.act(request, { signal, onProgress: (now) => task.progress(now) })
  }
}
