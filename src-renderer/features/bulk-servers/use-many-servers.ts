/** What can be done with many servers at once, and what is said of it afterwards. */
import type { EditId } from '#contract/ids.ts'
import type { EditManyResult } from '#contract/server-edits.ts'
import type { ServerView } from '#contract/servers.ts'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { toErrorInfo, useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts } from '../../ui/index.ts'
import EditManyDialog from './EditManyDialog.vue'
import { useLastEdit } from './last-edit.ts'
import RemoveManyDialog from './RemoveManyDialog.vue'

/** Long enough to see what was done. */
const UNDO_SHOWN_MS = 20_000

/** Not connected, and not off on purpose. */
export const toConnect = (servers: readonly ServerView[]): readonly ServerView[] =>
  servers.filter(({ connection, record }) => record.collecting && connection.kind !== 'online')

export interface ManyServers {
  edit(servers: readonly ServerView[]): void
  /** Stopping is asked for, with what it means. */
  setCollecting(servers: readonly ServerView[], collecting: boolean): void
  connectNow(servers: readonly ServerView[]): void
  remove(servers: readonly ServerView[]): void
  /** Takes the newest edit of this window back; nothing when there is none. */
  undo(): void
}

/** In setup only. */
export function useManyServers(): ManyServers {
  const { t } = useI18n()
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const lastEdit = useLastEdit()

  const attempt = (work: () => Promise<void>): void => {
    work().catch((error: unknown) => {
      const words = errorWords(error)
      toasts.show({ tone: 'red', title: words.title, text: words.next })
    })
  }
  const idsOf = (servers: readonly ServerView[]) => servers.map(({ record }) => record.id)
  const goneText = (gone: number) =>
    gone === 0 ? {} : { text: t('bulkServers.gone', { count: gone }, gone) }

  const undoOf = (editId: EditId): void =>
    attempt(async () => {
      if (lastEdit.last?.editId === editId) toasts.dismiss(lastEdit.last.toastId)
      const { restored, editedSince, gone } = await lastEdit.undo(editId)
      const left = [
        ...(editedSince === 0
          ? []
          : [t('bulkServers.undo.editedSince', { count: editedSince }, editedSince)]),
        ...(gone === 0 ? [] : [t('bulkServers.gone', { count: gone }, gone)])
      ]
      toasts.show({
        tone: editedSince === 0 ? 'ok' : 'amber',
        title: t('bulkServers.undo.done', { count: restored }, restored),
        ...(left.length > 0 && { text: left.join(' ') })
      })
    })

  function tellEdited(result: EditManyResult, title: 'edited' | 'started' | 'stopped'): void {
    const { changed, gone, editId } = result
    const toastId = toasts.show({
      tone: 'ok',
      title: t(`bulkServers.${title}`, { count: changed }, changed),
      ...goneText(gone),
      ...(editId !== null && {
        action: { label: t('bulkServers.undo.action'), run: () => undoOf(editId) },
        shownMs: UNDO_SHOWN_MS
      })
    })
    if (editId !== null) lastEdit.note({ editId, count: changed, toastId })
  }

  return {
    edit: (servers) =>
      attempt(async () => {
        const result = await dialogs.open(EditManyDialog, { serverIds: idsOf(servers) })
        if (result !== undefined) tellEdited(result, 'edited')
      }),
    setCollecting: (servers, collecting) =>
      attempt(async () => {
        const count = servers.length
        const sure =
          collecting ||
          (await dialogs.confirm({
            title: t('bulkServers.stop.title', { count }, count),
            text: t('bulkServers.stop.text'),
            confirmLabel: t('bulkServers.stop.confirm', { count }, count)
          }))
        if (!sure) return
        const result = await rpc.call('servers.editMany', {
          serverIds: idsOf(servers),
          change: { collecting }
        })
        tellEdited(result, result.changed === 0 ? 'edited' : collecting ? 'started' : 'stopped')
      }),
    connectNow: (servers) =>
      attempt(async () => {
        for (const serverId of idsOf(servers)) {
          await rpc.call('servers.connectNow', { serverId }).catch((error: unknown) => {
            // Removed meanwhile: the others are tried.
            if (toErrorInfo(error).code !== 'notFound') throw error
          })
        }
        toasts.show({
          tone: 'plain',
          title: t('bulkServers.connecting', { count: servers.length }, servers.length)
        })
      }),
    remove: (servers) =>
      attempt(async () => {
        const removed = await dialogs.open(RemoveManyDialog, { serverIds: idsOf(servers) })
        if (removed === undefined) return
        toasts.show({ tone: 'ok', title: t('bulkServers.remove.done', { count: removed }, removed) })
      }),
    undo: () => {
      if (lastEdit.last !== null) undoOf(lastEdit.last.editId)
    }
  }
}
