/** Means over five minutes of the readings of an hour. */
import { COLUMNS, type StoredReading } from './codec.ts'

export const MEAN_SPAN_MS = 300_000
/** Shares and sizes are averaged; counters, niceness and state are those of the last reading. */
const AVERAGED = new Set(
  ['cpu', 'resident', 'virtual', 'swap', 'threads'].map((name) => COLUMNS.indexOf(name as never))
)

/** One reading per five minutes that have any, at their start. A process counts where it was kept. */
export function meansOf(readings: readonly StoredReading[]): StoredReading[] {
  const slots = new Map<number, StoredReading[]>()
  for (const reading of readings) {
    const slot = Math.floor(reading.atMs / MEAN_SPAN_MS)
    const group = slots.get(slot)
    if (group === undefined) slots.set(slot, [reading])
    else group.push(reading)
  }
  return [...slots].map(([slot, group]) => ({
    atMs: slot * MEAN_SPAN_MS,
    memoryTotalBytes: group.at(-1)?.memoryTotalBytes ?? 0,
    processes: meanProcesses(group)
  }))
}

function meanProcesses(group: readonly StoredReading[]): Map<number, readonly number[]> {
  const rows = new Map<number, (readonly number[])[]>()
  for (const { processes } of group) {
    for (const [id, values] of processes) {
      const own = rows.get(id)
      if (own === undefined) rows.set(id, [values])
      else own.push(values)
    }
  }
  return new Map([...rows].map(([id, own]) => [id, meanRow(own)]))
}

/** 0 stands for no value: left out of a mean. */
function meanRow(rows: readonly (readonly number[])[]): number[] {
  return COLUMNS.map((_name, column) => {
    const last = rows.at(-1)?.[column] ?? 0
    if (!AVERAGED.has(column)) return last
    const known = rows.map((row) => row[column] ?? 0).filter((value) => value > 0)
    return known.length === 0 ? 0 : Math.round(known.reduce((sum, value) => sum + value, 0) / known.length)
  })
}
