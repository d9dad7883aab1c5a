/** Deleting a VM: the dialog, then a task in the drawer, and what became of it. */
import type { DeletedFile, DeletionProgress } from '#contract/deletion.ts'
import { AppError } from '#contract/errors.ts'
import type { MachineView } from '#contract/machines.ts'
import { Trash2 } from '@lucide/vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText, type MenuItem } from '../../ui/index.ts'
import { useTasks } from '../tasks/index.ts'
import type { DeletionChoice } from './choice.ts'
import DeleteDialog from './DeleteDialog.vue'

const CHANGED = new Set(['back', 'used', 'another', 'pool'])

/** In setup only. */
export function useDeletion() {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const { t } = useI18n()

  function lineOf({ path, outcome, error }: DeletedFile): string {
    const shown = { path: visibleText(path) }
    if (outcome !== 'kept') return t('deletion.file.failed', { ...shown, why: reasonOf(error) })
    const what = String(error?.params['what'] ?? '')
    return t('deletion.file.kept', {
      ...shown,
      why: t(`deletion.changed.${CHANGED.has(what) ? what : 'other'}`)
    })
  }
  function reasonOf(error: unknown): string {
    const { title, detail } = errorWords(error)
    return detail === '' ? title : detail
  }
  const isLeft = ({ outcome }: DeletedFile): boolean => outcome === 'kept' || outcome === 'failed'

  async function run(view: MachineView, choice: DeletionChoice): Promise<void> {
    useTasks().drawerOpen = true
    const vm = visibleText(view.name)
    let soFar: readonly DeletedFile[] = []
    const onProgress = ({ files }: DeletionProgress): void => {
      soFar = files
    }
    try {
      const input = { ...view.ref, seenName: view.name, ...choice }
      const { files } = await rpc.task('deletion.run', input, { onProgress }).result
      const left = files.filter(isLeft)
      const deleted = files.length - left.length
      const text =
        left.length > 0
          ? left.map(lineOf).join('\n')
          : deleted === 0
            ? ''
            : t('deletion.done.files', { count: deleted }, deleted)
      toasts.show({
        tone: left.length > 0 ? 'red' : 'ok',
        title: t(left.length > 0 ? 'deletion.done.left' : 'deletion.done.title', { vm }),
        ...(text === '' ? {} : { text })
      })
    } catch (error) {
      const words = errorWords(error)
      if (words.code === 'cancelled') return
      const again = error instanceof AppError && error.retryable
      toasts.show({
        tone: 'red',
        title: words.title,
        text: [words.next, ...soFar.filter(isLeft).map(lineOf)].join('\n'),
        // The same plan goes on where it was cut off; what is done already is read back.
        ...(again ? { action: { label: t('deletion.again'), run: () => void run(view, choice) } } : {})
      })
    }
  }

  async function remove(view: MachineView, serverName: string): Promise<void> {
    const choice = await dialogs.open(DeleteDialog, { view, serverName })
    if (choice !== undefined) await run(view, choice)
  }

  return {
    remove,
    menuItem: (view: MachineView, serverName: string, disabledReason?: string): MenuItem => ({
      id: 'delete',
      label: t('deletion.menu'),
      icon: Trash2,
      danger: true,
      ...(disabledReason === undefined ? {} : { disabledReason }),
      onSelect: () => void remove(view, serverName)
    })
  }
}
