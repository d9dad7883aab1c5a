import type { ServerView } from '#contract/servers.ts'

/** Key of the word that stands for a server's state on its card. */
export function presenceWord(view: ServerView): string {
  if (view.connection.kind === 'stopped') return 'fleet.state.stopped'
  return `fleet.state.${view.presence}`
}
