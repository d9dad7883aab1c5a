/**
 * The rows as the table shows them. While they are pointed at, new readings change values and leave every row where it is: a row
 * that jumps away under the pointer is the one that gets killed.
 */
import type { ProcessRow } from '#contract/processes.ts'
import { computed, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { TableColumn, TableSort } from '../../ui/index.ts'
import { heldOrder, keyOf, orderedRows, type ShownRow } from './process-rows.ts'

export interface SteadyRowsOptions {
  readonly processes: () => readonly ProcessRow[]
  readonly columns: () => readonly TableColumn<ShownRow>[]
  readonly sort: Ref<TableSort | null>
  readonly tree: Ref<boolean>
  /** Something points at the rows. */
  readonly held: Ref<boolean>
  /** What the operator chose (filter, columns, …): another choice orders the rows anew, whether they are held or not. */
  readonly choice: () => string
}

export interface SteadyRows {
  readonly rows: ComputedRef<readonly ShownRow[]>
  /** Columns that sort as the rows stand. */
  readonly columns: ComputedRef<readonly TableColumn<ShownRow>[]>
}

export function useSteadyRows(options: SteadyRowsOptions): SteadyRows {
  const { processes, columns, sort, tree, held, choice } = options
  const order = shallowRef<readonly string[]>([])

  const sorted = computed(() => orderedRows(processes(), columns(), sort.value, tree.value))
  const rows = computed(() => (held.value ? heldOrder(sorted.value, order.value) : sorted.value))

  const note = (): void => {
    order.value = sorted.value.map(keyOf)
  }
  watch([sort, tree, choice], note, { flush: 'sync' })
  watch(
    [sorted, held],
    () => {
      if (!held.value) note()
    },
    { immediate: true, flush: 'sync' }
  )

  return {
    rows,
    columns: computed(() => {
      const places = new Map(rows.value.map((row, index) => [keyOf(row), index]))
      // The table turns the order around where the sort is descending.
      const direction = sort.value?.descending === true ? -1 : 1
      const place = (row: ShownRow): number => direction * (places.get(keyOf(row)) ?? 0)
      return columns().map((column) => (column.sortBy === undefined ? column : { ...column, sortBy: place }))
    })
  }
}
