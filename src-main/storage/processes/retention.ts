/** Readings of processes become means of five minutes when raw samples go, and go when minutes do. */
import { hourOf } from '../samples/keys.ts'
import type { Pace } from '../samples/pace.ts'
import type { KeptFrom } from '../samples/read.ts'
import type { Database } from '../sqlite.ts'
import { decodeHour, encodeHour } from './codec.ts'
import { MEAN_SPAN_MS, meansOf } from './means.ts'

const ROWS_PER_STEP = 500

interface HourRow {
  id: number
  data: Uint8Array
}

/** One row after the other; what is cut off goes on with the next time. */
export async function expireProcesses(db: Database, kept: KeptFrom, pace: Pace): Promise<void> {
  const next = db.prepare<[number], HourRow>(
    'SELECT id, data FROM process_hour WHERE hour < ? AND span_ms = 0 ORDER BY hour LIMIT 1'
  )
  const toMeans = db.prepare('UPDATE process_hour SET span_ms = ?, data = ? WHERE id = ?')
  const remove = db.prepare('DELETE FROM process_hour WHERE id = ?')
  await inSteps(db, 'DELETE FROM process_hour WHERE hour < ? LIMIT ?', hourOf(kept.minute), pace)
  for (let row = next.get(hourOf(kept.raw)); row !== undefined; row = next.get(hourOf(kept.raw))) {
    const readings = decodeHour(row.data)
    if (readings === null) remove.run(row.id)
    else toMeans.run(MEAN_SPAN_MS, encodeHour(meansOf(readings)), row.id)
    await pace.rest()
  }
  await inSteps(db, 'DELETE FROM process_tail WHERE at_ms < ? LIMIT ?', kept.raw, pace)
  // Last times of names lag behind by minutes; hours are whole.
  await inSteps(db, 'DELETE FROM process WHERE last_at_ms < ? LIMIT ?', kept.minute - 3_600_000, pace)
}

export async function deleteProcessesOf(db: Database, server: number, pace: Pace): Promise<void> {
  for (const table of ['process_tail', 'process_hour', 'process'])
    await inSteps(db, `DELETE FROM ${table} WHERE server = ? LIMIT ?`, server, pace)
}

async function inSteps(db: Database, sql: string, argument: number, pace: Pace): Promise<void> {
  const statement = db.prepare(sql)
  for (;;) {
    const { changes } = statement.run(argument, ROWS_PER_STEP)
    await pace.rest()
    if (changes < ROWS_PER_STEP) return
  }
}
