/** Which series an export of history holds, and its text. Shared by the window's task and the command line. */
import { AppError } from '#contract/errors.ts'
import { EXPORT_MAX_WIDE_COLUMNS, type HistoryExport } from '#contract/exports.ts'
import type { EntityInfo, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { METRICS } from '#contract/metric-catalogue.ts'
import type { HistoryStore } from '../storage.ts'
import type { Zone } from './csv.ts'
import { longCsv, wideCsv, type CsvChunk, type EntityNames, type RowSource } from './series-csv.ts'

/** What an export reads from. */
export type ExportHistory = Pick<HistoryStore, 'entities' | 'rows'>

export interface HistoryCsvOptions {
  readonly choice: Pick<HistoryExport, 'serverIds' | 'what' | 'fromAtMs' | 'toAtMs' | 'level' | 'form'>
  readonly history: ExportHistory
  readonly serverName: (serverId: ServerId) => string
  readonly zone: Zone
  readonly signal: AbortSignal
}

/**
 * Pieces of the file. Throws nothingToExport when nothing that was chosen was ever measured in the range,
 * tooManyColumns (`columns`, `max`) in wide form, cancelled, and what the history throws.
 */
export async function* historyCsv(options: HistoryCsvOptions): AsyncGenerator<CsvChunk, void> {
  const { choice, history, serverName, zone, signal } = options
  const { fromAtMs, toAtMs, level } = choice
  const names = new Map<string, string>()
  const sources: RowSource[] = []
  let columns = 0
  for (const serverId of choice.serverIds) {
    if (signal.aborted) throw new AppError('cancelled')
    const entities = await history.entities(serverId)
    for (const [name, text] of entityNames(serverId, entities)) names.set(name, text)
    const series = seriesOf(choice, serverId, entities)
    if (series.length === 0) continue
    columns += series.reduce((sum, { metrics }) => sum + metrics.length, 0) * (level === 'raw' ? 1 : 3)
    sources.push({ series, rows: () => history.rows({ series, fromAtMs, toAtMs, level }, signal) })
  }
  if (sources.length === 0) throw new AppError('nothingToExport')
  if (choice.form === 'wide' && columns > EXPORT_MAX_WIDE_COLUMNS)
    throw new AppError('tooManyColumns', { params: { columns, max: EXPORT_MAX_WIDE_COLUMNS } })
  const namesOf = ({ entity }: SeriesRef): EntityNames => ({
    server: serverName(entity.serverId),
    entity: names.get(nameKey(entity)) ?? entity.key
  })
  const csv = { sources, namesOf, level, fromAtMs, toAtMs, zone }
  yield* choice.form === 'wide' ? wideCsv(csv) : longCsv(csv)
}

/** Of one server, in the catalogue's order of kinds; only what was seen within the range. */
function seriesOf(
  { what, fromAtMs, toAtMs }: HistoryCsvOptions['choice'],
  serverId: ServerId,
  entities: readonly EntityInfo[]
): SeriesRef[] {
  const seen = entities.filter(({ firstAtMs, lastAtMs }) => firstAtMs < toAtMs && lastAtMs >= fromAtMs)
  if (what.by === 'series') {
    const keys = new Set(seen.map(({ entity }) => nameKey(entity)))
    return what.series.filter(({ entity }) => entity.serverId === serverId && keys.has(nameKey(entity)))
  }
  const metricsByKind = new Map<string, readonly string[]>(
    what.by === 'all'
      ? Object.entries(METRICS).map(([kind, metrics]) => [kind, Object.keys(metrics)])
      : what.kinds.map(({ kind, metrics }) => [kind, metrics ?? Object.keys(METRICS[kind])])
  )
  return [...metricsByKind].flatMap(([kind, metrics]) =>
    seen.filter(({ entity }) => entity.kind === kind).map(({ entity }) => ({ entity, metrics: [...metrics] }))
  )
}

const nameKey = ({ serverId, kind, key }: SeriesRef['entity']): string => `${serverId} ${kind} ${key}`

/** A VM by its last name, and its UUID too where two have (or had) the same; all others by their key. */
function* entityNames(
  serverId: ServerId,
  entities: readonly EntityInfo[]
): Generator<readonly [string, string]> {
  const machines = entities.filter(({ entity }) => entity.kind === 'vm')
  const uses = new Map<string, number>()
  for (const { label } of machines) uses.set(label, (uses.get(label) ?? 0) + 1)
  for (const { entity, label } of machines) {
    if (label === '') continue
    const name = uses.get(label) === 1 ? label : `${label} (${entity.key})`
    yield [nameKey({ ...entity, serverId }), name]
  }
}
