/** Differences of two texts, line by line. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added'
  readonly text: string
}

/** Above this the middle is shown as replaced: a table of its size would take seconds. */
const MAX_CELLS = 4_000_000

/** The shortest way from `before` to `after`: lines taken out stand before those put in. */
export function lineDiff(before: readonly string[], after: readonly string[]): DiffLine[] {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'same', text }))
  return [
    ...same(before.slice(0, head)),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail))
  ]
}

function middle(before: readonly string[], after: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text })
  const added = (text: string): DiffLine => ({ kind: 'added', text })
  const width = after.length + 1
  if ((before.length + 1) * width > MAX_CELLS) return [...before.map(removed), ...after.map(added)]
  // Length of the longest common part of what is left from each pair of places.
  const common = new Uint32Array((before.length + 1) * width)
  const at = (row: number, column: number): number => common[row * width + column] ?? 0
  for (let row = before.length - 1; row >= 0; row--)
    for (let column = after.length - 1; column >= 0; column--)
      common[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1))
  const lines: DiffLine[] = []
  let row = 0
  let column = 0
  while (row < before.length || column < after.length) {
    const old = before[row]
    const fresh = after[column]
    if (old !== undefined && old === fresh) {
      lines.push({ kind: 'same', text: old })
      row++
      column++
    } else if (old !== undefined && (fresh === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push(removed(old))
      row++
    } else if (fresh !== undefined) {
      lines.push(added(fresh))
      column++
    }
  }
  return lines
}

/** A part of a difference as it is shown: lines, or a number of equal ones that are left out. */
export type DiffPart =
  | { readonly kind: 'lines'; readonly lines: readonly DiffLine[] }
  | { readonly kind: 'gap'; readonly count: number; readonly lines: readonly DiffLine[] }

/** Equal lines further than `around` from a difference are left out. */
export function foldedDiff(lines: readonly DiffLine[], around = 3): DiffPart[] {
  const near = lines.map((_line, index) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(({ kind }) => kind !== 'same')
  )
  const parts: DiffPart[] = []
  for (let from = 0; from < lines.length;) {
    let to = from
    while (to < lines.length && near[to] === near[from]) to++
    const part = lines.slice(from, to)
    // A gap of one or two lines is no shorter than the lines.
    parts.push(
      near[from] === true || part.length <= 2
        ? { kind: 'lines', lines: part }
        : { kind: 'gap', count: part.length, lines: part }
    )
    from = to
  }
  return parts
}
