/** Sensors, power and graphics cards as one subject: its lanes, its boards, what the window can ask of it. */
import type { Handlers } from '#contract/define.ts'
import type { GpusView } from '#contract/gpus.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ServerId } from '#contract/ids.ts'
import { PowerOptions, type PowerView, type SensorsView } from '#contract/power.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore, HistoryStore } from '../storage.ts'
import { DetailBoard } from '../telemetry/detail-board.ts'
import { ServerOptions } from '../telemetry/server-options.ts'
import type { TelemetrySubject } from '../telemetry/telemetry.ts'
import { ENERGY, EnergyLedger } from './energy-ledger.ts'
import { gpuLane } from './gpu-lane.ts'
import { powerLane } from './power-lane.ts'
import type { GpuPowerProbes } from './probes.ts'
import { sensorLane } from './sensor-lane.ts'

type GpuPowerHandlers = Pick<
  Handlers<VirthelmContract>,
  'gpus.watch' | 'power.watch' | 'sensors.watch' | 'power.energy' | 'power.setOptions'
>

export interface GpuPowerDeps {
  readonly probes: GpuPowerProbes
  readonly history: Pick<HistoryStore, 'addDayTotals' | 'dayTotals'>
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
  readonly zone: () => 'local' | 'utc'
  /** Throws notFound for a server that is not on the list. */
  readonly mustKnow: (serverId: ServerId) => void
}

/** Watts of the cards from a reading older than this are not those of now. */
const GPU_VALID_MS = 60_000

export function gpuPowerSubject(
  deps: GpuPowerDeps
): TelemetrySubject & { readonly handlers: GpuPowerHandlers } {
  const { probes, history, clock } = deps
  const gpus = new DetailBoard<GpusView>()
  const power = new DetailBoard<PowerView>()
  const sensors = new DetailBoard<SensorsView>()
  const options = new ServerOptions(deps.blobs, 'power', PowerOptions)
  const ledger = new EnergyLedger(deps)
  const gpuWatts = (serverId: ServerId): number | null => wattsOf(gpus.latest(serverId), clock.nowMs())
  return {
    lanes: [
      gpuLane(probes, gpus),
      sensorLane(probes, sensors),
      powerLane({ probes, board: power, ledger, gpuWatts })
    ],
    load: async (serverId) => void (await options.load(serverId)),
    async forget(serverId) {
      for (const board of [gpus, power, sensors]) board.forget(serverId)
      ledger.forget(serverId)
      await options.forget(serverId)
    },
    close: () => ledger.close(),
    handlers: {
      'gpus.watch': ({ serverId }, { signal }) => {
        deps.mustKnow(serverId)
        return gpus.watch(serverId, signal)
      },
      'power.watch': ({ serverId }, { signal }) => {
        deps.mustKnow(serverId)
        return power.watch(serverId, signal)
      },
      'sensors.watch': ({ serverId }, { signal }) => {
        deps.mustKnow(serverId)
        return sensors.watch(serverId, signal)
      },
      'power.energy': async ({ serverId, fromDay, toDay }) => {
        deps.mustKnow(serverId)
        // What waits is part of today.
        await ledger.flush()
        const totals = await history.dayTotals({
          serverIds: [serverId],
          kind: 'server',
          names: [ENERGY],
          fromDay,
          toDay
        })
        return {
          days: totals.map(({ day, total }) => ({ day, joules: total })),
          options: await options.load(serverId)
        }
      },
      'power.setOptions': async ({ serverId, options: chosen }) => {
        deps.mustKnow(serverId)
        await options.set(serverId, chosen)
        return null
      }
    }
  }
}

function wattsOf(view: GpusView | null, nowMs: number): number | null {
  if (view === null || nowMs - view.atMs > GPU_VALID_MS) return null
  const watts = view.cards.flatMap(({ powerWatts }) => powerWatts ?? [])
  return watts.length === 0 ? null : watts.reduce((sum, one) => sum + one, 0)
}
