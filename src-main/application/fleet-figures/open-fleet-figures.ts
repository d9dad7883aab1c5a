/** Puts the figures of the fleet and the choice of the best server together, for the engine. */
import type { Handlers } from '#contract/define.ts'
import type { fleetFiguresContract, FleetFigures, FleetFiguresQuery } from '#contract/fleet-figures.ts'
import type { EngineDeps } from '../engine-deps.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'
import { fleetFiguresHandlers } from './fleet-figures-handlers.ts'
import { readFleetFigures, type FleetFiguresDeps } from './fleet-figures.ts'
import { BestServers, type AlertLevels } from './recommendations.ts'

export interface OpenedFleetFigures {
  readonly best: BestServers
  /** As the window is shown them, for reports. Throws cancelled. */
  readonly read: (query: FleetFiguresQuery, signal: AbortSignal) => Promise<FleetFigures>
  readonly handlers: Handlers<typeof fleetFiguresContract>
}

export function openFleetFigures(
  { storage, clock }: EngineDeps,
  directory: ServerDirectory,
  settings: SettingsKeeper,
  alerts: AlertLevels
): OpenedFleetFigures {
  const figures: FleetFiguresDeps = {
    history: storage.history,
    servers: () => directory.runtimes().map(({ record }) => record),
    zone: () => settings.current().timeZone,
    nowMs: () => clock.nowMs()
  }
  const best = new BestServers({
    views: () => directory.runtimes().map((runtime) => runtime.view()),
    alerts,
    clock
  })
  return {
    best,
    read: (query, signal) => readFleetFigures(query, figures, signal),
    handlers: fleetFiguresHandlers({ figures, best })
  }
}
