/** The dialog that adds or edits a server. */
import type { ServerId } from '#contract/ids.ts'
import type { ServerView } from '#contract/servers.ts'
import { useDialogs } from '../../ui/index.ts'

export { tagsOf } from './form.ts'

export interface ServerDialogOptions {
  /** The server to edit; absent: a new one. */
  readonly edit?: ServerView
}

/** Resolves with the server's id when it was saved, with null when not. A new server's page is open by then. */
export async function openServerDialog(options: ServerDialogOptions = {}): Promise<ServerId | null> {
  const { default: ServerDialog } = await import('./ServerDialog.vue')
  return (await useDialogs().open(ServerDialog, { edit: options.edit ?? null })) ?? null
}
