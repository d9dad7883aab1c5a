/** Who has the most (or least) of one metric: means over whole hours, or whole days where the range is long. */
import type { TopEntry, TopQuery } from '#contract/history.ts'
import { AppError } from '#contract/errors.ts'
import { ServerId } from '#contract/ids.ts'
import { codedKind, type CodedMetric } from './catalogue.ts'
import { DAY_MS, dayOf, HOUR_MS, hourOf, type RollupLevel, spanMs } from './keys.ts'
import { Pace } from './pace.ts'
import type { ReadContext } from './read.ts'
import { RECENT_HOURS } from './recent-hours.ts'
import type { EntityEntry, ServerEntry } from './registry.ts'
import { mergeMetric, type MetricRollup, rollUpValues } from './rollup.ts'

/** Longer ranges are answered by the day. */
const HOURS_UP_TO_MS = 14 * DAY_MS

interface Slots {
  readonly level: Exclude<RollupLevel, 'minute'>
  readonly from: number
  readonly to: number
}

/** Throws cancelled, invalidInput (`metric`). */
export async function topOf(context: ReadContext, query: TopQuery, signal: AbortSignal): Promise<TopEntry[]> {
  const metric = codedKind(query.kind).byName.get(query.metric)
  if (metric === undefined) throw new AppError('invalidInput', { params: { field: 'metric' } })
  const slots = slotsOf(query)
  const nowHour = hourOf(context.newestAtMs())
  const fromMemory = slots.level === 'hour' && slots.from > nowHour - RECENT_HOURS
  if (fromMemory) context.recent.load(query.kind, nowHour + 1)
  const wanted = new Set<string>(query.serverIds)
  const pace = new Pace(signal)
  const found: Found[] = []
  for (const server of context.registry.all()) {
    if (wanted.size > 0 && !wanted.has(server.serverId)) continue
    const open = new Set(context.raw.open.hoursOf(server.number))
    for (const entity of server.entities.values()) {
      if (entity.kind !== query.kind || entity.lastAtMs < query.fromAtMs) continue
      const total: MetricRollup = { count: 0, sum: 0, min: Infinity, max: -Infinity, median: null, p95: null }
      if (fromMemory) context.recent.add(entity, metric.code, slots, open, total)
      else {
        addStored(context, server, entity, metric, { ...slots, open }, total)
        await pace.rest()
      }
      addOpen(context, server, entity, metric, slots, total)
      if (total.count > 0)
        found.push({ server, entity, total, mean: total.sum / total.count, max: total.max })
    }
    await pace.rest()
  }
  const sign = query.order === 'highest' ? -1 : 1
  return found
    .toSorted((a, b) => sign * (a[query.by] - b[query.by]))
    .slice(0, query.limit)
    .map((one) => entryOf(one, metric))
}

function slotsOf({ fromAtMs, toAtMs }: TopQuery): Slots {
  if (toAtMs - fromAtMs <= HOURS_UP_TO_MS)
    return { level: 'hour', from: hourOf(fromAtMs), to: hourOf(toAtMs - 1) + 1 }
  return { level: 'day', from: dayOf(fromAtMs), to: dayOf(toAtMs - 1) + 1 }
}

function addStored(
  context: ReadContext,
  server: ServerEntry,
  entity: EntityEntry,
  { code }: CodedMetric,
  slots: Slots & { readonly open: ReadonlySet<number> },
  total: MetricRollup
): void {
  // Rows of an hour that got late ticks since are old.
  const add = (_code: number, hour: number, rollup: MetricRollup): void => {
    if (!slots.open.has(hour)) mergeMetric(total, rollup)
  }
  if (slots.level === 'hour') {
    context.tables.read('hour', entity, [code], slots, add)
    return
  }
  const unsealed = context.days.unsealed(server.number)
  context.tables.read('day', entity, [code], slots, (_code, slot, rollup) => {
    if (!unsealed.has(slot)) mergeMetric(total, rollup)
  })
  for (const day of unsealed) {
    if (day < slots.from || day >= slots.to) continue
    context.tables.read('hour', entity, [code], { from: day * 24, to: (day + 1) * 24 }, add)
  }
}

/** Hours that are not sealed yet. */
function addOpen(
  context: ReadContext,
  server: ServerEntry,
  entity: EntityEntry,
  { code }: CodedMetric,
  { level, from, to }: Slots,
  total: MetricRollup
): void {
  const slotMs = spanMs(level)
  for (const hour of context.raw.open.hoursOf(server.number)) {
    const slot = Math.floor((hour * HOUR_MS) / slotMs)
    if (slot < from || slot >= to) continue
    const values = context.raw.open.get(server.number, hour)?.entities.get(entity.id)?.column(code)
    if (values !== null && values !== undefined) mergeMetric(total, rollUpValues(values))
  }
}

interface Found {
  readonly server: ServerEntry
  readonly entity: EntityEntry
  readonly total: MetricRollup
  /** In the metric's scale, as the total is. */
  readonly mean: number
  readonly max: number
}

function entryOf({ server, entity: { kind, key, label }, total }: Found, { scale }: CodedMetric): TopEntry {
  const { sum, count, min, max } = total
  const entity = { serverId: ServerId.parse(server.serverId), kind, key }
  return { entity, label, mean: sum / count / scale, min: min / scale, max: max / scale, count }
}
