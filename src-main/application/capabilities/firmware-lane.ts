/** Memory modules and serial number, from the firmware's tables. With root's rights only. */
import type { Capability } from '#contract/servers.ts'
import { type SudoCommand, sudoersFix } from '../../domain/capabilities/sudo.ts'
import { parseFirmwareTables } from '../../domain/metrics/smbios.ts'
import type { FirmwareFacts, LaneReading, TelemetryLane } from '../telemetry/lane.ts'
import type { Tools } from '../telemetry/tools.ts'

/** The tables in hexadecimal; or the server has none, or the login may not read them. */
export type FirmwareAnswer =
  | { readonly kind: 'tables'; readonly dump: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused' }

/** Implemented by `remote/capabilities`. Throws as `Tools.run`. */
export type FirmwareReader = (
  tools: Tools,
  sudo: '' | 'sudo -n ',
  signal: AbortSignal
) => Promise<FirmwareAnswer>

/** Modules are not changed while a machine runs; once more a day costs nothing. */
const EVERY_MS = 24 * 3_600_000
const COMMAND: SudoCommand = { program: 'cat', args: '/sys/firmware/dmi/tables/DMI' }
const FIX = sudoersFix([{ command: COMMAND, path: '/usr/bin/cat', runs: false }])
const NOTHING: FirmwareFacts = { serialNumber: null, memoryModules: null, memorySlots: null }

export function createFirmwareLane(read: FirmwareReader): TelemetryLane {
  return {
    id: 'firmware',
    everyMs: () => EVERY_MS,
    firstAfterMs: 5_000,
    sudoCommands: [COMMAND],
    open: ({ tools, sudo }) => ({
      read: async (signal) => readingOf(await read(tools, sudo(), signal)),
      close: () => undefined
    }),
    capabilitiesOf: ({ code }) => [missing(code === 'deadlineExceeded' ? 'stalled' : 'unreadable')]
  }
}

function readingOf(answer: FirmwareAnswer): LaneReading {
  if (answer.kind === 'absent') return { entities: [], facts: NOTHING, capabilities: [missing('notPresent')] }
  // What was read when the login still had the rights stays true.
  if (answer.kind === 'refused') return { entities: [], capabilities: [missing('permissionDenied', FIX)] }
  const tables = parseFirmwareTables(answer.dump)
  if (tables === null) return { entities: [], capabilities: [missing('unreadable')] }
  const { serialNumber, memorySlots, memoryModules } = tables
  return {
    entities: [],
    facts: { serialNumber, memorySlots, memoryModules: memoryModules && [...memoryModules] },
    capabilities: [{ id: 'firmwareTables', works: true, cause: null, fix: null }]
  }
}

const missing = (cause: Capability['cause'], fix: string | null = null): Capability => ({
  id: 'firmwareTables',
  works: false,
  cause,
  fix
})
