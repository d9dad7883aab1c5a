/** The engine: everything the console does, whatever window or shell it runs in. Knows no transport and no Electron. */
import type { JournalEntry } from '#contract/activity.ts'
import type { AlertCounts } from '#contract/alerts.ts'
import type { ConsoleHealth } from '#contract/console.ts'
import type { Handlers } from '#contract/define.ts'
import type { HistoryMark } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { MachineView } from '#contract/machines.ts'
import type { Prompt, ServerView, SshConfigHost } from '#contract/servers.ts'
import { activityHandlers } from './activity/activity-handlers.ts'
import type { Mailer } from './alert-channels/mailer.ts'
import { openAlertChannels } from './alert-channels/open-alert-channels.ts'
import { alertHandlers } from './alerts/alert-handlers.ts'
import { alertRuleHandlers } from './alerts/alert-rule-handlers.ts'
import { serverLevels } from './alerts/server-levels.ts'
import { Alerts } from './alerts/alerts.ts'
import { fleetSight } from './alerts/fleet-sight.ts'
import { backupHandlers } from './backup/backup-handlers.ts'
import { capabilityHandlers } from './capabilities/capability-handlers.ts'
import { createFirmwareLane, type FirmwareReader } from './capabilities/firmware-lane.ts'
import { createSudoLane, type SudoProbe } from './capabilities/sudo-lane.ts'
import { consoleHandlers } from './consoles/console-handlers.ts'
import type { ConfigurationCopies } from './configuration-file/configuration-store.ts'
import { configurationFileHandlers } from './configuration-file/configuration-file-handlers.ts'
import { ConfigurationFiles } from './configuration-file/configuration-files.ts'
import { takeUpBy } from './configuration-file/take-up.ts'
import { configurationHandlers } from './configuration/configuration-handlers.ts'
import type { DataArchive } from './backup/data-archive.ts'
import { sleepUnlessAborted, type Clock } from './clock.ts'
import { bulkHandlers } from './bulk/bulk-handlers.ts'
import { deletionHandlers } from './deletion/deletion-handlers.ts'
import { cloneHandlers } from './clones/clone-handlers.ts'
import { createHandlers } from './create-machine/create-handlers.ts'
import { engineHandlers } from './engines/engine-handlers.ts'
import { EngineVault } from './engines/engine-vault.ts'
import type { EngineHttp } from './engines/http.ts'
import { OutsideEngines } from './engines/outside-engines.ts'
import { outsideTickOf } from './engines/outside-ticks.ts'
import type { RecordQueues } from './engines/record-queue.ts'
import { exportHandlers } from './export/export-handlers.ts'
import { readFleetFigures, type FleetFiguresDeps } from './fleet-figures/fleet-figures.ts'
import { fleetFiguresHandlers } from './fleet-figures/fleet-figures-handlers.ts'
import { BestServers } from './fleet-figures/recommendations.ts'
import { gpuPowerSubject } from './gpu-power/gpu-power-subject.ts'
import type { GpuPowerProbes } from './gpu-power/probes.ts'
import { Hardware } from './hardware/hardware.ts'
import { guestHandlers } from './guest/guest-handlers.ts'
import { historyHandlers, LiveTicks } from './history/history-handlers.ts'
import type { Hypervisor } from './machines/hypervisor.ts'
import { machineHandlers, machineKey, machineSource } from './machines/machine-handlers.ts'
import { migrationHandlers } from './migration/migration-handlers.ts'
import type { Platform } from './platform/platform.ts'
import { processHandlers } from './processes/process-handlers.ts'
import { ProcessSubject } from './processes/process-subject.ts'
import type { ActOnProcess, ProcessTools } from './processes/process-tools.ts'
import type { PortAccess, PowerAccess } from './ports/port-access.ts'
import { openPorts } from './ports/port-engine.ts'
import type { ReportFiles } from './reports/report-desk.ts'
import { openReports } from './reports/report-handlers.ts'
import { periodAlerts } from './reports/period-alerts.ts'
import type { HostSampler } from './sampling/host-sampler.ts'
import type { Connection, Connector, Secret } from './servers/connection.ts'
import { PromptBroker } from './servers/prompt-broker.ts'
import { SealedTexts } from './sealed-texts.ts'
import { SecretVault } from './servers/secret-vault.ts'
import { ServerDirectory } from './servers/server-directory.ts'
import { serverHandlers } from './servers/server-handlers.ts'
import { snapshotHandlers } from './snapshots/snapshot-handlers.ts'
import { openSettings, type SettingsKeeper } from './settings/settings-keeper.ts'
import type { Storage } from './storage.ts'
import { storeHandlers } from './stores/store-handlers.ts'
import { serviceHandlers } from './services/service-handlers.ts'
import type { ServiceHost } from './services/service-host.ts'
import { openServices } from './services/services.ts'
import { createSnapshotFeed, createTopic } from './streams.ts'
import { Telemetry } from './telemetry/telemetry.ts'
import type { Tools } from './telemetry/tools.ts'
import { createTraffic, type TrafficDeps } from './traffic/traffic-handlers.ts'
import { taskDescriptions } from './tasks/task-descriptions.ts'
import { createTaskRegistry, type TaskHost } from './tasks/task-registry.ts'

