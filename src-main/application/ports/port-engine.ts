/** Wires ports, wake-ups and power into the engine: their lanes, schedule and handlers. */
import type { ServerId } from '#contract/ids.ts'
import { powerHandlers } from '../power/power-handlers.ts'
import { LanMemory } from '../power/lan-memory.ts'
import { Power } from '../power/power.ts'
import { Wake } from '../power/wake.ts'
import type { JournalDeps } from '../operations/journal-row.ts'
import type { Log } from '../platform/platform.ts'
import type { SealedTexts } from '../sealed-texts.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { BlobStore } from '../storage.ts'
import type { TelemetrySubject } from '../telemetry/telemetry.ts'
import { ListeningPorts } from './listening.ts'
import type { PortAccess, PowerAccess } from './port-access.ts'
import { portHandlers } from './port-handlers.ts'
import { PortScans } from './port-scans.ts'
import { ScanSchedule } from './scan-schedule.ts'

export interface PortEngineDeps extends JournalDeps {
  readonly ports: PortAccess
  readonly power: PowerAccess
  readonly blobs: BlobStore
  readonly sealed: SealedTexts
  readonly log: Log
  readonly random: () => number
  /** There once the engine runs. */
  readonly directory: () => ServerDirectory
}

export interface PortEngine {
  readonly subject: TelemetrySubject
  handlers(): ReturnType<typeof portHandlers> & ReturnType<typeof powerHandlers>
  /** SecureOn passwords, for the configuration file. */
  readonly wakePasswords: Pick<Wake, 'passwordOf' | 'hold'>
  /** Starts the schedule. */
  start(): void
}

export function openPorts(deps: PortEngineDeps): PortEngine {
  const { directory, blobs, clock, log, random } = deps
  const lan = new LanMemory({ access: deps.ports, blobs, clock, log })
  const listening = new ListeningPorts({
    access: deps.ports,
    blobs,
    clock,
    log,
    tell: (serverId, event, atMs) => directory().find(serverId)?.picture.happened.tell(event, atMs)
  })
  const scans = new PortScans({
    access: deps.ports,
    blobs,
    clock,
    log,
    runtimeOf: (serverId) => directory().get(serverId),
    ownAddress: (serverId) => lan.addressOf(serverId)
  })
  const schedule = new ScanSchedule({ scans, clock, log, random, runtimes: () => directory().runtimes() })
  scans.nextAtMs = (serverId) => schedule.nextAtMs(serverId)
  const wake = new Wake({ ...deps, access: deps.power, lan })
  const power = new Power({ ...deps, access: deps.power })
  return {
    subject: {
      lanes: [listening.lane, lan.lane],
      async load(serverId: ServerId) {
        await Promise.all([listening, lan, scans, wake].map((part) => part.load(serverId)))
      },
      async forget(serverId: ServerId) {
        schedule.forget(serverId)
        await Promise.all([listening, lan, scans, wake].map((part) => part.forget(serverId)))
      },
      close: () => schedule.close()
    },
    handlers: () => ({
      ...portHandlers({ directory: directory(), scans, listening }),
      ...powerHandlers({ directory: directory(), power, wake })
    }),
    wakePasswords: wake,
    start: () => schedule.start()
  }
}
