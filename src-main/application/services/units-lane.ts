/** systemd's units: every five minutes, every 15 s while somebody looks. Failed and watched ones have a series each. */
import { MAX_UNITS_SHOWN, type Unit, type UnitsView } from '#contract/services.ts'
import { type UnitName } from '#contract/vocabulary.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { ServerId } from '#contract/ids.ts'
import type { LaneContext, LaneReading, TelemetryLane } from '../telemetry/lane.ts'
import { isActive, type ListedUnit, type UnitDetail } from '../../domain/services/units.ts'
import { lacks, laneOf, nothing, NewLabels, ofServer, works, type ServicePart } from './service-lanes.ts'
import type { ServiceHost, UnitsAnswer } from './service-host.ts'

const EVERY_MS = 300_000
const WATCHED_EVERY_MS = 15_000
const FIRST_AFTER_MS = 4_000
/** Units that systemctl is asked about one by one: each costs systemd a question. */
const MAX_DETAILS = 400
/** A server on which everything fails must not fill the history. */
const MAX_FAILED_SERIES = 64

export interface UnitsLaneOptions {
  readonly host: ServiceHost
  readonly part: ServicePart<UnitsView>
  readonly watchedUnits: (serverId: ServerId) => readonly UnitName[]
}

export const unitsLane = ({ host, part, watchedUnits }: UnitsLaneOptions): TelemetryLane =>
  laneOf({
    id: 'units',
    part,
    firstAfterMs: FIRST_AFTER_MS,
    everyMs: (serverId) => (part.board.isWatched(serverId) ? WATCHED_EVERY_MS : EVERY_MS),
    open(context) {
      const labels = new NewLabels()
      return (signal) => read({ host, part, watchedUnits }, context, labels, signal)
    }
  })

async function read(
  { host, part, watchedUnits }: UnitsLaneOptions,
  context: LaneContext,
  labels: NewLabels,
  signal: AbortSignal
): Promise<LaneReading> {
  const { serverId } = context
  const from = { ...context, sudo: context.sudo(), signal }
  const atMs = context.clock.nowMs()
  const answer = await host.units(from)
  if (answer.kind !== 'listed') return withoutUnits(answer, context, part, atMs)
  const watched = new Set(watchedUnits(serverId))
  const asked = answer.units.filter(
    ({ name, active }) =>
      active === 'failed' || watched.has(name) || (part.board.isWatched(serverId) && isService(name))
  )
  const details = await host.unitDetails(
    from,
    asked.slice(0, MAX_DETAILS).map(({ name }) => name)
  )
  const units = answer.units.map((unit) => withDetail(unit, details, watched))
  const failed = units.filter(({ active }) => active === 'failed')
  part.board.publish(serverId, {
    atMs,
    init: 'systemd',
    units: mostWanted(units),
    failed: failed.length,
    leftOut: Math.max(0, units.length - MAX_UNITS_SHOWN)
  })
  const { entities, names } = seriesOf(units, watched)
  return { entities, labels: labels.of('unit', names), capabilities: [works('units')] }
}

const isService = (name: string): boolean => name.endsWith('.service') || name.endsWith('.timer')

function withDetail(
  unit: ListedUnit,
  details: ReadonlyMap<string, UnitDetail>,
  watched: ReadonlySet<string>
): Unit {
  const detail = details.get(unit.name)
  return {
    ...unit,
    sinceAtMs: detail?.sinceAtMs ?? null,
    enabled: detail?.enabled ?? null,
    result: detail?.result ?? null,
    isWatched: watched.has(unit.name)
  }
}

/** When there are more than can be shown, the failed, the watched and the services stay. */
function mostWanted(units: readonly Unit[]): Unit[] {
  if (units.length <= MAX_UNITS_SHOWN) return [...units]
  const rank = ({ name, active, isWatched }: Unit): number =>
    active === 'failed' || isWatched ? 0 : isService(name) ? 1 : 2
  return units.toSorted((one, other) => rank(one) - rank(other)).slice(0, MAX_UNITS_SHOWN)
}

/** A watched unit that systemd does not even list is not active either. */
function seriesOf(
  units: readonly Unit[],
  watched: ReadonlySet<string>
): { entities: EntityValues[]; names: [key: string, label: string][] } {
  const failed = units.filter(({ active }) => active === 'failed')
  const byName = new Map<string, Unit>(units.map((unit) => [unit.name, unit]))
  const keys = new Set<string>([...failed.slice(0, MAX_FAILED_SERIES).map(({ name }) => name), ...watched])
  const entities = [...keys].map((key): EntityValues<'unit'> => {
    const unit = byName.get(key)
    return { kind: 'unit', key, values: { active: unit !== undefined && isActive(unit.active) ? 1 : 0 } }
  })
  return {
    entities: [ofServer({ unitsFailed: failed.length }), ...entities],
    names: [...keys].map((key) => [key, byName.get(key)?.description ?? key])
  }
}

function withoutUnits(
  answer: Exclude<UnitsAnswer, { kind: 'listed' }>,
  { serverId }: LaneContext,
  part: ServicePart<UnitsView>,
  atMs: number
): LaneReading {
  if (answer.kind === 'otherInit') {
    part.board.publish(serverId, { atMs, init: answer.init, units: [], failed: 0, leftOut: 0 })
    return nothing(lacks('units', 'notPresent'))
  }
  if (answer.kind === 'missing') return nothing(lacks('units', 'toolMissing'))
  if (answer.kind === 'daemonDown') return nothing(lacks('units', 'daemonDown'))
  return nothing(lacks('units', answer.kind === 'denied' ? 'permissionDenied' : 'unreadable'))
}
