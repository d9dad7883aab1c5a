/** Rows for exports: window by window, in order of time, only as fast as they are taken. */
import type { RowBatch, RowsQuery } from '../../application/storage.ts'
import { gatherRaw, gatherRollups } from './gather.ts'
import { HOUR_MS, spanMs } from './keys.ts'
import { Pace } from './pace.ts'
import { planRead, type ReadPlan } from './plan.ts'
import type { ReadContext } from './read.ts'

/** Per server in one window. */
const RAW_WINDOW_MS = HOUR_MS
const SLOTS_PER_WINDOW = 720

/** Batches of rows; empty ones are left out. Throws cancelled. */
export async function* historyRows(
  context: ReadContext,
  query: RowsQuery,
  signal: AbortSignal
): AsyncGenerator<RowBatch> {
  const plan = planRead(context.registry, query.series)
  if (plan.seen === null) return
  const span = query.level === 'raw' ? 1 : spanMs(query.level)
  const windowMs = query.level === 'raw' ? RAW_WINDOW_MS : SLOTS_PER_WINDOW * span
  const align = (atMs: number): number => Math.floor(atMs / span) * span
  const fromMs = align(Math.max(query.fromAtMs, plan.seen.firstAtMs))
  const toMs = align(Math.min(query.toAtMs - 1, plan.seen.lastAtMs)) + span
  const pace = new Pace(signal)
  for (let at = fromMs; at < toMs; at += windowMs) {
    const batch = windowRows(context, plan, query.level, { fromMs: at, toMs: Math.min(toMs, at + windowMs) })
    if (batch !== null) yield batch
    await pace.rest()
  }
}

function windowRows(
  context: ReadContext,
  plan: ReadPlan,
  level: RowsQuery['level'],
  range: { readonly fromMs: number; readonly toMs: number }
): RowBatch | null {
  const parts = level === 'raw' ? 1 : 3
  const width = plan.columns.length * parts
  const rows = new Map<number, Float64Array>()
  const rowAt = (atMs: number): Float64Array => {
    let row = rows.get(atMs)
    if (row === undefined) {
      row = new Float64Array(width).fill(NaN)
      rows.set(atMs, row)
    }
    return row
  }
  for (const server of plan.servers) {
    if (level === 'raw') {
      gatherRaw(context.raw, server, { ...range, limit: Infinity }, (column, atMs, value) => {
        rowAt(atMs)[column.index] = value / column.scale
      })
    } else {
      gatherRollups(context, server, level, range, (column, atMs, sum, min, max, count) => {
        const { index, scale } = column
        rowAt(atMs).set([sum / count / scale, min / scale, max / scale], index * 3)
      })
    }
  }
  if (rows.size === 0) return null
  const atMs = Float64Array.from(rows.keys()).sort()
  const values = new Float64Array(atMs.length * width)
  for (const [index, at] of atMs.entries()) values.set(rowAt(at), index * width)
  return { atMs, values, width }
}
