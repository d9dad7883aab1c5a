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

type PowerHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `switching.${string}`>>

export function powerHandlers({ directory, power, wake }: PowerHandlerDeps): PowerHandlers {
  return {
    'switching.wakeView': async ({ serverId }) => {
      directory.get(serverId)
      return wake.view(serverId)
    },
    'switching.setWake': async ({ serverId, settings, password }) => {
      directory.get(serverId)
      await wake.set(serverId, settings, password)
      return null
    },
    'switching.wake': ({ serverId }, { signal, ...task }) =>
      wake.wake(serverId, { signal, onProgress: (now) => task.progress(now) }),
    'switching.plan': ({ serverId, action }, { signal }) => power.plan(serverId, action, signal),
    'switching.act': (request, { signal, ...task }) =>
      power.act(request, { signal, onProgress: (now) => task.progress(now) })
  }
}
