/** What all four lanes of services share: a board, a bell, a pace that is quicker while somebody looks. */
import type { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { Capability } from '#contract/servers.ts'
import type { CapabilityCause, CapabilityId } from '#contract/vocabulary.ts'
import type { Tick } from '../storage.ts'
import { DetailBoard } from '../telemetry/detail-board.ts'
import { LaneBell } from '../telemetry/lane-bell.ts'
import type { LaneContext, LaneReading, TelemetryLane } from '../telemetry/lane.ts'

/** One part of the tab: what its lane publishes, and how it is woken. */
export class ServicePart<V> {
  readonly board = new DetailBoard<V>()
  readonly bell = new LaneBell()

  forget(serverId: ServerId): void {
    this.board.forget(serverId)
    this.bell.forget(serverId)
  }
}

export interface PartLane<V> {
  readonly id: CapabilityId
  readonly part: ServicePart<V>
  readonly firstAfterMs: number
  readonly everyMs: (serverId: ServerId) => number
  /** One reading each; made anew with each connection. */
  readonly open: (context: LaneContext) => (signal: AbortSignal) => Promise<LaneReading>
}

export const works = (id: CapabilityId): Capability => ({ id, works: true, cause: null, fix: null })

export const lacks = (id: CapabilityId, cause: CapabilityCause, fix: string | null = null): Capability => ({
  id,
  works: false,
  cause,
  fix
})

export const nothing = (capability: Capability): LaneReading => ({ entities: [], capabilities: [capability] })

export const ofServer = (values: EntityValues<'server'>['values']): EntityValues<'server'> => ({
  kind: 'server',
  key: '',
  values
})

/** Names of entities as the history wants them: only what is new or changed since this connection began. */
export class NewLabels {
  readonly #said = new Map<string, string>()

  of(kind: 'unit' | 'container', labels: readonly (readonly [key: string, label: string])[]): Labels {
    const fresh = labels.filter(([key, label]) => this.#said.get(key) !== label)
    for (const [key, label] of fresh) this.#said.set(key, label)
    return fresh.map(([key, label]) => ({ kind, key, label }))
  }
}
type Labels = NonNullable<Tick['labels']>

function causeOf({ code }: AppError): CapabilityCause {
  return code === 'deadlineExceeded' ? 'stalled' : 'unreadable'
}

/** A lane that the bell of its part wakes. */
export function laneOf<V>({ id, part, firstAfterMs, everyMs, open }: PartLane<V>): TelemetryLane {
  return {
    id: `services.${id}`,
    firstAfterMs,
    everyMs,
    wanted: (serverId, signal) => part.bell.next(serverId, signal),
    open(context) {
      const read = open(context)
      return {
        read: (signal) => part.bell.answering(context.serverId, () => read(signal)),
        close: () => undefined
      }
    },
    capabilitiesOf: (error) => [lacks(id, causeOf(error))]
  }
}
