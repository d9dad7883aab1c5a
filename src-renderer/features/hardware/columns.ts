/** Shared by the tables: a column of figures. Pure. */
import type { Quantity } from '../../format/index.ts'
import type { TableColumn } from '../../ui/index.ts'

export interface FigureColumn<T> {
  readonly id: string
  readonly header: string
  readonly read: (row: T) => number | null
  readonly format: (value: number | null) => Quantity
  readonly missing: string | ((row: T) => string)
  /** Unit of the CSV, where values stand in base units. */
  readonly csvUnit: string
  readonly width?: string
}

export function figureColumn<T>(column: FigureColumn<T>): TableColumn<T> {
  const { id, header, read, format, missing, csvUnit, width = '84px' } = column
  return {
    id,
    header,
    width,
    align: 'right',
    sortBy: read,
    text: (row) => (read(row) === null ? null : format(read(row)).value),
    unitText: (row) => format(read(row)).unit,
    missing: typeof missing === 'string' ? () => missing : missing,
    csv: read,
    csvHeader: csvUnit === '' ? header : `${header} (${csvUnit})`
  }
}

/** Head and rows of a table without a scrollbar of its own, up to `most` rows; in px. */
export const tableHeight = (rows: number, most = 9): string =>
  `${34 + Math.max(3, Math.min(rows, most)) * 32 + (rows > most ? 16 : 0)}px`
