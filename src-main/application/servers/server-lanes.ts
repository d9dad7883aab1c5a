/** The lanes of one connection: host values, file systems, facts, machines. Each waits for nobody but itself. */
import { AppError } from '#contract/errors.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { Capability, ServerFacts } from '#contract/servers.ts'
import type { Clock } from '../clock.ts'
import type { Hypervisor, HypervisorSession, MachineListing, StatsRound } from '../machines/hypervisor.ts'
import { runMachineLanes } from '../machines/machine-lanes.ts'
import type { Log } from '../platform/platform.ts'
import type { HostSampler, HostSampling } from '../sampling/host-sampler.ts'
import { pace, sampleIntervalMs } from '../sampling/pace.ts'
import type { LaneContext } from '../telemetry/lane.ts'
import type { Nudge } from '../telemetry/nudge.ts'
import { type LaneListener, runTelemetryLane } from '../telemetry/run-lane.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Tools } from '../telemetry/tools.ts'
import type { Connection } from './connection.ts'

const FILE_SYSTEMS_EVERY_MS = 30_000

export interface ServerLanesOptions {
  readonly connection: Connection
  readonly deps: {
    readonly sampler: HostSampler
    readonly hypervisor: Hypervisor
    readonly telemetry: Telemetry
    readonly toolsOf: (connection: Connection) => Tools
    readonly clock: Clock
    readonly log: Log
    /** 0..1, for jitter. */
    readonly random: () => number
  }
  readonly telemetry: LaneListener & Pick<LaneContext, 'serverId' | 'sudo'>
  readonly signal: AbortSignal
  readonly intervalMs: () => number
  readonly isWatched: () => boolean
  readonly resumeProbeMs: number
  readonly onStarted: () => void
  readonly onFacts: (facts: ServerFacts) => Promise<void>
  readonly onHost: (atMs: number, entities: readonly EntityValues[]) => void
  readonly onHostCapabilities: (capabilities: readonly Capability[]) => void
  readonly onLibvirtCapabilities: (capabilities: readonly Capability[]) => void
  readonly onSession: (session: HypervisorSession | null) => void
  readonly onList: (listings: readonly MachineListing[], atMs: number) => void
  readonly onStats: (round: StatsRound, atMs: number) => void
}

/**
 * Runs until the connection is gone or the signal aborts. When one lane can no longer go on (its channel is dead
 * beyond repair), the connection is given up and made anew.
 */
export async function runServerLanes(options: ServerLanesOptions): Promise<void> {
  const { connection, deps, signal } = options
  const failed = new AbortController()
  const lanesSignal = AbortSignal.any([signal, failed.signal])
  const sampling = await deps.sampler.start(connection, { signal })
  const tools = deps.toolsOf(connection)
  const phase = deps.random()
  const nudge = deps.telemetry.nudgeOf(options.telemetry.serverId)
  try {
    const lanes = [
      sampleHost(sampling, options, { phase, nudge, signal: lanesSignal }),
      readFileSystems(sampling, options, { nudge, signal: lanesSignal }),
      runMachineLanes({
        ...options,
        ...deps,
        phase,
        nudge,
        signal: lanesSignal,
        onCapabilities: options.onLibvirtCapabilities
      }),
      ...deps.telemetry.lanes.map((lane) => {
        const context = { ...options.telemetry, ...deps, connection, sampling, tools, signal: lanesSignal }
        return runTelemetryLane(lane, context, options.telemetry, nudge)
      })
    ]
    const first = await Promise.race(lanes.map((lane) => lane.then(() => null, asError)))
    failed.abort(first ?? new AppError('cancelled'))
    await Promise.allSettled(lanes)
    if (first && !signal.aborted) throw first
  } finally {
    tools.close()
    sampling.close()
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

async function sampleHost(
  sampling: HostSampling,
  options: ServerLanesOptions,
  { phase, nudge, signal }: { phase: number; nudge: Nudge; signal: AbortSignal }
): Promise<void> {
  const { deps, intervalMs, connection } = options
  let started = false
  /** Aborted: the facts are wanted (again). */
  let factsUntil = AbortSignal.abort()
  let rounds = 0
  const pauseMs = (): number => sampleIntervalMs(rounds, intervalMs(), phase)
  const round = async (): Promise<void> => {
    rounds++
    const sample = await sampling.sample(signal)
    options.onHostCapabilities(sampling.capabilities())
    if (!started) options.onStarted()
    started = true
    options.onHost(sample.atMs, sample.entities)
    // After the first sample, so that the card comes alive at once.
    if (!factsUntil.aborted) return
    factsUntil = nudge.signal
    await options.onFacts(await sampling.readFacts(signal))
  }
  const onResume = async (): Promise<void> => {
    await connection.probe(options.resumeProbeMs)
  }
  await untilAborted(pace(round, { clock: deps.clock, signal, intervalMs: pauseMs, onResume }), signal)
}

async function readFileSystems(
  sampling: HostSampling,
  options: ServerLanesOptions,
  { nudge, signal }: { nudge: Nudge; signal: AbortSignal }
): Promise<void> {
  const { deps } = options
  const round = async (): Promise<void> => {
    const atMs = deps.clock.nowMs()
    try {
      options.onHost(atMs, await sampling.readFileSystems(signal))
      options.onHostCapabilities(sampling.capabilities())
    } catch (error) {
      // A stalled or unreadable mount table costs only this lane; the capability list says so.
      if (signal.aborted || !(error instanceof AppError)) throw error
      options.onHostCapabilities(sampling.capabilities())
      deps.log.warn('fileSystems.failed', { code: error.code })
    }
  }
  await untilAborted(
    pace(round, {
      clock: deps.clock,
      signal,
      wanted: (nap) => nudge.next(nap),
      intervalMs: () => FILE_SYSTEMS_EVERY_MS
    }),
    signal
  )
}

/** Whatever a lane throws after its signal aborted is a consequence of that, not news. */
async function untilAborted(lane: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await lane
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
