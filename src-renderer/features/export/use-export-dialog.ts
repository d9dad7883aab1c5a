/** The way into the dialog that exports history, from wherever servers or series are shown. */
import type { HistoryExport } from '#contract/exports.ts'
import type { SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { useI18n } from 'vue-i18n'
import { useDialogs } from '../../ui/index.ts'
import { useServersStore } from '../servers/index.ts'
import { useTasks } from '../tasks/index.ts'
import ExportDialog from './ExportDialog.vue'
import { useCsvExport } from './use-csv-export.ts'

/** What the dialog begins with; all of it can be changed there. */
export interface ExportStart {
  /** Empty: all of the list. */
  readonly servers: readonly ServerId[]
  /** The last 24 hours when left out. */
  readonly range?: { readonly fromAtMs: number; readonly toAtMs: number }
  /** Exactly these, as a first choice beside kinds and metrics. */
  readonly series?: readonly SeriesRef[]
}

export interface ExportDialogs {
  /** Resolves when the dialog is closed. The export itself is a task in the drawer, which opens. */
  open(start: ExportStart): Promise<void>
}

/** In setup only. */
export function useExportDialog(): ExportDialogs {
  const { t } = useI18n()
  const dialogs = useDialogs()
  const servers = useServersStore()
  const tasks = useTasks()
  const csv = useCsvExport()
  return {
    async open(start) {
      const choice: Omit<HistoryExport, 'fileName'> | undefined = await dialogs.open(ExportDialog, { start })
      if (choice === undefined) return
      const [first] = choice.serverIds
      const only = choice.serverIds.length === 1 && first !== undefined ? servers.get(first) : undefined
      tasks.drawerOpen = true
      void csv.exportHistory(`${only?.record.name ?? t('export.fleetName')} ${choice.level}`, choice)
    }
  }
}
