import { describe, expect, it } from 'vitest'
import type { RowsPage } from '#contract/history.ts'
import { MOST_PAGES, PAGE_ROWS, RowPages } from './row-pages.ts'

const END = 10_000_000_000
/** Rows every five seconds, the row at index i being i steps before the end. */
const pageBefore = (beforeAtMs: number, total: number): RowsPage => {
  const first = (END - beforeAtMs) / 5_000
  const length = Math.min(PAGE_ROWS, total - first)
  const atMs = Array.from({ length }, (_, index) => END - (first + index + 1) * 5_000)
  return {
    level: 'raw',
    atMs,
    rows: atMs.map((at) => [at]),
    nextBeforeAtMs: first + length >= total ? null : (atMs.at(-1) ?? null)
  }
}
function look(pages: RowPages, from: number, to: number, total: number): number {
  let reads = 0
  for (;;) {
    const [page] = pages.missing(from, to)
    if (page === undefined) return reads
    reads += 1
    pages.put(page, pageBefore(pages.info(page)?.beforeAtMs ?? 0, total))
    if (reads > 10_000) throw new Error('does not end')
  }
}
const atOf = (index: number): number => END - (index + 1) * 5_000

describe('RowPages', () => {
  it('reads the first page, and the next one only when its end comes into view', () => {
    const pages = new RowPages(END)
    expect(look(pages, 0, 30, 1_200)).toBe(1)
    expect(pages.rowCount).toBe(PAGE_ROWS)
    expect(look(pages, 100, 130, 1_200)).toBe(0)
    expect(look(pages, 480, 501, 1_200)).toBe(1)
    expect(pages.row(499)?.atMs).toBe(atOf(499))
    expect(pages.row(500)?.atMs).toBe(atOf(500))
  })

  it('ends where there are no older rows', () => {
    const pages = new RowPages(END)
    look(pages, 0, 30, 1_200)
    look(pages, 500, 501, 1_200)
    look(pages, 1_000, 1_001, 1_200)
    expect(pages.rowCount).toBe(1_200)
    expect(pages.ended).toBe(true)
    expect(look(pages, 1_170, 1_200, 1_200)).toBe(0)
    expect(pages.row(1_199)?.atMs).toBe(atOf(1_199))
    expect(pages.row(1_200)).toBeUndefined()
  })

  it('is empty and ended where nothing was measured', () => {
    const pages = new RowPages(END)
    expect(look(pages, 0, 30, 0)).toBe(1)
    expect([pages.rowCount, pages.ended]).toEqual([0, true])
  })

  it('keeps a few pages of a million rows, and reads those again that one comes back to', () => {
    const total = 1_000_000
    const pages = new RowPages(END)
    let deepest = 0
    for (let row = 0; row < total; row += PAGE_ROWS) {
      look(pages, row, row + 1, total)
      look(pages, row + PAGE_ROWS - 1, row + PAGE_ROWS, total)
      deepest = Math.max(deepest, pages.keptPages)
    }
    expect(pages.rowCount).toBe(total)
    expect(pages.ended).toBe(true)
    expect(deepest).toBeLessThanOrEqual(MOST_PAGES)
    expect(pages.row(0)).toBeUndefined()
    expect(look(pages, 0, 30, total)).toBe(1)
    expect(pages.row(7)?.atMs).toBe(atOf(7))
    // And from there to the middle, without all that lies between.
    expect(look(pages, 500_000, 500_030, total)).toBe(1)
    expect(pages.row(500_007)?.atMs).toBe(atOf(500_007))
    expect(pages.keptPages).toBeLessThanOrEqual(MOST_PAGES)
  })
})
