/** What the tables of services share: times in the chosen zone, reasons, and saving what is seen. */
import { useI18n } from 'vue-i18n'
import { formatTime } from '../../format/index.ts'
import { tableCells, type TableColumn } from '../../ui/index.ts'
import { useCsvExport } from '../export/index.ts'
import { useSettings } from '../settings/index.ts'
import type { ServiceWords } from './service-columns.ts'
import type { PartId } from './use-service-acts.ts'

/** In setup only. `missing`: column → why it has no value. */
export function useServiceWords(part: PartId, missing: (id: string) => string) {
  const { t, locale } = useI18n()
  const settings = useSettings()
  const csv = useCsvExport()
  const words: ServiceWords = {
    header: (id) => t(`services.${part}.column.${id}`),
    time: (atMs) => formatTime(atMs, 'dayMinute', settings.zone, locale.value),
    isoTime: (atMs) => new Date(atMs).toISOString(),
    missing
  }
  function save<T>(serverName: string, rows: readonly T[], columns: readonly TableColumn<T>[]): void {
    const cells = tableCells(
      rows,
      columns.filter(({ id }) => id !== 'actions')
    )
    void csv.exportTable(`${serverName} ${t(`services.part.${part}`)}`, cells.columns, cells.rows)
  }
  return { t, words, save }
}
