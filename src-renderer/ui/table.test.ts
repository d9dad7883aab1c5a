import { describe, expect, it } from 'vitest'
import { rowSorter, sortRows, tableCells, type TableColumn } from './table.ts'

interface Row {
  name: string
  cpu: number | null
}
const rows: Row[] = [
  { name: 'node-10', cpu: 0.5 },
  { name: 'node-9', cpu: null },
  { name: 'node-1', cpu: 0.9 }
]
const columns: TableColumn<Row>[] = [
  { id: 'name', header: 'Name', sortBy: (row) => row.name, text: (row) => row.name },
  {
    id: 'cpu',
    header: 'CPU',
    unit: '%',
    sortBy: (row) => row.cpu,
    text: (row) => (row.cpu === null ? null : String(row.cpu * 100)),
    csv: (row) => row.cpu,
    csvHeader: 'CPU (ratio)'
  }
]
const names = (sorted: readonly Row[]): string[] => sorted.map((row) => row.name)

describe('tables', () => {
  it('sorts numbers in names as numbers', () => {
    expect(names(sortRows(rows, columns, { columnId: 'name', descending: false }))).toEqual([
      'node-1',
      'node-9',
      'node-10'
    ])
  })

  it('puts missing values last in both directions', () => {
    expect(names(sortRows(rows, columns, { columnId: 'cpu', descending: true }))).toEqual([
      'node-1',
      'node-10',
      'node-9'
    ])
    expect(names(sortRows(rows, columns, { columnId: 'cpu', descending: false }))).toEqual([
      'node-10',
      'node-1',
      'node-9'
    ])
  })

  it('leaves the given order without a sort', () => {
    expect(sortRows(rows, columns, null)).toBe(rows)
    expect(sortRows(rows, columns, { columnId: 'gone', descending: true })).toBe(rows)
  })

  it('gives the CSV full precision, the base unit and empty cells for missing values', () => {
    expect(tableCells(rows, columns)).toEqual({
      columns: ['Name', 'CPU (ratio)'],
      rows: [
        ['node-10', 0.5],
        ['node-9', null],
        ['node-1', 0.9]
      ]
    })
  })
})

describe('a sorter that is asked again and again', () => {
  const columns = [
    { id: 'name', header: '', sortBy: (row: { name: string; load: number | null }) => row.name },
    { id: 'load', header: '', sortBy: (row: { name: string; load: number | null }) => row.load }
  ]
  const names = (rows: readonly { name: string }[]): string => rows.map(({ name }) => name).join('')

  it('gives the rows of now in the order of their keys of now, whatever it was given before', () => {
    const sort = rowSorter<{ name: string; load: number | null }>()
    const byName = { columnId: 'name', descending: false }
    const byLoad = { columnId: 'load', descending: true }
    const first = [
      { name: 'c', load: 1 },
      { name: 'a', load: null },
      { name: 'b', load: 3 }
    ]
    expect(names(sort(first, columns, byName))).toBe('abc')
    // News of another value: the same order, the new rows.
    const news = first.map((row) => ({ ...row, load: 2 }))
    expect(sort(news, columns, byName).map((row) => row)).toEqual([news[1], news[2], news[0]])
    expect(names(sort(first, columns, byLoad))).toBe('bca')
    expect(names(sort(first, columns, { ...byLoad, descending: false }))).toBe('cba')
    const changed = first.map((row) => (row.name === 'a' ? { ...row, load: 9 } : row))
    expect(names(sort(changed, columns, byLoad))).toBe('abc')
    expect(names(sort(changed.slice(1), columns, byLoad))).toBe('ab')
    expect(sort(changed, columns, null)).toBe(changed)
  })
})
