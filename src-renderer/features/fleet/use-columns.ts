/** Which columns of the fleet's table are shown; the choice is kept in this window's storage. */
import type { ServerView } from '#contract/servers.ts'
import { computed, type ComputedRef } from 'vue'
import { useRememberedText } from '../../app/remembered.ts'
import type { MenuItem, TableColumn } from '../../ui/index.ts'
import { HIDDEN_AT_FIRST } from './fleet-columns.ts'

/** A row without its name would be nobody's. */
const ALWAYS = 'name'
/** Hidden columns are kept and not the shown ones, so that a column of a later version is seen. */
const NONE = '-'

export interface ColumnChoice {
  readonly shown: ComputedRef<readonly TableColumn<ServerView>[]>
  readonly items: ComputedRef<MenuItem[]>
}

export function useColumns(all: () => readonly TableColumn<ServerView>[]): ColumnChoice {
  const kept = useRememberedText('fleet.hiddenColumns')
  const hidden = computed<ReadonlySet<string>>(
    () => new Set(kept.value === '' ? HIDDEN_AT_FIRST : kept.value.split(','))
  )
  const isShown = (id: string): boolean => id === ALWAYS || !hidden.value.has(id)
  function toggle(id: string): void {
    const next = new Set(hidden.value)
    next.delete(NONE)
    if (!next.delete(id)) next.add(id)
    kept.value = [...next].join(',') || NONE
  }
  return {
    shown: computed(() => all().filter(({ id }) => isShown(id))),
    items: computed(() =>
      all()
        .filter(({ id }) => id !== ALWAYS)
        .map(({ id, header }) => ({
          id,
          label: header,
          checked: isShown(id),
          keepOpen: true,
          onSelect: () => toggle(id)
        }))
    )
  }
}
