/** What the application needs of a host sampler. Implemented by `remote/sampler`. */
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { Capability, ServerFacts } from '#contract/servers.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import type { ProcessReading } from '../../domain/processes/derive-processes.ts'
import type { FileSystemDetail } from '../../domain/metrics/derive-file-systems.ts'
import type { CountReason } from '../../domain/metrics/inventory.ts'
import type { Connection } from '../servers/connection.ts'

export interface HostSample {
  /** The workstation's clock when the frame was asked for. */
  readonly atMs: number
  /** Seconds since the server booted, from /proc/uptime: all rates are taken from it. */
  readonly uptimeSec: number
  /** Server, disks, interfaces. Rates are absent in the first sample and after a reset. */
  readonly entities: readonly EntityValues[]
  /** Set when this sample begins a new epoch: rates were left out for this reason. */
  readonly brokenBy: Extract<GapReason, 'rebooted' | 'counterReset'> | null
}

export interface HostSampler {
  /** Starts the resident shell. Throws shellUnavailable, channelRefused, deadlineExceeded, disconnected. */
  start(connection: Connection, options: { signal: AbortSignal }): Promise<HostSampling>
}

/** One resident shell per connection; the console paces it: one frame per call, never two at once. */
export interface HostSampling {
  /** Once per connection. */
  readFacts(signal: AbortSignal): Promise<ServerFacts>
  /** The fast lane: stat, meminfo, loadavg, uptime, net/dev, diskstats, pressure in one frame. */
  sample(signal: AbortSignal): Promise<HostSample>
  /**
   * The lane of file systems, on a channel of its own: a dead mount stalls only this. Mounts, and the sums of the
   * server (diskTotalBytes, diskUsedBytes, diskUsedRatio) over local file systems.
   */
  readFileSystems(signal: AbortSignal): Promise<readonly EntityValues[]>
  /**
   * All processes, from the fast lane's shell: at most one new process on the server per call. `statuses` has what was read of
   * each so far; it is read for new ones, and again once a minute.
   */
  readProcesses(signal: AbortSignal): Promise<ProcessReading>
  /** What the file systems of the last reading are; empty until then. */
  fileSystemDetails(): readonly FileSystemDetail[]
  /** The interfaces of the last sample by name: which count for the server's total, and why. */
  countReasons(): ReadonlyMap<string, CountReason>
  /** Whose traffic is the server's from the next sample on; null = the console decides. */
  countInterfaces(chosen: readonly string[] | null): void
  /** What works so far (host, pressure, fileSystems), with causes. */
  capabilities(): readonly Capability[]
  close(): void
}
