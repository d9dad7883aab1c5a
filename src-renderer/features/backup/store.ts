/** What the console knows of backups: the last one, and one that waits to be restored. */
import type { BackupStatus } from '#contract/backup.ts'
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch } from '../../app/watch.ts'

export const useBackupStore = defineStore('backup', () => {
  const rpc = useRpc()
  const status = shallowRef<BackupStatus | null>(null)
  const watch = createWatch<BackupStatus>(rpc, {
    open: (from, signal) => from.stream('backup.watch', {}, { signal }),
    apply: (next) => {
      status.value = next
    }
  })
  return { status, error: watch.error, hold: (): void => holdWatch(watch) }
})
