/** Asks, starts one action on many machines, and tells how it ended when nobody looks. */
import type { MachineAction } from '#contract/vocabulary.ts'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useDialogs, useToasts } from '../../ui/index.ts'
import { countsByServer, questionFor, templatesOf } from './bulk-choice.ts'
import BulkConfirmDialog from './BulkConfirmDialog.vue'
import BulkDialog from './BulkDialog.vue'
import { startBulk } from './bulk-run.ts'
import type { MachineRow } from './machine-rows.ts'

/** In setup only. */
export function useBulk() {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const { t } = useI18n()

  /** `rows`: those that the action can be done with. Resolves true once it was started. */
  async function act(action: MachineAction, rows: readonly MachineRow[]): Promise<boolean> {
    const question = questionFor(action, rows)
    const templates = templatesOf(action, rows).map(({ view }) => view.name)
    const props = { action, servers: countsByServer(rows), typed: question === 'type', templates }
    if (question !== 'none' && (await dialogs.open(BulkConfirmDialog, props)) !== true) return false
    const run = startBulk(rpc, action, rows)
    let isShown = true
    const show = (): void => {
      isShown = true
      void dialogs.open(BulkDialog, { run }).then(() => (isShown = false))
    }
    show()
    void run.ended.then(() => {
      if (isShown) return
      const failed = run.rows.value.filter(({ state }) => state === 'failed' || state === 'skipped').length
      toasts.show({
        tone: failed > 0 ? 'red' : 'ok',
        title: t('bulk.ended', {
          action: t(`machine.action.${action}`),
          count: rows.length - failed,
          total: rows.length
        }),
        ...(failed > 0 ? { action: { label: t('bulk.details'), run: show } } : {})
      })
    })
    return true
  }
  return { act }
}
