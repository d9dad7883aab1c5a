/** A report as it is laid out, before it is written as HTML. Texts are plain: whoever writes them escapes them. */
import type { Change, ReportUnit } from './quantity.ts'

export interface ReportDocument {
  readonly title: string
  readonly subtitle: string
  /** Above the title, small: whose report it is. */
  readonly brand: string
  /** Facts about the report itself, in one line each. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  /** Made when they are written: a large fleet has hundreds of charts. */
  readonly blocks: Iterable<Block>
  readonly words: LayoutWords
}

/** Words that the layout itself needs. */
export interface LayoutWords {
  readonly up: string
  readonly down: string
  readonly same: string
  readonly noValues: string
  readonly contents: string
}

export type Block =
  | { readonly kind: 'section'; readonly id: string; readonly text: string; readonly newPage?: boolean }
  | { readonly kind: 'server'; readonly id: string; readonly text: string; readonly note: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'contents'; readonly links: readonly { readonly id: string; readonly text: string }[] }
  | { readonly kind: 'tiles'; readonly tiles: readonly Tile[] }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'charts'; readonly charts: readonly Chart[] }

export interface Tile {
  readonly label: string
  readonly value: string
  readonly note: string
  readonly change: Change | null
}

export interface Column {
  readonly name: string
  readonly align: 'start' | 'end'
  /** Stands over this and the following columns that have the same. */
  readonly group?: string
}

/** `link` = id of a block of the same document. */
export type Cell =
  | string
  | {
      readonly text: string
      readonly change?: Change | null
      readonly link?: string
      readonly tone?: 'red' | 'amber' | 'quiet'
    }

export interface Table {
  readonly caption: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
  /** The last row is of all together. */
  readonly foot?: readonly Cell[]
}

export type Chart =
  | { readonly kind: 'lines'; readonly title: string; readonly note: string; readonly lines: LineChart }
  | { readonly kind: 'pie'; readonly title: string; readonly note: string; readonly pie: PieChart }
  | { readonly kind: 'heat'; readonly title: string; readonly note: string; readonly heat: HeatMap }

export interface LineChart {
  readonly unit: ReportUnit
  /** Where the axis ends by its nature (1 of a share, the installed memory); null = by the values. */
  readonly max: number | null
  /** Ends of the steps: one more than values. */
  readonly edgesAtMs: readonly number[]
  readonly ticks: readonly { readonly atMs: number; readonly label: string }[]
  readonly series: readonly {
    readonly name: string
    readonly values: readonly (number | null)[]
  }[]
}

export interface PieChart {
  readonly parts: readonly { readonly name: string; readonly value: number; readonly text: string }[]
  /** In the middle. */
  readonly headline: string
}

export interface HeatMap {
  readonly rows: readonly string[]
  readonly columns: readonly string[]
  /** By row, then column; null = no values. */
  readonly values: readonly (number | null)[]
  readonly texts: readonly string[]
  readonly least: string
  readonly most: string
}
