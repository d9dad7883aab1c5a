/** Runs one telemetry lane on a connection, until the signal aborts. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Capability } from '#contract/servers.ts'
import { pace, sleepUnlessWanted } from '../sampling/pace.ts'
import type { LaneContext, LaneReading, TelemetryLane } from './lane.ts'
import type { Nudge } from './nudge.ts'

export interface LaneListener {
  readonly onReading: (laneId: string, atMs: number, reading: LaneReading) => void
  readonly onCapabilities: (laneId: string, capabilities: readonly Capability[]) => void
}

/** Never rejects for what a server says or does not say; a fault of our own is logged once and the lane goes on. */
export async function runTelemetryLane(
  lane: TelemetryLane,
  context: LaneContext,
  { onReading, onCapabilities }: LaneListener,
  nudge?: Nudge
): Promise<void> {
  const { clock, log, signal, serverId } = context
  const wanted = wantedBy(lane, serverId, nudge)
  // At once: what an operator asks for by hand does not wait for the first reading.
  const session = lane.open(context)
  let lastCode: string | null = null
  const round = async (): Promise<void> => {
    const atMs = clock.nowMs()
    try {
      onReading(lane.id, atMs, await session.read(signal))
      lastCode = null
    } catch (cause) {
      if (signal.aborted) return
      const error = cause instanceof AppError ? cause : new AppError('internal', { cause })
      // Said once, not at every round: a tool that is not there stays away.
      if (error.code !== lastCode) {
        if (error.code === 'internal') log.error('telemetry.laneFailed', cause, { serverId, lane: lane.id })
        else log.info('telemetry.laneUnavailable', { serverId, lane: lane.id, code: error.code })
      }
      lastCode = error.code
      onCapabilities(lane.id, lane.capabilitiesOf(error))
    }
  }
  try {
    await sleepUnlessWanted(clock, lane.firstAfterMs ?? 0, signal, wanted)
    if (signal.aborted) return
    await pace(round, {
      clock,
      signal,
      intervalMs: () => lane.everyMs(serverId),
      ...(wanted !== undefined && { wanted })
    })
  } finally {
    session.close()
  }
}

/** Who may want a reading before its time: the lane's own subject, or the operator who has everything read anew. */
function wantedBy(
  lane: TelemetryLane,
  serverId: ServerId,
  nudge: Nudge | undefined
): ((nap: AbortSignal) => Promise<void>) | undefined {
  if (lane.wanted === undefined && nudge === undefined) return undefined
  return (nap) =>
    Promise.race([lane.wanted?.(serverId, nap), nudge?.next(nap)].filter((one) => one !== undefined))
}
