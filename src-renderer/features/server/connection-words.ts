/** The connection of a server as a state and in words. */
import type { ServerView } from '#contract/servers.ts'
import type { DotState } from '../../ui/index.ts'

/** What the dot says; `waits` = nothing happens until the operator does something. */
export function dotOf(view: ServerView): DotState {
  switch (view.connection.kind) {
    case 'online':
      return view.capabilities.some((capability) => capability.id === 'host' && !capability.works)
        ? 'warn'
        : 'on'
    case 'connecting':
      return view.presence === 'OFF' ? 'off' : 'busy'
    case 'stopped':
      return 'idle'
    case 'offline':
      return view.presence === 'EMPTY' ? 'empty' : 'off'
  }
}

/** Clocks further apart than this are warned of. */
export const SKEW_WARNED_MS = 2_000
