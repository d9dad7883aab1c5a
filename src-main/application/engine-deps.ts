/** What the engine is given from outside: what reaches servers, keeps things, and differs between the shells. */
import type { SshConfigHost } from '#contract/servers.ts'
import type { Mailer } from './alert-channels/mailer.ts'
import type { DataArchive } from './backup/data-archive.ts'
import type { ConfigurationCopies } from './configuration-file/configuration-store.ts'
import type { FirmwareReader } from './capabilities/firmware-lane.ts'
import type { SudoProbe } from './capabilities/sudo-lane.ts'
import type { Clock } from './clock.ts'
import type { EngineHttp } from './engines/http.ts'
import type { RecordQueues } from './engines/record-queue.ts'
import type { GpuPowerProbes } from './gpu-power/probes.ts'
import type { Hypervisor } from './machines/hypervisor.ts'
import type { Platform } from './platform/platform.ts'
import type { PortAccess, PowerAccess } from './ports/port-access.ts'
import type { ActOnProcess, ProcessTools } from './processes/process-tools.ts'
import type { ReportFiles } from './reports/report-desk.ts'
import type { HostSampler } from './sampling/host-sampler.ts'
import type { Connection, Connector, Secret } from './servers/connection.ts'
import type { ServerDirectory } from './servers/server-directory.ts'
import type { ServiceHost } from './services/service-host.ts'
import type { Storage } from './storage.ts'
import type { Tools } from './telemetry/tools.ts'
import type { TrafficDeps } from './traffic/traffic-handlers.ts'

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