export interface EngineDeps {
  readonly connector: Connector
  readonly sampler: HostSampler
  readonly hypervisor: Hypervisor
  readonly toolsOf: (connection: Connection) => Tools
  readonly gpuPowerProbes: GpuPowerProbes
  readonly logFilesOf: TrafficDeps['filesOf']
  readonly serviceHost: ServiceHost
  readonly processTools: ProcessTools
  readonly actOnProcess: ActOnProcess
  readonly portAccess: PortAccess
  readonly powerAccess: PowerAccess
  readonly sudoProbe: SudoProbe
  readonly firmwareReader: FirmwareReader
  readonly storage: Storage
  readonly reportFiles: ReportFiles
  readonly archive: DataArchive
  readonly configurationCopies: ConfigurationCopies
  /** Outside engines: the way to them, and where samples wait for them. */
  readonly engineHttp: EngineHttp
  readonly engineQueues: RecordQueues
  readonly mailer: Mailer
  readonly platform: Platform
  readonly clock: Clock
  readonly secretOf: (text: string) => Secret
  readonly readSshConfig: () => Promise<SshConfigHost[]>
  /** 0..1, for jitter. */
  readonly random: () => number
  /** Puts servers into the list before anything connects (the demo fleet). */
  readonly seed?: (directory: ServerDirectory) => Promise<void>
}

export interface Engine {
  readonly handlers: Handlers<VirthelmContract>
  readonly tasks: TaskHost
  readonly directory: ServerDirectory
  /** Alerts that are not kept quiet; for tray and title. Called at once with the present counts. */
  onAttention(listener: (counts: AlertCounts) => void): void
  /** Ends tasks and connections, then commits and closes the files. */
  close(): Promise<void>
}

/** Many small changes become one event: an eye cannot follow more, and a hundred servers stay cheap. */
const FEED_INTERVAL_MS = 250
const HEALTH_EVERY_MS = 10_000
const RETENTION_EVERY_MS = 3_600_000

