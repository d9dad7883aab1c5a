/** Puts all that servers are asked for beside the fast lane together, for the engine: each subject, its lanes, its handlers. */
import type { JournalEntry } from '#contract/activity.ts'
import type { ServerId } from '#contract/ids.ts'
import { createFirmwareLane } from '../capabilities/firmware-lane.ts'
import { createSudoLane } from '../capabilities/sudo-lane.ts'
import type { EngineDeps } from '../engine-deps.ts'
import { gpuPowerSubject } from '../gpu-power/gpu-power-subject.ts'
import { Hardware } from '../hardware/hardware.ts'
import { openPorts, type PortEngine } from '../ports/port-engine.ts'
import { processHandlers } from '../processes/process-handlers.ts'
import { ProcessSubject, type ProcessSubjectDeps } from '../processes/process-subject.ts'
import { SealedTexts } from '../sealed-texts.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { serviceHandlers } from '../services/service-handlers.ts'
import { openServices } from '../services/services.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'
import { createTraffic } from '../traffic/traffic-handlers.ts'
import { Telemetry } from './telemetry.ts'

export interface TelemetrySight {
  /** There once the engine runs. */
  readonly directory: () => ServerDirectory
  readonly settings: SettingsKeeper
  readonly onJournal: (entry: JournalEntry) => void
  readonly onProcesses: NonNullable<ProcessSubjectDeps['onReading']>
}

export interface OpenedTelemetry {
  readonly telemetry: Telemetry
  readonly processes: ProcessSubject
  readonly hardware: Hardware
  readonly ports: PortEngine
  handlers(): TelemetryHandlers
}

type TelemetryHandlers = ReturnType<typeof gpuPowerSubject>['handlers'] &
  ReturnType<typeof createTraffic>['handlers'] &
  ReturnType<Hardware['handlers']> &
  ReturnType<PortEngine['handlers']> &
  ReturnType<typeof processHandlers> &
  ReturnType<typeof serviceHandlers>

export function openTelemetry(deps: EngineDeps, sight: TelemetrySight): OpenedTelemetry {
  const { storage, platform, clock, serviceHost } = deps
  const { blobs, history, journal } = storage
  const { log, cipher } = platform
  const { directory, settings, onJournal } = sight
  const zone = (): 'local' | 'utc' => settings.current().timeZone
  const mustKnow = (serverId: ServerId): void => void directory().get(serverId)

  const gpuPower = gpuPowerSubject({
    probes: deps.gpuPowerProbes,
    history,
    blobs,
    clock,
    log,
    zone,
    mustKnow
  })
  const traffic = createTraffic({ history, blobs, clock, filesOf: deps.logFilesOf, zone })
  const services = openServices({ host: serviceHost, blobs, clock })
  const processes = new ProcessSubject({
    tools: deps.processTools,
    store: storage.processes,
    blobs,
    clock,
    log,
    onReading: sight.onProcesses
  })
  const hardware = new Hardware({ blobs, history, clock, log, zone })
  const ports = openPorts({
    ports: deps.portAccess,
    power: deps.powerAccess,
    blobs,
    sealed: new SealedTexts({ cipher, blobs }),
    journal,
    clock,
    log,
    random: deps.random,
    onJournal,
    directory
  })
  const telemetry: Telemetry = new Telemetry([
    processes,
    services.subject,
    hardware,
    gpuPower,
    ports.subject,
    traffic.subject,
    {
      lanes: [
        createFirmwareLane(deps.firmwareReader),
        createSudoLane(deps.sudoProbe, () => telemetry.sudoCommands)
      ]
    }
  ])
  return {
    telemetry,
    processes,
    hardware,
    ports,
    handlers() {
      const writes = { directory: directory(), journal, clock, onJournal }
      return {
        ...gpuPower.handlers,
        ...traffic.handlers,
        ...hardware.handlers(mustKnow),
        ...ports.handlers(),
        ...processHandlers({
          ...writes,
          subject: processes,
          store: storage.processes,
          settings,
          target: platform.exportTarget,
          actOnProcess: deps.actOnProcess
        }),
        ...serviceHandlers({ ...writes, services, host: serviceHost })
      }
    }
  }
}
