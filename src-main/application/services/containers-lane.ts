/**
 * Containers of docker and podman: every minute, every ten seconds while somebody looks; seldom where there are none, and where
 * no engine answers.
 */
import { MAX_CONTAINERS_SHOWN, type Container, type ContainersView } from '#contract/services.ts'
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Capability } from '#contract/servers.ts'
import {
  ratesOf,
  type ContainerRates,
  type ContainerUse,
  type EngineAnswer,
  type ListedContainer,
  type StatsRow
} from '../../domain/services/containers.ts'
import type { LaneContext, LaneReading, TelemetryLane } from '../telemetry/lane.ts'
import { lacks, laneOf, NewLabels, nothing, ofServer, works, type ServicePart } from './service-lanes.ts'
import type { ContainersAnswer, ReadFrom, ServiceHost } from './service-host.ts'

const EVERY_MS = 60_000
const WATCHED_EVERY_MS = 10_000
const NONE_EVERY_MS = 300_000
const FIRST_AFTER_MS = 6_000

const JOIN_DOCKER = 'sudo usermod -aG docker "$(id -un)"'
const START_DOCKER = 'sudo systemctl enable --now docker'

export const containersLane = (host: ServiceHost, part: ServicePart<ContainersView>): TelemetryLane => {
  const without = new Set<ServerId>()
  const unanswered = new Set<ServerId>()
  return laneOf({
    id: 'containers',
    part,
    firstAfterMs: FIRST_AFTER_MS,
    everyMs(serverId) {
      if (without.has(serverId)) return NONE_EVERY_MS
      if (part.board.isWatched(serverId)) return WATCHED_EVERY_MS
      return unanswered.has(serverId) ? NONE_EVERY_MS : EVERY_MS
    },
    open(context) {
      const reader = new ContainerReader(host, part, context)
      return async (signal) => {
        const reading = await reader.read(signal)
        const [capability] = reading.capabilities
        put(without, context.serverId, capability?.cause === 'notPresent')
        put(unanswered, context.serverId, reading.entities.length === 0)
        return reading
      }
    }
  })
}

function put(servers: Set<ServerId>, serverId: ServerId, isIn: boolean): void {
  if (isIn) servers.add(serverId)
  else servers.delete(serverId)
}

/** On one connection: keeps the counters of the last reading. */
class ContainerReader {
  readonly #host: ServiceHost
  readonly #part: ServicePart<ContainersView>
  readonly #context: LaneContext
  readonly #labels = new NewLabels()
  #before = new Map<string, ContainerUse>()

  constructor(host: ServiceHost, part: ServicePart<ContainersView>, context: LaneContext) {
    this.#host = host
    this.#part = part
    this.#context = context
  }

