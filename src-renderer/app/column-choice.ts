/** Which columns of a table are shown; the choice is kept in this window's storage. */
import { computed, type ComputedRef } from 'vue'
import type { MenuItem, TableColumn } from '../ui/index.ts'
import { useRememberedText } from './remembered.ts'

/** A row without its name would be nobody's. */
const ALWAYS = 'name'
/** Hidden columns are kept and not the shown ones, so that a column of a later version is seen. */
const NONE = '-'

export interface ColumnChoice<T> {
  readonly shown: ComputedRef<readonly TableColumn<T>[]>
  /** A tick for each, for a menu. */
  readonly items: ComputedRef<MenuItem[]>
}

/** In setup only. @param table what the choice is kept as: one for all tables of this name */
export function useColumnChoice<T>(
  table: 'fleet' | 'machines',
  all: () => readonly TableColumn<T>[],
  hiddenAtFirst: readonly string[]
): ColumnChoice<T> {
  const kept = useRememberedText(`${table}.hiddenColumns`)
  const hidden = computed<ReadonlySet<string>>(
    () => new Set(kept.value === '' ? hiddenAtFirst : kept.value.split(','))
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
