import { describe, expect, it } from 'vitest'
import { groupedLayout, plainLayout } from './table-groups.ts'

const rows = ['b1', 'a2', 'x', 'a1', 'b10', 'b9']
const labelOf = (row: string): string => (row === 'x' ? '' : row.charAt(0))
const words = (layout: ReturnType<typeof groupedLayout<string>>): string[] =>
  layout.lines.map((line) => (line.kind === 'row' ? line.row : `[${line.label} ${line.rows.length}]`))

describe('rows under headings', () => {
  it('has groups by name, each with its rows in the given order, and those of none last', () => {
    const layout = groupedLayout(rows, labelOf, new Set())
    expect(words(layout)).toEqual(['[a 2]', 'a2', 'a1', '[b 3]', 'b1', 'b10', 'b9', '[ 1]', 'x'])
    expect(layout.rows).toEqual(['a2', 'a1', 'b1', 'b10', 'b9', 'x'])
    for (const [index, row] of layout.rows.entries())
      expect(layout.lines[layout.lineOf(index)]).toEqual({ kind: 'row', row, index })
  })

  it('shows of a folded group its heading alone', () => {
    const layout = groupedLayout(rows, labelOf, new Set(['b', '']))
    expect(words(layout)).toEqual(['[a 2]', 'a2', 'a1', '[b 3]', '[ 1]'])
    expect(layout.rows).toEqual(['a2', 'a1'])
  })

  it('is the rows themselves without groups', () => {
    const layout = plainLayout(rows)
    expect(words(layout)).toEqual(rows)
    expect(layout.lineOf(3)).toBe(3)
  })
})
