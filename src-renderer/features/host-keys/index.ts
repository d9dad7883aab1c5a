/** The fingerprint dialog. */
import type { HostKeyQuestion } from '#contract/servers.ts'
import { useDialogs } from '../../ui/index.ts'
import HostKeyDialog from './HostKeyDialog.vue'

/** Resolves true when the operator trusted the key and it is pinned. */
export async function openHostKeyDialog(question: HostKeyQuestion): Promise<boolean> {
  return (await useDialogs().open(HostKeyDialog, { question })) === true
}
