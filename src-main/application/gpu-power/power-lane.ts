/** What a server draws, every 30 s, from every source that tells. */
import type { ServerId } from '#contract/ids.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { PowerView } from '#contract/power.ts'
import type { Capability } from '#contract/servers.ts'
import {
  bestPower,
  powerSources,
  type BestPower,
  type PowerGap,
  type PowerSource
} from '../../domain/gpu-power/power-sources.ts'
import { raplWatts, type RaplWatts } from '../../domain/gpu-power/rapl.ts'
import type { DetailBoard } from '../telemetry/detail-board.ts'
import type { LaneContext, LaneReading, LaneSession, TelemetryLane } from '../telemetry/lane.ts'
import type { EnergyLedger } from './energy-ledger.ts'
import { IpmiMeter } from './ipmi-meter.ts'
import { causeOf } from './lane-cause.ts'
import { NewLabels } from './new-labels.ts'
import type { GpuPowerProbes, PowerProbe, PowerReading } from './probes.ts'

const EVERY_MS = 30_000
const FIRST_AFTER_MS = 2_000
/** Counters need two readings, and the BMC its time: the second reading comes soon. */
const SECOND_AFTER_MS = 6_000
/** A better source that fails for less than this is waited for: a part of the machine is no substitute for the whole. */
const LOYALTY_MS = 180_000

/** Since Linux 5.10 (2020) only root may read these counters, because they tell an attacker much. */
const RAPL_FIX = 'sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj'

export interface PowerLaneDeps {
  readonly probes: GpuPowerProbes
  readonly board: DetailBoard<PowerView>
  readonly ledger: EnergyLedger
  /** Watts of all graphics cards, when they are known and new. */
  readonly gpuWatts: (serverId: ServerId) => number | null
}

export function powerLane(deps: PowerLaneDeps): TelemetryLane {
  const begun = new Set<ServerId>()
  return {
    id: 'power',
    everyMs: (serverId) => (begun.has(serverId) ? SECOND_AFTER_MS : EVERY_MS),
    firstAfterMs: FIRST_AFTER_MS,
    sudoCommands: [{ program: 'ipmitool', args: 'dcmi power reading' }],
    capabilitiesOf: (error) => [{ id: 'power', works: false, cause: causeOf(error), fix: null }],
    open: (context) =>
      new PowerSession(deps, context, (isFirst) => {
        if (isFirst) begun.add(context.serverId)
        else begun.delete(context.serverId)
      })
  }
}

class PowerSession implements LaneSession {
  readonly #deps: PowerLaneDeps
  readonly #context: LaneContext
  readonly #probe: PowerProbe
  readonly #ipmi: IpmiMeter
  readonly #labels = new NewLabels()
  readonly #onRead: (isFirst: boolean) => void
  #before: PowerReading | null = null
  #lastBest: { rank: number; atMs: number } | null = null

  constructor(deps: PowerLaneDeps, context: LaneContext, onRead: (isFirst: boolean) => void) {
    this.#onRead = onRead
    this.#deps = deps
    this.#context = context
    this.#probe = deps.probes.power(context)
    this.#ipmi = new IpmiMeter(this.#probe, context)
  }

  async read(signal: AbortSignal): Promise<LaneReading> {
    const { clock, serverId } = this.#context
    const reading = await this.#probe.read(signal)
    this.#ipmi.ask(signal)
    const rapl = this.#raplOf(reading)
    const isFirst = this.#before === null
    this.#before = reading
    this.#onRead(isFirst)
    const sources = powerSources({
      ipmiWatts: this.#ipmi.watts,
      meters: reading.meters,
      rapl,
      batteries: reading.batteries,
      gpuWatts: this.#deps.gpuWatts(serverId)
    })
    const atMs = clock.nowMs()
    const gaps = this.#gapsOf(reading)
    const found = bestPower(sources)
    // Parts are no answer as long as the whole may still come.
    const isEarly = isFirst && (reading.rapl.zones.length > 0 || this.#ipmi.gap?.cause === 'checking')
    const best = isEarly && found?.scope !== 'machine' ? null : this.#loyal(found, atMs)
    this.#deps.board.publish(serverId, {
      atMs,
      sources: sources.map(({ joules: _joules, ...source }) => source),
      gaps,
      best: best === null ? null : { keys: [...best.keys], watts: best.watts, scope: best.scope }
    })
    this.#deps.ledger.take(serverId, atMs, [
      ...sources.flatMap(({ key, watts, joules }) =>
        watts === null ? [] : [{ source: key, watts, joules }]
      ),
      ...(best === null ? [] : [{ source: null, watts: best.watts, joules: null }])
    ])
    return {
      entities: entitiesOf(sources, best),
      labels: this.#labels.of(sources.map(({ key, name }) => ({ kind: 'power', key, label: name }))),
      capabilities: [capabilityOf(sources, gaps, isEarly)]
    }
  }

  close(): void {
    this.#ipmi.close()
  }

  #raplOf(reading: PowerReading): RaplWatts[] {
    const before = this.#before
    const sinceSec = before?.uptimeSec ?? null
    if (before === null || sinceSec === null || reading.uptimeSec === null) return []
    return raplWatts(before.rapl.zones, reading.rapl.zones, reading.uptimeSec - sinceSec)
  }

  #gapsOf({ rapl, hasRapl }: PowerReading): PowerGap[] {
    const gaps: PowerGap[] = []
    if (rapl.denied) gaps.push({ kind: 'rapl', cause: 'permissionDenied', fix: RAPL_FIX })
    else if (!hasRapl) gaps.push({ kind: 'rapl', cause: 'notPresent', fix: null })
    const ipmi = this.#ipmi.gap
    return ipmi === null ? gaps : [...gaps, ipmi]
  }

  /** The same source for as long as it can be expected back; a chart that jumps to another one would tell of a change that was none. */
  #loyal(best: BestPower | null, atMs: number): BestPower | null {
    const last = this.#lastBest
    if (last !== null && (best === null || best.rank > last.rank) && atMs - last.atMs < LOYALTY_MS)
      return null
    if (best !== null) this.#lastBest = { rank: best.rank, atMs }
    return best
  }
}

function entitiesOf(sources: readonly PowerSource[], best: BestPower | null): EntityValues[] {
  const entities: EntityValues[] = sources.flatMap(({ key, watts, chargeRatio }) => {
    const values = {
      ...(watts !== null && { powerWatts: watts }),
      ...(chargeRatio !== null && { chargeRatio })
    }
    return Object.keys(values).length === 0 ? [] : [{ kind: 'power' as const, key, values }]
  })
  if (best !== null) entities.push({ kind: 'server', key: '', values: { powerWatts: best.watts } })
  return entities
}

/** The cause that can be mended, before one that cannot. */
const GRAVITY: readonly PowerGap['cause'][] = [
  'permissionDenied',
  'toolMissing',
  'stalled',
  'unreadable',
  'checking'
]

function capabilityOf(
  sources: readonly PowerSource[],
  gaps: readonly PowerGap[],
  comes: boolean
): Capability {
  if (sources.some(({ watts }) => watts !== null)) return { id: 'power', works: true, cause: null, fix: null }
  // Watts of a counter are a difference: its first reading has none yet.
  if (comes) return { id: 'power', works: false, cause: 'checking', fix: null }
  const gap = GRAVITY.flatMap((cause) => gaps.find((candidate) => candidate.cause === cause) ?? [])[0]
  return { id: 'power', works: false, cause: gap?.cause ?? 'notPresent', fix: gap?.fix ?? null }
}
