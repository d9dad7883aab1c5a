/** Whether `sudo -n` runs what the lanes need of it, where the operator switched it on for the server. */
import type { AppError } from '#contract/errors.ts'
import type { Capability } from '#contract/servers.ts'
import { type SudoCommand, sudoState, type SudoTrial } from '../../domain/capabilities/sudo.ts'
import type { LaneReading, TelemetryLane } from '../telemetry/lane.ts'
import type { Tools } from '../telemetry/tools.ts'

/** Implemented by `remote/capabilities`. Throws as `Tools.run`. */
export type SudoProbe = (
  tools: Tools,
  commands: readonly SudoCommand[],
  signal: AbortSignal
) => Promise<SudoTrial>

const EVERY_MS = 10 * 60_000

/** @param commands of all lanes; asked at each reading, when all of them are known */
export function createSudoLane(probe: SudoProbe, commands: () => readonly SudoCommand[]): TelemetryLane {
  return {
    id: 'sudo',
    everyMs: () => EVERY_MS,
    firstAfterMs: 2_000,
    open: ({ sudo, tools }) => ({
      async read(signal): Promise<LaneReading> {
        // Switched off, it is a choice and nothing that is missing.
        if (sudo() === '') return { entities: [], capabilities: [] }
        const state = sudoState(await probe(tools, commands(), signal))
        return { entities: [], capabilities: [{ id: 'sudo', ...state }] }
      },
      close: () => undefined
    }),
    capabilitiesOf: (error) => [capabilityOf(error)]
  }
}

const capabilityOf = (error: AppError): Capability => ({
  id: 'sudo',
  works: false,
  cause: error.code === 'deadlineExceeded' ? 'stalled' : 'unreadable',
  fix: null
})
