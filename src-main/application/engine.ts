/** The engine: everything the console does, whatever window or shell it runs in. Knows no transport and no Electron. */
import type { JournalEntry } from '#contract/activity.ts'
import type { AlertCounts } from '#contract/alerts.ts'
import type { Handlers } from '#contract/define.ts'
import type { HistoryMark } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { MachineView } from '#contract/machines.ts'
import type { Prompt, ServerView } from '#contract/servers.ts'
import { activityHandlers } from './activity/activity-handlers.ts'
import { openAlerts } from './alerts/open-alerts.ts'
import { backupHandlers } from './backup/backup-handlers.ts'
import { bulkHandlers } from './bulk/bulk-handlers.ts'
import { capabilityHandlers } from './capabilities/capability-handlers.ts'
import { cloneHandlers } from './clones/clone-handlers.ts'
import { openConfigurationFile } from './configuration-file/open-configuration-file.ts'
import { configurationHandlers } from './configuration/configuration-handlers.ts'
import { consoleHandlers } from './consoles/console-handlers.ts'
import { createHandlers } from './create-machine/create-handlers.ts'
import { deletionHandlers } from './deletion/deletion-handlers.ts'
import type { EngineDeps } from './engine-deps.ts'
import { openEngines } from './engines/open-engines.ts'
import { outsideTickOf } from './engines/outside-ticks.ts'
import { exportHandlers } from './export/export-handlers.ts'
import { openFleetFigures } from './fleet-figures/open-fleet-figures.ts'
import { guestHandlers } from './guest/guest-handlers.ts'
import { historyHandlers, LiveTicks } from './history/history-handlers.ts'
import { keepRetention } from './history/keep-retention.ts'
import { machineHandlers, machineKey, machineSource } from './machines/machine-handlers.ts'
import { migrationHandlers } from './migration/migration-handlers.ts'
import { platformHandlers } from './platform/platform-handlers.ts'
import { openReports } from './reports/open-reports.ts'
import { PromptBroker } from './servers/prompt-broker.ts'
import { SecretVault } from './servers/secret-vault.ts'
import { ServerDirectory } from './servers/server-directory.ts'
import { serverHandlers } from './servers/server-handlers.ts'
import { openSettings } from './settings/settings-keeper.ts'
import { snapshotHandlers } from './snapshots/snapshot-handlers.ts'
import { storeHandlers } from './stores/store-handlers.ts'
import { createSnapshotFeed, createTopic, forEach } from './streams.ts'
import { taskDescriptions } from './tasks/task-descriptions.ts'
import { taskHandlers } from './tasks/task-handlers.ts'
import { createTaskRegistry, type TaskHost } from './tasks/task-registry.ts'
import { openTelemetry } from './telemetry/open-telemetry.ts'

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

export async function startEngine(deps: EngineDeps): Promise<Engine> {
  const { storage, platform, clock } = deps
  const { history, blobs, journal } = storage
  const { log, exportTarget } = platform
  const life = new AbortController()
  const settings = await openSettings(storage.settings)
  const vault = new SecretVault({ cipher: platform.cipher, blobs, secretOf: deps.secretOf })
  const openPrompts = createTopic<Prompt[]>([])
  const prompts = new PromptBroker((open) => openPrompts.publish(open))
  const live = new LiveTicks()
  const marks = createTopic<HistoryMark>()
  const journalTopic = createTopic<JournalEntry>()
  const onJournal = (entry: JournalEntry): void => {
    journalTopic.publish(entry)
    alerts.takeOperation(entry)
  }

  const engines = openEngines(deps)
  const lanes = openTelemetry(deps, {
    directory: () => directory,
    settings,
    onJournal,
    onProcesses: (serverId, now) => alerts.takeProcesses(serverId, now)
  })
  const { telemetry, hardware } = lanes
  const directory = new ServerDirectory(
    { ...deps, telemetry, vault, prompts, log, defaultIntervalMs: () => settings.current().intervalMs },
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
  const alerting = openAlerts(deps, {
    directory,
    settings,
    processIntervalMs: (serverId) => lanes.processes.intervalMs(serverId)
  })
  const { alerts, channels } = alerting
  const figures = openFleetFigures(deps, directory, settings, alerting.levels)
  const { best } = figures
  const reports = openReports(deps, {
    figures: figures.read,
    alertHistory: (query) => alerts.history(query),
    mailer: alerting.mailer,
    settings
  })
  const feedOptions = { minIntervalMs: FEED_INTERVAL_MS, clock }
  const serverFeed = createSnapshotFeed<ServerView>(
    {
      ids: () => directory.runtimes().map((runtime) => runtime.record.id),
      read: (id) => directory.find(id as ServerId)?.view()
    },
    feedOptions
  )
  const machineFeed = createSnapshotFeed<MachineView>(machineSource(directory), feedOptions)
  const tasks = createTaskRegistry({ clock, log, descriptions: taskDescriptions })

  /** For whatever writes on a server: each write has its row in the journal. */
  const writes = { directory, journal, clock, onJournal }
  const configurationFile = openConfigurationFile(deps, {
    settings,
    directory,
    alerting,
    engines,
    reports,
    servers: vault,
    wake: lanes.ports.wakePasswords
  })
  const handlers: Handlers<VirthelmContract> = {
    ...serverHandlers({ ...deps, telemetry, directory, vault, prompts, openPrompts, feed: serverFeed }),
    ...capabilityHandlers({ directory }),
    ...lanes.handlers(),
    ...machineHandlers({ ...writes, feed: machineFeed }),
    ...configurationHandlers({ ...writes, blobs }),
    ...guestHandlers(writes),
    ...cloneHandlers(writes),
    ...snapshotHandlers(writes),
    ...bulkHandlers({ ...writes, log }),
    ...deletionHandlers(writes),
    ...consoleHandlers(writes),
    ...migrationHandlers({ ...writes, log }),
    ...storeHandlers({ ...writes, log, exportTarget }),
    ...createHandlers({ ...writes, log, blobs }),
    ...historyHandlers({
      directory,
      history,
      read: engines.outside.reader.over(history),
      budgetBytes: () => settings.current().retention.budgetBytes,
      live,
      marks
    }),
    ...engines.handlers,
    ...alerting.handlers,
    ...figures.handlers,
    ...reports.handlers,
    ...activityHandlers(journal, journalTopic),
    ...exportHandlers({ directory, history, settings, target: exportTarget }),
    ...backupHandlers({ archive: deps.archive, blobs, target: exportTarget, clock }),
    ...configurationFile,
    ...settings.handlers,
    ...taskHandlers(tasks),
    ...platformHandlers(platform, storage, clock)
  }

  await engines.outside.open()
  await channels.open()
  await reports.open()
  await directory.load()
  await deps.seed?.(directory)
  await alerts.open()
  directory.start()
  alerting.start(life.signal)
  lanes.ports.start()
  reports.start()
  const background = keepRetention(deps, settings, life.signal)
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
      await channels.close()
      await engines.outside.close()
      await background
      await storage.close()
    }
  }
}
