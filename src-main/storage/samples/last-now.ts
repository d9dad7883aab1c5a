/** The newest values of a server's card, read back from its newest ticks. */
import { ServerNow } from '#contract/servers.ts'
import { codedKind } from './catalogue.ts'
import { RowReader } from './codec.ts'
import type { RawReader } from './raw-reader.ts'
import type { ServerEntry } from './registry.ts'
import { entityName } from './catalogue.ts'

/** Slow lanes (file systems) are not in every tick: values up to this much older than the newest are taken. */
const LOOK_BACK_MS = 600_000
const LOOK_BACK_ROWS = 300

/** null when nothing was kept. `cpuThreads` is null here: it is a fact. */
export function lastNowOf(server: ServerEntry, raw: RawReader): ServerNow | null {
  const entity = server.entities.get(entityName('server', ''))
  if (entity === undefined) return null
  const kind = codedKind('server')
  const wanted = kind.metrics.filter((metric) => metric.name in ServerNow.shape)
  const found = new Map<string, number>()
  const values = new Float64Array(kind.maxCode + 1)
  const reader = new RowReader()
  let newestAtMs: number | null = null
  for (const row of raw.newest(server.number, LOOK_BACK_ROWS)) {
    if (newestAtMs !== null && row.atMs < newestAtMs - LOOK_BACK_MS) break
    reader.open(row.data)
    while (reader.next()) {
      if (reader.entityId !== entity.id) continue
      newestAtMs ??= row.atMs
      reader.values(values)
      for (const metric of wanted) {
        const value = values[metric.code] ?? NaN
        if (!found.has(metric.name) && !Number.isNaN(value)) found.set(metric.name, value / metric.scale)
      }
    }
    if (found.size === wanted.length) break
  }
  if (newestAtMs === null) return null
  const empty = Object.fromEntries(Object.keys(ServerNow.shape).map((name) => [name, null]))
  return ServerNow.parse({ ...empty, ...Object.fromEntries(found), atMs: newestAtMs })
}
