/** Columns, sorting and plain cells of a DataTable; pure. */
import type { CsvCell } from '#contract/exports.ts'

export interface TableColumn<T> {
  readonly id: string
  readonly header: string
  /** Shown quieter behind the header, and in the header of the CSV. */
  readonly unit?: string
  /** Numbers stand right. */
  readonly align?: 'left' | 'right'
  /** A CSS grid track; 'minmax(120px, 1fr)' when absent. */
  readonly width?: string
  /** What it is sorted by; null sorts last in both directions. Absent: the column cannot be sorted. */
  readonly sortBy?: (row: T) => string | number | null
  /** The text of a cell without a slot. null shows "—" with the reason. */
  readonly text?: (row: T) => string | null
  readonly unitText?: (row: T) => string
  /** Its slot shows the row and remembers nothing of it: it may be lent to another row as it is. */
  readonly isStateless?: boolean
  /** Why a null is a null. */
  readonly missing?: (row: T) => string
  /** The cell in a CSV: a number in full precision and base unit. Absent: `text`. */
  readonly csv?: (row: T) => CsvCell
  /** The header in a CSV, where the base unit differs from the shown one. */
  readonly csvHeader?: string
}

const DEFAULT_TRACK = 'minmax(120px, 1fr)'
/** Gap between columns and padding at both ends of a row, in px; as in DataTable's classes. */
const GAP_PX = 12
const PADDING_PX = 14

export const trackOf = <T>(column: TableColumn<T>): string => column.width ?? DEFAULT_TRACK

/** The width below which the table scrolls sideways: the first px of each track is its least width. */
export function leastWidthPx<T>(columns: readonly TableColumn<T>[]): number {
  const least = columns.map((column) => Number(/(\d+)px/.exec(trackOf(column))?.[1] ?? 0))
  return least.reduce((sum, width) => sum + width, 2 * PADDING_PX + GAP_PX * Math.max(0, columns.length - 1))
}

/** Text right behind a right-aligned number would read as its unit. */
export const afterNumber = <T>(columns: readonly TableColumn<T>[], index: number): string =>
  columns[index - 1]?.align === 'right' ? 'pl-3' : ''

/** A column with the classes of its cells, which are the same in each row. */
export interface RowCell<T> {
  readonly column: TableColumn<T>
  readonly classes: string
}

/** The column of the row menu stays in view when the table is scrolled sideways. */
export const staysRight = <T>(column: TableColumn<T>): string =>
  column.header === '' ? 'stays-right flex h-full items-center' : ''

/** Long texts are cut; a figure never is, as what is left of it would be another figure. */
export const rowCells = <T>(columns: readonly TableColumn<T>[]): RowCell<T>[] =>
  columns.map((column, index) => {
    const look =
      column.align === 'right' ? 'whitespace-nowrap text-right' : `truncate ${afterNumber(columns, index)}`
    return { column, classes: `min-w-0 ${look} ${staysRight(column)}` }
  })

export interface TableSort {
  readonly columnId: string
  readonly descending: boolean
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

type SortKey = string | number | null

/** Missing ones come last in both directions. */
function compare(a: SortKey, b: SortKey, direction: 1 | -1): number {
  if (a === null) return b === null ? 0 : 1
  if (b === null) return -1
  return (
    direction *
    (typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b)))
  )
}

export type SortRows<T> = (
  rows: readonly T[],
  columns: readonly TableColumn<T>[],
  sort: TableSort | null
) => readonly T[]

/**
 * `sortRows` for rows that are given again and again: while their keys are those of the last time, as with news that change
 * other values, their order need not be found anew.
 */
export function rowSorter<T>(): SortRows<T> {
  let keys: readonly SortKey[] = []
  let order: readonly number[] = []
  let wasDescending = false
  return (rows, columns, sort) => {
    const sortBy = sort === null ? undefined : columns.find((column) => column.id === sort.columnId)?.sortBy
    if (sort === null || sortBy === undefined) return rows
    const now = rows.map(sortBy)
    const isKnown = now.length === keys.length && now.every((key, at) => key === keys[at])
    if (!isKnown || sort.descending !== wasDescending) {
      const direction = sort.descending ? -1 : 1
      order = now
        .map((key, at) => ({ key, at }))
        .sort((a, b) => compare(a.key, b.key, direction))
        .map(({ at }) => at)
    }
    keys = now
    wasDescending = sort.descending
    return order.map((at) => rows[at] as T)
  }
}

/** A sorted copy; stable; values that are missing come last whichever the direction. */
export const sortRows = <T>(...given: Parameters<SortRows<T>>): readonly T[] => rowSorter<T>()(...given)

/** Headers and cells for a CSV of what is seen, in its order. */
export function tableCells<T>(
  rows: readonly T[],
  columns: readonly TableColumn<T>[]
): { columns: string[]; rows: CsvCell[][] } {
  return {
    columns: columns.map(
      (column) =>
        column.csvHeader ?? (column.unit === undefined ? column.header : `${column.header} (${column.unit})`)
    ),
    rows: rows.map((row) => columns.map((column) => (column.csv ?? column.text)?.(row) ?? null))
  }
}