  async read(signal: AbortSignal): Promise<LaneReading> {
    const { clock, serverId, sudo } = this.#context
    const from = { ...this.#context, sudo: sudo(), signal }
    const atMs = clock.nowMs()
    const answer = await this.#host.containers(from)
    const capability = capabilityOf(answer)
    const listed = answer.engines.flatMap(({ engine, answer: one }) =>
      one.kind === 'listed' ? [{ engine, ...one }] : []
    )
    if (listed.length === 0) return nothing(capability)
    const containers = uniqueById(listed.flatMap((one) => one.containers))
    const stats = await this.#statsOf(containers, from)
    const rows = containers.map((container) => this.#rowOf(container, stats))
    this.#before = new Map(containers.flatMap(({ id, use }) => (use === null ? [] : [[id, use] as const])))
    const total = listed.reduce((sum, one) => sum + one.total, 0)
    const running = rows.filter(({ shown }) => shown.state === 'running').length
    this.#part.board.publish(serverId, {
      atMs,
      engines: [...new Set(listed.map(({ engine }) => engine))],
      running,
      containers: rows.slice(0, MAX_CONTAINERS_SHOWN).map(({ shown }) => shown),
      leftOut: Math.max(0, total - Math.min(rows.length, MAX_CONTAINERS_SHOWN))
    })
    const alive = rows.filter(({ shown }) => shown.state === 'running')
    return {
      entities: [ofServer({ containersRunning: running }), ...alive.map(entityOf)],
      labels: this.#labels.of(
        'container',
        alive.map(({ shown }) => [keyOf(shown), shown.image || shown.name])
      ),
      capabilities: [capability]
    }
  }

  /** Where no control group could be read although something runs: docker itself counts, slowly. */
  async #statsOf(
    containers: readonly ListedContainer[],
    from: ReadFrom
  ): Promise<ReadonlyMap<string, StatsRow>> {
    const running = containers.filter(({ state, engine }) => state === 'running' && engine === 'docker')
    const [first] = running
    if (first === undefined || running.some(({ use }) => use !== null)) return new Map()
    return this.#host.containerStats(from, first.viaSudo)
  }

  #rowOf(container: ListedContainer, stats: ReadonlyMap<string, StatsRow>): Row {
    const { use, engine, viaSudo, id, name, image, state, health, exitCode, sinceAtMs } = container
    const counted = stats.get(id)
    const rates = ratesOf(this.#before.get(id) ?? null, use)
    const shown: Container = {
      engine,
      viaSudo,
      id,
      name,
      image,
      state,
      health,
      exitCode,
      sinceAtMs,
      cpuUsedRatio: rates.cpuUsedRatio ?? counted?.cpuUsedRatio ?? null,
      memoryUsedBytes: use?.memoryBytes ?? counted?.memoryUsedBytes ?? null,
      memoryLimitBytes: container.memoryLimitBytes ?? use?.memoryLimitBytes ?? null,
      processes: use?.processes ?? counted?.processes ?? null
    }
    return { shown, rates }
  }
}

interface Row {
  readonly shown: Container
  readonly rates: ContainerRates
}

/** `docker` may be podman under another name: then both list the same containers. podman is asked last and wins. */
const uniqueById = (containers: readonly ListedContainer[]): ListedContainer[] => [
  ...new Map(containers.map((container) => [container.id, container])).values()
]

/** root's set of podman, beside that of the login user, may have the same names. No name has a slash. */
const keyOf = ({ engine, viaSudo, name }: Container): string =>
  engine === 'podman' && viaSudo ? `podman/root/${name}` : `${engine}/${name}`

function entityOf({ shown, rates }: Row): EntityValues<'container'> {
  const { memoryUsedBytes: used, memoryLimitBytes: limit } = shown
  const values: Record<string, number> = {}
  const put = (metric: keyof MetricValues<'container'>, value: number | null): void => {
    if (value !== null) values[metric] = value
  }
  put('cpuUsedRatio', shown.cpuUsedRatio)
  put('memoryUsedBytes', used)
  put('memoryLimitBytes', limit)
  put('memoryUsedRatio', used === null || limit === null ? null : used / limit)
  put('processes', shown.processes)
  put('rxBytesPerSec', rates.rxBytesPerSec)
  put('txBytesPerSec', rates.txBytesPerSec)
  put('readBytesPerSec', rates.readBytesPerSec)
  put('writeBytesPerSec', rates.writeBytesPerSec)
  return { kind: 'container', key: keyOf(shown), values }
}

/** One engine that can be listed is enough; else the most telling of what stands in the way. */
function capabilityOf({ engines }: ContainersAnswer): Capability {
  const has = (engine: string, kind: EngineAnswer['kind']): boolean =>
    engines.some((one) => one.engine === engine && one.answer.kind === kind)
  if (has('docker', 'denied')) return lacks('containers', 'permissionDenied', JOIN_DOCKER)
  if (engines.some(({ answer }) => answer.kind === 'listed')) return works('containers')
  if (has('docker', 'daemonDown')) return lacks('containers', 'daemonDown', START_DOCKER)
  if (engines.every(({ answer }) => answer.kind === 'missing')) return lacks('containers', 'notPresent')
  return lacks('containers', has('podman', 'denied') ? 'permissionDenied' : 'unreadable')
}
