/** Rows for exports: window by window, in order of time, only as fast as they are taken. */
import type { RowBatch, RowsQuery } from '../../application/storage.ts'
import { gatherColumns, gatherRollups } from './gather.ts'
import { HOUR_MS, spanMs } from './keys.ts'
import { Pace } from './pace.ts'
import { type Column, planRead, type ReadPlan } from './plan.ts'
import type { ReadContext } from './read.ts'

/** Per server in one window. */
const RAW_WINDOW_MS = HOUR_MS
const SLOTS_PER_WINDOW = 720
/** Numbers in one batch, about. */
const VALUES_PER_BATCH = 16_384

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
  let batches: RowBatch[] = []
  let rows = 0
  for (let at = fromMs; at < toMs;) {
    // Windows of samples end at full hours, where chunks end.
    const next = query.level === 'raw' ? Math.floor(at / HOUR_MS) * HOUR_MS + windowMs : at + windowMs
    const range = { fromMs: at, toMs: Math.min(toMs, next) }
    const batch =
      query.level === 'raw'
        ? rawWindow(context, plan, range)
        : rollupWindow(context, plan, query.level, range)
    at = next
    if (batch !== null) {
      batches.push(batch)
      rows += batch.atMs.length
    }
    await pace.rest()
    if (rows * (batch?.width ?? 0) < VALUES_PER_BATCH && at < toMs) continue
    if (rows > 0) yield joined(batches)
    batches = []
    rows = 0
  }
}

/** Windows one after the other as one batch: each batch wakes another thread. */
function joined(batches: readonly RowBatch[]): RowBatch {
  const [first] = batches
  const width = first?.width ?? 0
  if (first !== undefined && batches.length === 1) return first
  const atMs = new Float64Array(batches.reduce((sum, batch) => sum + batch.atMs.length, 0))
  const values = new Float64Array(atMs.length * width)
  let row = 0
  for (const batch of batches) {
    atMs.set(batch.atMs, row)
    values.set(batch.values, row * width)
    row += batch.atMs.length
  }
  return { atMs, values, width }
}

interface Range {
  readonly fromMs: number
  readonly toMs: number
}

/** Samples of one column within the window. */
interface Piece {
  readonly column: Column
  readonly atMs: Float64Array
  readonly values: Float64Array
  readonly from: number
  readonly to: number
}

function rawWindow(context: ReadContext, plan: ReadPlan, range: Range): RowBatch | null {
  const pieces: Piece[] = []
  for (const server of plan.servers) {
    gatherColumns(context.raw, server, range, (column, atMs, values, from, to) => {
      pieces.push({ column, atMs, values, from, to })
    })
  }
  const width = plan.columns.length
  const times = timesOf(pieces)
  if (times.length === 0) return null
  const values = new Float64Array(times.length * width).fill(NaN)
  const filled = new Uint8Array(times.length)
  for (const piece of pieces) {
    const { index, scale } = piece.column
    let row = 0
    for (let at = piece.from; at < piece.to; at++) {
      const value = piece.values[at] ?? NaN
      if (Number.isNaN(value)) continue
      const atMs = piece.atMs[at] ?? 0
      while ((times[row] ?? Infinity) < atMs) row++
      values[row * width + index] = value / scale
      filled[row] = 1
    }
  }
  return onlyFilled(times, values, width, filled)
}

/** All times of the pieces, ascending, each once. Mostly all pieces share one lane's times. */
function timesOf(pieces: readonly Piece[]): Float64Array {
  const lanes = new Map<string, Float64Array>()
  for (const { atMs, from, to } of pieces) {
    const key = `${to - from} ${atMs[from] ?? 0} ${atMs[to - 1] ?? 0}`
    const known = lanes.get(key)
    const times = atMs.subarray(from, to)
    if (known === undefined) lanes.set(key, times)
    // Two lanes that begin and end alike: told apart by a further name.
    else if (!known.every((at, index) => at === times[index])) lanes.set(`${key} ${lanes.size}`, times)
  }
  const [first, ...others] = lanes.values()
  if (first === undefined) return new Float64Array(0)
  if (others.length === 0) return first
  const all = new Float64Array([...lanes.values()].reduce((sum, times) => sum + times.length, 0))
  let length = 0
  for (const times of lanes.values()) {
    all.set(times, length)
    length += times.length
  }
  all.sort()
  let kept = 0
  for (const at of all) if (kept === 0 || at !== all[kept - 1]) all[kept++] = at
  return all.subarray(0, kept)
}

/** Times at which no asked-for metric has a value are no rows. */
function onlyFilled(
  times: Float64Array,
  values: Float64Array,
  width: number,
  filled: Uint8Array
): RowBatch | null {
  if (!filled.includes(0)) return { atMs: times.slice(), values, width }
  const rows = filled.reduce((sum, one) => sum + one, 0)
  if (rows === 0) return null
  const atMs = new Float64Array(rows)
  const kept = new Float64Array(rows * width)
  let row = 0
  for (let at = 0; at < times.length; at++) {
    if (filled[at] === 0) continue
    atMs[row] = times[at] ?? 0
    kept.set(values.subarray(at * width, (at + 1) * width), row * width)
    row++
  }
  return { atMs, values: kept, width }
}

/** Mean, minimum and maximum per column. */
function rollupWindow(
  context: ReadContext,
  plan: ReadPlan,
  level: Exclude<RowsQuery['level'], 'raw'>,
  range: Range
): RowBatch | null {
  const width = plan.columns.length * 3
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
    gatherRollups(context, server, level, range, ({ index, scale }, atMs, sum, min, max, count) => {
      rowAt(atMs).set([sum / count / scale, min / scale, max / scale], index * 3)
    })
  }
  if (rows.size === 0) return null
  const atMs = Float64Array.from(rows.keys()).sort()
  const values = new Float64Array(atMs.length * width)
  for (const [index, at] of atMs.entries()) values.set(rowAt(at), index * width)
  return { atMs, values, width }
}
