/** The one dot of a server, and whether its values are old. Pure. */
import type { ServerView } from '#contract/servers.ts'
import type { DotState } from '../../ui/dot-state.ts'

export function serverDot(view: ServerView): DotState {
  if (view.connection.kind === 'stopped') return 'idle'
  if (view.presence === 'EMPTY') return view.connection.kind === 'connecting' ? 'busy' : 'empty'
  if (view.presence === 'OFF') return view.expectedOff === null ? 'off' : 'idle'
  return view.connection.kind === 'online' ? 'on' : 'busy'
}

/** Values older than three intervals are said to be old. */
export function isStale(view: ServerView, nowMs: number, defaultIntervalMs: number): boolean {
  if (view.now === null) return false
  return nowMs - view.now.atMs > 3 * (view.record.intervalMs ?? defaultIntervalMs) + 1_000
}
