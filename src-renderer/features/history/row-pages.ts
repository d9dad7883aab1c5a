/**
 * A table of any length, read page by page from the newest row on. Only pages around what is looked at are kept; of the
 * others, where they begin and how long they are, so that they can be read again. Pure.
 */
import type { RowsPage } from '#contract/history.ts'

export interface PageInfo {
  /** Rows before this time are its own. */
  readonly beforeAtMs: number
  /** 0 until it was read. */
  readonly count: number
  /** Index of its first row in the whole table. */
  readonly firstRow: number
}

export interface TableRow {
  readonly atMs: number
  readonly values: readonly (number | null)[]
}

/** Of rows: a page is one question. */
export const PAGE_ROWS = 500
/** Pages kept in memory: some screens of rows to either side. */
export const MOST_PAGES = 12

export class RowPages {
  readonly #pages: PageInfo[]
  /** In order of use, the latest last. */
  readonly #kept = new Map<number, RowsPage>()
  #ended = false

  constructor(beforeAtMs: number) {
    this.#pages = [{ beforeAtMs, count: 0, firstRow: 0 }]
  }

  /** Rows known so far. */
  get rowCount(): number {
    const last = this.#pages.at(-1)
    return last === undefined ? 0 : last.firstRow + last.count
  }
  /** There are no older rows than those known. */
  get ended(): boolean {
    return this.#ended
  }
  get keptPages(): number {
    return this.#kept.size
  }

  /** The page that holds a row, or the one that is to be read for it; by halving, since there may be thousands. */
  pageOf(row: number): number {
    let low = 0
    let high = this.#pages.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#pages[middle]?.firstRow ?? 0) <= row) low = middle
      else high = middle - 1
    }
    return low
  }

  info(page: number): PageInfo | undefined {
    return this.#pages[page]
  }

  /** undefined while its page is not in memory. */
  row(index: number): TableRow | undefined {
    const page = this.pageOf(index)
    const kept = this.#kept.get(page)
    const at = index - (this.#pages[page]?.firstRow ?? 0)
    const atMs = kept?.atMs[at]
    const values = kept?.rows[at]
    return atMs === undefined || values === undefined ? undefined : { atMs, values }
  }

  /** Pages for rows `from` to `to` (without it) that have to be read, nearest first. */
  missing(from: number, to: number): number[] {
    const first = this.pageOf(Math.max(0, from))
    const last = this.pageOf(Math.max(0, to - 1))
    const wanted: number[] = []
    for (let page = first; page <= last; page += 1) {
      const kept = this.#kept.get(page)
      if (kept === undefined) wanted.push(page)
      else {
        // In use: it goes to the end of the queue of those to be dropped.
        this.#kept.delete(page)
        this.#kept.set(page, kept)
      }
    }
    const open = this.#pages.length - 1
    // What is looked at reaches the end of what is known: the next page is wanted too.
    if (!this.#ended && to >= this.rowCount && !wanted.includes(open) && !this.#kept.has(open))
      wanted.push(open)
    return wanted
  }

  /** Takes a page that was read; of the last one, the place of the next is learnt. */
  put(page: number, read: RowsPage): void {
    const info = this.#pages[page]
    if (info === undefined) return
    this.#kept.delete(page)
    this.#kept.set(page, read)
    if (page === this.#pages.length - 1) {
      this.#pages[page] = { ...info, count: read.atMs.length }
      if (read.nextBeforeAtMs === null) this.#ended = true
      else
        this.#pages.push({
          beforeAtMs: read.nextBeforeAtMs,
          count: 0,
          firstRow: info.firstRow + read.atMs.length
        })
    }
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= MOST_PAGES) break
      this.#kept.delete(old)
    }
  }
}
