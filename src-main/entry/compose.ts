/** The only place that wires: the engine over ssh, libvirt and SQLite. Both entries call this and nothing else. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../application/clock.ts'
import { startEngine, type Engine } from '../application/engine.ts'
import type { Platform } from '../application/platform/platform.ts'
import { seedDemo, type DemoServer } from '../application/servers/seed-demo.ts'
import { startDemoFleetInWorker, type DemoFleetInWorker } from '../demo/index.ts'
import { diskQueues } from '../platform/disk-queue.ts'
import { diskReportFiles } from '../platform/report-files.ts'
import { readFirmware } from '../remote/capabilities/firmware-reader.ts'
import { trySudo } from '../remote/capabilities/sudo-trial.ts'
import { createEngineHttp } from '../remote/engines/http-client.ts'
import { createHypervisor } from '../remote/libvirt/hypervisor.ts'
import { createMailer } from '../remote/mail/smtp-mailer.ts'
import { createGpuPowerProbes } from '../remote/gpu-power/index.ts'
import { actOnProcess } from '../remote/processes/act-on-process.ts'
import { processTools } from '../remote/processes/process-tools.ts'
import { createPortAccess } from '../remote/ports/port-access.ts'
import { createPowerAccess } from '../remote/power/power-access.ts'
import { createTools } from '../remote/tools/tool-shell.ts'
import { createLogFiles } from '../remote/traffic/log-files.ts'
import { createServiceHost } from '../remote/services/service-host.ts'
import { createHostSampler } from '../remote/sampler/index.ts'
import { createConnector } from '../remote/ssh/connector.ts'
import { createSecret } from '../remote/ssh/secret.ts'
import { readSshConfig } from '../remote/ssh/ssh-config.ts'
import { openDataArchive } from '../storage/archive/data-archive.ts'
import { openStorage } from '../storage/client.ts'
import { configurationCopies } from '../storage/configuration-copies.ts'
import { withRestore } from './restore-option.ts'

export type { Engine } from '../application/engine.ts'

export interface ComposeOptions {
  readonly platform: Platform
  readonly dataFolder: string
  readonly workers: WorkerUrls
  /** Servers to have in the list from the start: the embedded fleet, or one that plays elsewhere (benchmarks). */
  readonly demo?: 'embedded' | readonly DemoServer[]
  /** A backup to put in the place of the data before it is opened. */
  readonly restore?: string | null
}

/** Worker scripts: `.ts` beside the sources, or `.js` beside the built entry. */
export interface WorkerUrls {
  readonly storage: URL
  readonly archive: URL
  readonly demo: URL
}

/** Throws AppError: dataFolderLocked, databaseNewer, databaseDamaged, diskFull; with `restore` also notFound, backupInvalid. */
export async function compose(options: ComposeOptions): Promise<Engine> {
  const { platform, dataFolder, workers, demo } = options
  const { log } = platform
  const clock = systemClock
  const homeFolder = homedir()
  const archive = openDataArchive({
    dataFolder,
    workerUrl: workers.archive,
    consoleVersion: platform.info.version,
    nowMs: () => clock.nowMs()
  })
  const storage = await withRestore(options.restore ?? null, archive, () =>
    openStorage({ dataFolder, workerUrl: workers.storage, log })
  )
  const connector = createConnector({ pins: storage.pins, log, homeFolder, clock })
  let fleet: DemoFleetInWorker | null = null
  const closeOuter = async (): Promise<void> => {
    connector.close()
    await fleet?.close()
  }
  try {
    fleet = demo === 'embedded' ? await startDemoFleetInWorker(workers.demo) : null
    const demoServers = demo === 'embedded' ? (fleet?.servers ?? []) : (demo ?? [])
    const engine = await startEngine({
      connector,
      sampler: createHostSampler({ log, clock }),
      toolsOf: createTools,
      gpuPowerProbes: createGpuPowerProbes(),
      logFilesOf: createLogFiles,
      serviceHost: createServiceHost({ clock }),
      processTools,
      actOnProcess,
      portAccess: createPortAccess(),
      powerAccess: createPowerAccess(),
      sudoProbe: trySudo,
      firmwareReader: readFirmware,
      hypervisor: createHypervisor({ log, clock }),
      storage,
      reportFiles: diskReportFiles(join(dataFolder, 'reports')),
      archive,
      configurationCopies: configurationCopies(dataFolder, () => clock.nowMs()),
      engineHttp: createEngineHttp(),
      mailer: createMailer(),
      engineQueues: diskQueues(join(dataFolder, 'engines'), log),
      platform,
      clock,
      secretOf: createSecret,
      readSshConfig: () => readSshConfig(join(homeFolder, '.ssh', 'config')),
      random: Math.random,
      seed: (directory) => seedDemo(demoServers, directory, storage.pins)
    })
    return {
      ...engine,
      async close() {
        await engine.close()
        await closeOuter()
      }
    }
  } catch (error) {
    await closeOuter()
    await storage.close()
    throw error
  }
}
