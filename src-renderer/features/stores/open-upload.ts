/** The dialog that brings a file of this computer to a server, for other features. */
import type { ServerView } from '#contract/servers.ts'
import type { StorageView } from '#contract/storage.ts'
import { useDialogs } from '../../ui/index.ts'
import UploadDialog from './UploadDialog.vue'

/** Into the running pool with the most room, unless another one is chosen there. The upload goes on as a task. */
export async function openUploadDialog(server: ServerView, storage: StorageView): Promise<void> {
  const pools = storage.pools
    .filter(({ state, notRespondingSinceAtMs }) => state === 'running' && notRespondingSinceAtMs === null)
    .toSorted((a, b) => (b.availableBytes ?? 0) - (a.availableBytes ?? 0))
  const taken = new Set(
    storage.contents.flatMap(({ volumes }) => volumes.map(({ poolUuid, name }) => `${poolUuid}/${name}`))
  )
  await useDialogs().open(UploadDialog, { pools, server, poolUuid: pools[0]?.uuid ?? '', taken })
}
