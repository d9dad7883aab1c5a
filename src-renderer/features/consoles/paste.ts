/** Asks for a text to paste into a guest. */
import type { Dialogs } from '../../ui/index.ts'
import PasteDialog from './PasteDialog.vue'

export interface PasteResult {
  readonly text: string
  readonly as: 'keys' | 'clipboard' | 'text'
}

/** undefined: the operator thought better of it. */
export async function askForText(
  dialogs: Dialogs,
  of: { name: string; display?: boolean }
): Promise<PasteResult | undefined> {
  return (await dialogs.open(PasteDialog, of)) as PasteResult | undefined
}
