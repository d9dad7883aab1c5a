/** The newest edit of many servers of this window, and the way back. */
import type { UndoEditResult } from '#contract/server-edits.ts'
import { AppError } from '#contract/errors.ts'
import type { EditId } from '#contract/ids.ts'
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

export interface LastEdit {
  readonly editId: EditId
  /** How many servers it changed. */
  readonly count: number
  /** The message that offers the way back. */
  readonly toastId: number
}

export const useLastEdit = defineStore('lastServerEdit', () => {
  const rpc = useRpc()
  const last = shallowRef<LastEdit | null>(null)
  const forget = (editId: EditId): void => {
    if (last.value?.editId === editId) last.value = null
  }
  return {
    /** null when there is nothing to take back. */
    last,
    note(edit: LastEdit): void {
      last.value = edit
    },
    async undo(editId: EditId): Promise<UndoEditResult> {
      try {
        const result = await rpc.call('servers.undoEdit', { editId })
        forget(editId)
        return result
      } catch (error) {
        if (error instanceof AppError && error.code === 'notFound') forget(editId)
        throw error
      }
    }
  }
})
