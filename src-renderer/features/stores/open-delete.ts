/** The dialogs that delete files of a server, for other features. */
import type { ServerView } from '#contract/servers.ts'
import type { StorageView } from '#contract/storage.ts'
import { useDialogs } from '../../ui/index.ts'
import DeleteVolumeDialog from './DeleteVolumeDialog.vue'
import { volumeRows } from './volume-rows.ts'

/** One dialog after the other, each with its own plan and question. Returns the paths that no pool of the server has. */
export async function openDeleteDialogs(
  server: ServerView,
  storage: StorageView,
  paths: readonly string[]
): Promise<readonly string[]> {
  const rows = new Map(volumeRows(storage).map((row) => [row.volume.path, row]))
  for (const path of paths) {
    const row = rows.get(path)
    if (row !== undefined) await useDialogs().open(DeleteVolumeDialog, { row, server })
  }
  return paths.filter((path) => !rows.has(path))
}