export async function startEngine(deps: EngineDeps): Promise<Engine> {
  const { storage, platform, clock } = deps
  const life = new AbortController()
  const settings = await openSettings(storage.settings)
  const vault = new SecretVault({ cipher: platform.cipher, blobs: storage.blobs, secretOf: deps.secretOf })
  const openPrompts = createTopic<Prompt[]>([])
  const prompts = new PromptBroker((open) => openPrompts.publish(open))
  const live = new LiveTicks()
  const marks = createTopic<HistoryMark>()
  const journalTopic = createTopic<JournalEntry>()
  const engines = openEngines(deps)
  const channels = openAlertChannels(deps, {
    zone: () => settings.current().timeZone,
    lasting: () => alerts.lasting()
  })
  const feedOptions = { minIntervalMs: FEED_INTERVAL_MS, clock }

  const gpuPower = gpuPowerSubject({
    probes: deps.gpuPowerProbes,
    history: storage.history,
    blobs: storage.blobs,
    clock,
    log: platform.log,
    zone: () => settings.current().timeZone,
    mustKnow: (serverId) => void directory.get(serverId)
  })
  const traffic = createTraffic({
    history: storage.history,
    blobs: storage.blobs,
    clock,
    filesOf: deps.logFilesOf,
    zone: () => settings.current().timeZone
  })
  const { serviceHost } = deps
  const services = openServices({ host: serviceHost, blobs: storage.blobs, clock })
  const processes = new ProcessSubject({
    tools: deps.processTools,
    store: storage.processes,
    blobs: storage.blobs,
    clock,
    log: platform.log,
    onReading: (serverId, now) => alerts.takeProcesses(serverId, now)
  })
  const hardware = new Hardware({
    blobs: storage.blobs,
    history: storage.history,
    clock,
    log: platform.log,
    zone: () => settings.current().timeZone
  })
  const onJournal = (entry: JournalEntry): void => {
    journalTopic.publish(entry)
    alerts.takeOperation(entry)
  }
  const ports = openPorts({
    ports: deps.portAccess,
    power: deps.powerAccess,
    blobs: storage.blobs,
    sealed: new SealedTexts({ cipher: platform.cipher, blobs: storage.blobs }),
    journal: storage.journal,
    clock,
    log: platform.log,
    random: deps.random,
    onJournal,
    directory: () => directory
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
  const directory = new ServerDirectory(
    {
      ...deps,
      telemetry,
      vault,
      prompts,
      log: platform.log,
      defaultIntervalMs: () => settings.current().intervalMs
    },
    {
      serverChanged(serverId) {
        serverFeed.touch(serverId)
        alerts.serverChanged(serverId)
      },
      serverRemoved(serverId) {
        serverFeed.touch(serverId)
        alerts.serverRemoved(serverId)
        best.forget(serverId)
      },
      machinesChanged(changed, removed) {
        for (const view of changed) machineFeed.touch(machineKey(view.ref))
        for (const ref of removed) machineFeed.touch(machineKey(ref))
      },
      tick(tick, labels) {
        live.publish(tick)
        alerts.takeTick(tick, labels)
        hardware.takeTick(tick)
        best.takeTick(tick)
        const outside = engines.outside.takesTicks ? outsideTickOf(tick, directory) : null
        if (outside !== null) engines.outside.take(outside)
      },
      mark: (mark) => marks.publish(mark)
    }
  )
  const defaultIntervalMs = (): number => settings.current().intervalMs
  const fleet = fleetSight(directory, () => clock.nowMs())
  const alerts = new Alerts({
    store: storage.alerts,
    history: storage.history,
    teller: channels.teller,
    fleet,
    clock,
    log: platform.log,
    defaultIntervalMs,
    processIntervalMs: (serverId) => processes.intervalMs(serverId),
    onMark: (serverId, atMs, event) => directory.find(serverId)?.picture.happened.tell(event, atMs)
  })
  const best: BestServers = new BestServers({
    views: () => directory.runtimes().map((runtime) => runtime.view()),
    alerts: serverLevels(
      () => alerts,
      () => fleet
    ),
    clock
  })
  const serverFeed = createSnapshotFeed<ServerView>(
    {
      ids: () => directory.runtimes().map((runtime) => runtime.record.id),
      read: (id) => directory.find(id as ServerId)?.view()
    },
    feedOptions
  )
  const machineFeed = createSnapshotFeed<MachineView>(machineSource(directory), feedOptions)
  const tasks = createTaskRegistry({ clock, log: platform.log, descriptions: taskDescriptions })

  const fleetFigures: FleetFiguresDeps = {
    history: storage.history,
    servers: () => directory.runtimes().map(({ record }) => record),
    zone: () => settings.current().timeZone,
    nowMs: () => clock.nowMs()
  }
  const reports = openReports({
    sources: {
      figures: (query, signal) => readFleetFigures(query, fleetFigures, signal),
      alerts: periodAlerts((query) => alerts.history(query)),
      history: storage.history,
      servers: storage.servers
    },
    store: storage.reports,
    blobs: storage.blobs,
    files: deps.reportFiles,
    desk: platform.reportDesk,
    mailer: channels.mailer,
    target: platform.exportTarget,
    clock,
    log: platform.log,
    zone: () => settings.current().timeZone,
    meta: platform.info
  })

  const configurationFiles = new ConfigurationFiles({
    store: storage.configuration,
    copies: deps.configurationCopies,
    vaults: {
      servers: vault,
      channels: channels.vault,
      engines: engines.vault,
      wake: ports.wakePasswords,
      sealed: new SealedTexts({ cipher: platform.cipher, blobs: storage.blobs }),
      secretOf: deps.secretOf
    },
    clock,
    log: platform.log,
    consoleVersion: platform.info.version,
    takeUp: takeUpBy({
      settings,
      directory,
      alerts,
      channels: channels.channels,
      engines: engines.outside,
      reports,
      log: platform.log
    })
  })

  const handlers: Handlers<VirthelmContract> = {
    ...serverHandlers({ ...deps, telemetry, directory, vault, prompts, openPrompts, feed: serverFeed }),
    ...capabilityHandlers({ directory }),
    ...machineHandlers({ directory, feed: machineFeed, journal: storage.journal, clock, onJournal }),
    ...configurationHandlers({ directory, blobs: storage.blobs, journal: storage.journal, clock, onJournal }),
    ...gpuPower.handlers,
    ...guestHandlers({ directory, journal: storage.journal, clock, onJournal }),
    ...cloneHandlers({ directory, journal: storage.journal, clock, onJournal }),
    ...snapshotHandlers({ directory, journal: storage.journal, clock, onJournal }),
    ...bulkHandlers({ directory, log: platform.log, journal: storage.journal, clock, onJournal }),
    ...deletionHandlers({ directory, journal: storage.journal, clock, onJournal }),
    ...consoleHandlers({ directory, journal: storage.journal, clock, onJournal }),
    ...migrationHandlers({ directory, log: platform.log, journal: storage.journal, clock, onJournal }),
    ...historyHandlers({
      directory,
      history: storage.history,
      read: engines.outside.reader.over(storage.history),
      budgetBytes: () => settings.current().retention.budgetBytes,
      live,
      marks
    }),
    ...storeHandlers({
      directory,
      journal: storage.journal,
      clock,
      log: platform.log,
      onJournal,
      exportTarget: platform.exportTarget
    }),
    ...processHandlers({
      directory,
      subject: processes,
      store: storage.processes,
      settings,
      target: platform.exportTarget,
      actOnProcess: deps.actOnProcess,
      journal: storage.journal,
      clock,
      onJournal
    }),
    ...hardware.handlers((serverId) => void directory.get(serverId)),
    ...engines.handlers,
    ...alertHandlers(alerts),
    ...alertRuleHandlers(alerts, { history: storage.history, fleet, defaultIntervalMs }),
    ...channels.handlers,
    ...fleetFiguresHandlers({ figures: fleetFigures, best }),
    ...traffic.handlers,
    ...activityHandlers(storage.journal, journalTopic),
    ...exportHandlers({ directory, history: storage.history, settings, target: platform.exportTarget }),
    ...backupHandlers({ archive: deps.archive, blobs: storage.blobs, target: platform.exportTarget, clock }),
    ...configurationFileHandlers({ files: configurationFiles, target: platform.exportTarget }),
    ...createHandlers({
      directory,
      log: platform.log,
      journal: storage.journal,
      blobs: storage.blobs,
      clock,
      onJournal
    }),
    ...serviceHandlers({
      directory,
      services,
      host: serviceHost,
      journal: storage.journal,
      clock,
      onJournal
    }),
    ...ports.handlers(),
    ...reports.handlers,
    ...settings.handlers,
    'tasks.watch': (_input, { signal }) => tasks.watch(signal),
    'tasks.cancel': async ({ taskId }) => {
      tasks.cancel(taskId)
      return null
    },
    'tasks.dismiss': async ({ taskId }) => {
      tasks.dismiss(taskId)
      return null
    },
    'console.notifications': (_input, { signal }) => platform.notifications?.(signal) ?? nothing(),
    'console.info': async () => platform.info,
    'console.health': (_input, { signal }) => watchHealth(storage, clock, signal),
    'console.openDemo': async () => ({ address: await platform.openDemo() })
  }

  await engines.outside.open()
  await channels.channels.open()
  await reports.open()
  await directory.load()
  await deps.seed?.(directory)
  await alerts.open()
  directory.start()
  alerts.start()
  void forEach(alerts.cutOff.latest(life.signal), (lost) => channels.channels.setNetworkLost(lost))
  ports.start()
  reports.start()
  const background = keepRetention(storage, settings, deps, life.signal)
  return {
    handlers,
    tasks,
    directory,
    onAttention(listener) {
      void forEach(alerts.counts.latest(life.signal), listener)
    },
    async close() {
      life.abort()
      await tasks.close()
      await alerts.close()
      await reports.close()
      await directory.close()
      await telemetry.close()
      await channels.channels.close()
      await engines.outside.close()
      await background
      await storage.close()
    }
  }
}

function openEngines(deps: EngineDeps): {
  readonly outside: OutsideEngines
  readonly vault: EngineVault
  readonly handlers: ReturnType<typeof engineHandlers>
} {
  const { clock, random, engineHttp: http, engineQueues: queues, secretOf } = deps
  const { log, cipher } = deps.platform
  const { blobs } = deps.storage
  const vault = new EngineVault({ sealed: new SealedTexts({ cipher, blobs }), secretOf })
  const outside = new OutsideEngines({ blobs, vault, queues, http, clock, log, random })
  return { outside, vault, handlers: engineHandlers({ engines: outside, vault, http, clock, log }) }
}

async function* nothing(): AsyncGenerator<never, void> {}

async function forEach<T>(values: AsyncIterable<T>, visit: (value: T) => void): Promise<void> {
  for await (const value of values) visit(value)
}

async function* watchHealth(
  storage: Storage,
  clock: Clock,
  signal: AbortSignal
): AsyncGenerator<ConsoleHealth, void> {
  while (!signal.aborted) {
    yield await storage.health()
    await sleepUnlessAborted(clock, HEALTH_EVERY_MS, signal)
  }
}

async function keepRetention(
  storage: Storage,
  settings: SettingsKeeper,
  { clock, platform }: EngineDeps,
  signal: AbortSignal
): Promise<void> {
  while (!signal.aborted) {
    await sleepUnlessAborted(clock, RETENTION_EVERY_MS, signal)
    if (signal.aborted) return
    try {
      await storage.history.applyRetention(settings.current().retention, clock.nowMs())
    } catch (cause) {
      // Tried again in an hour; a full disk frees its own reserve meanwhile.
      platform.log.error('history.retentionFailed', cause)
    }
  }
}
