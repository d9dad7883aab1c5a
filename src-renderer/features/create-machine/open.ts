/** Opens the dialog that makes a machine. */
import type { ServerId } from '#contract/ids.ts'
import { useDialogs } from '../../ui/index.ts'

export interface CreateDialogOptions {
  /** The server to begin with; absent: it is chosen in the first step. */
  readonly serverId?: ServerId | undefined
}

/** Resolves when the dialog is closed; a create that was begun goes on as a task. */
export async function openCreateDialog({ serverId }: CreateDialogOptions = {}): Promise<void> {
  const { default: CreateDialog } = await import('./CreateDialog.vue')
  await useDialogs().open(CreateDialog, { serverId: serverId ?? null })
}
