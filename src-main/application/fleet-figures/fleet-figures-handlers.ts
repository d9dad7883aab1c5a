/** What the window can ask of the fleet's figures, and which server is the best choice now. */
import type { Handlers } from '#contract/define.ts'
import type { fleetFiguresContract } from '#contract/fleet-figures.ts'
import { type FleetFiguresDeps, readFleetFigures } from './fleet-figures.ts'
import type { BestServers } from './recommendations.ts'

export interface FleetFiguresHandlerDeps {
  readonly figures: FleetFiguresDeps
  readonly best: BestServers
}

export function fleetFiguresHandlers({
  figures,
  best
}: FleetFiguresHandlerDeps): Handlers<typeof fleetFiguresContract> {
  return {
    'fleetFigures.read': (query, { signal }) => readFleetFigures(query, figures, signal),
    'recommendations.watch': (_input, { signal }) => best.watch(signal)
  }
}
