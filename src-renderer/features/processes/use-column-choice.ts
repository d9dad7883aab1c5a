/** Which columns of processes are shown: chosen once, kept for all servers. */
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRememberedText } from '../../app/remembered.ts'
import type { MenuItem } from '../../ui/index.ts'
import { COLUMN_IDS, USUAL_COLUMNS, type ColumnId } from './process-columns.ts'

/** In setup only. */
export function useColumnChoice(): {
  readonly shown: ComputedRef<readonly ColumnId[]>
  readonly items: ComputedRef<MenuItem[]>
} {
  const { t } = useI18n()
  const kept = useRememberedText('processes.columns')
  const shown = computed<readonly ColumnId[]>(() => {
    const names = kept.value.split(' ')
    const known = COLUMN_IDS.filter((id) => names.includes(id))
    return known.length === 0 ? USUAL_COLUMNS : known
  })
  const items = computed<MenuItem[]>(() =>
    COLUMN_IDS.filter((id) => id !== 'name').map((id) => {
      const checked = shown.value.includes(id)
      return {
        id,
        label: t(`processes.column.${id}`),
        checked,
        onSelect: () => {
          const next = checked ? shown.value.filter((one) => one !== id) : [...shown.value, id]
          kept.value = next.join(' ')
        }
      }
    })
  )
  return { shown, items }
}
