/** The newest values of a server's card, read back from its newest samples. */
import { ServerNow } from '#contract/servers.ts'
import { codedKind, entityName } from './catalogue.ts'
import { hourOf } from './keys.ts'
import type { RawHours } from './raw-hours.ts'
import type { ServerEntry } from './registry.ts'

/** Slow lanes (file systems) are not in every tick: values up to this much older than the newest are taken. */
const LOOK_BACK_MS = 600_000

/** null when no samples are kept any more. `cpuThreads` is null here: it is a fact; graphics cards come with their next reading. */
export function lastNowOf(server: ServerEntry, raw: RawHours): ServerNow | null {
  const entity = server.entities.get(entityName('server', ''))
  if (entity === undefined) return null
  const hour = hourOf(entity.lastAtMs)
  const newest = raw.hour(server.number, entity.id, hour)
  const newestAtMs = newest?.atMs.at(-1)
  if (newest === null || newestAtMs === undefined) return null
  const before = newestAtMs % 3_600_000 < LOOK_BACK_MS ? raw.hour(server.number, entity.id, hour - 1) : null
  const found: Record<string, number | null> = {}
  for (const { name, code, scale } of codedKind('server').metrics) {
    if (!(name in ServerNow.shape)) continue
    const value = [newest, before]
      .map((columns) => lastValue(columns?.atMs, columns?.column(code), newestAtMs - LOOK_BACK_MS))
      .find((one) => one !== null)
    found[name] = value === undefined || value === null ? null : value / scale
  }
  const empty = Object.fromEntries(Object.keys(ServerNow.shape).map((name) => [name, null]))
  return ServerNow.parse({ ...empty, ...found, gpus: [], atMs: newestAtMs })
}

function lastValue(
  atMs: Float64Array | undefined,
  values: Float64Array | null | undefined,
  fromMs: number
): number | null {
  if (atMs === undefined || values === null || values === undefined) return null
  for (let at = values.length - 1; at >= 0 && (atMs[at] ?? 0) >= fromMs; at--) {
    const value = values[at] ?? NaN
    if (!Number.isNaN(value)) return value
  }
  return null
}
