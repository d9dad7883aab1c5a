/** Exports pull their rows batch by batch: cursors by number, as they cross the port. */
import { AppError } from '#contract/errors.ts'
import type { RowBatch, RowsQuery } from '../application/storage.ts'
import type { ReadContext } from './samples/read.ts'
import { historyRows } from './samples/rows.ts'

export interface RowCursors {
  open(query: RowsQuery): number
  /** null = no more rows. Throws notFound, cancelled. */
  next(cursor: number): Promise<RowBatch | null>
  close(cursor: number): void
  closeAll(): void
}

export function rowCursors(context: ReadContext): RowCursors {
  const cursors = new Map<number, { rows: AsyncGenerator<RowBatch>; stop: AbortController }>()
  let opened = 0
  return {
    open(query) {
      const stop = new AbortController()
      const cursor = ++opened
      cursors.set(cursor, { rows: historyRows(context, query, stop.signal), stop })
      return cursor
    },
    async next(cursor) {
      const open = cursors.get(cursor)
      if (open === undefined) throw new AppError('notFound', { params: { cursor } })
      const next = await open.rows.next()
      if (next.done === true) cursors.delete(cursor)
      return next.done === true ? null : next.value
    },
    close(cursor) {
      cursors.get(cursor)?.stop.abort()
      cursors.delete(cursor)
    },
    closeAll() {
      for (const { stop } of cursors.values()) stop.abort()
    }
  }
}
