/** Rows of a DataTable under headings: pure. */

/** What a row is put under. '' as the label: under nothing; it comes last. */
export type GroupLabel<T> = (row: T) => string

export type TableLine<T> =
  | { readonly kind: 'row'; readonly row: T; readonly index: number }
  | { readonly kind: 'group'; readonly label: string; readonly rows: readonly T[]; readonly folded: boolean }

export interface TableLayout<T> {
  readonly lines: readonly TableLine<T>[]
  /** Rows that have a line, in its order. */
  readonly rows: readonly T[]
  /** The line of each of them. */
  readonly lineOf: (index: number) => number
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

export function plainLayout<T>(rows: readonly T[]): TableLayout<T> {
  return { lines: rows.map((row, index) => ({ kind: 'row', row, index })), rows, lineOf: (index) => index }
}

/** Groups by name; within one the rows keep their order. Of a folded group only its heading has a line. */
export function groupedLayout<T>(
  rows: readonly T[],
  labelOf: GroupLabel<T>,
  folded: ReadonlySet<string>
): TableLayout<T> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const label = labelOf(row)
    const group = groups.get(label)
    if (group === undefined) groups.set(label, [row])
    else group.push(row)
  }
  const lines: TableLine<T>[] = []
  const shown: T[] = []
  const places: number[] = []
  for (const [label, members] of [...groups].sort(([a], [b]) => compareLabels(a, b))) {
    const isFolded = folded.has(label)
    lines.push({ kind: 'group', label, rows: members, folded: isFolded })
    if (isFolded) continue
    for (const row of members) {
      places.push(lines.length)
      lines.push({ kind: 'row', row, index: shown.length })
      shown.push(row)
    }
  }
  return { lines, rows: shown, lineOf: (index) => places[index] ?? 0 }
}

function compareLabels(a: string, b: string): number {
  if (a === '' || b === '') return a === b ? 0 : a === '' ? 1 : -1
  return collator.compare(a, b)
}
