/** What a demo server's kernel counts. */
import type { DiskProfile, HostProfile } from './profiles.ts'

export const TICKS_PER_SEC = 100

/** Everything that /proc would show, in the units of the counters (ticks, bytes, milliseconds, microseconds). */
export interface HostCounters {
  readonly cpuTicks: Record<'user' | 'nice' | 'system' | 'idle' | 'iowait' | 'softirq' | 'guest', number>
  /** Of each CPU thread: ticks in use. */
  readonly coreTicks: number[]
  /** Of each CPU thread: ticks since boot. */
  ticksPerCore: number
  readonly disks: ReadonlyMap<string, DiskState>
  /** rx and tx of the whole server; interfaces take their share of it. */
  rxBytes: number
  txBytes: number
  readonly pressureMicros: { cpu: number; memory: number; io: number }
  load: [number, number, number]
  running: number
  memoryUsedBytes: number
  swapUsedBytes: number
}

export interface DiskState {
  readonly profile: DiskProfile
  readBytes: number
  writeBytes: number
  busyMs: number
}

/** Counters as they would stand after this uptime. */
export function initialCounters(profile: HostProfile, uptimeSec: number): HostCounters {
  const ticks = profile.threads * TICKS_PER_SEC * uptimeSec
  return {
    cpuTicks: {
      user: ticks * profile.cpu * 0.7,
      nice: ticks * 0.001,
      system: ticks * profile.cpu * 0.24,
      idle: ticks * (1 - profile.cpu),
      iowait: ticks * 0.002,
      softirq: ticks * 0.001,
      guest: 0
    },
    coreTicks: Array.from({ length: profile.threads }, () => TICKS_PER_SEC * uptimeSec * profile.cpu),
    ticksPerCore: TICKS_PER_SEC * uptimeSec,
    disks: new Map(
      profile.disks.map((disk) => [
        disk.name,
        {
          profile: disk,
          readBytes: (uptimeSec * profile.diskBytesPerSec * 0.4) / profile.disks.length,
          writeBytes: (uptimeSec * profile.diskBytesPerSec * 0.6) / profile.disks.length,
          busyMs: uptimeSec * 5
        }
      ])
    ),
    rxBytes: uptimeSec * profile.netBytesPerSec * 0.6,
    txBytes: uptimeSec * profile.netBytesPerSec * 0.4,
    pressureMicros: { cpu: uptimeSec * 1000, memory: 0, io: uptimeSec * 500 },
    load: [0, 0, 0],
    running: 1,
    memoryUsedBytes: 0,
    swapUsedBytes: 0
  }
}
