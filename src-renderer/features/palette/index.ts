import { useDialogs } from '../../ui/index.ts'
import PaletteDialog from './PaletteDialog.vue'
import type { WindowActions } from './use-palette-entries.ts'

export type { WindowActions }

/** Resolves when it is closed. */
export async function openPalette(actions: WindowActions): Promise<void> {
  await useDialogs().open(PaletteDialog, { actions })
}
