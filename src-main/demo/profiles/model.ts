/** What a demo server is made of and how busy it is. */
import type { GpuPowerProfile } from '../gpu-power-profiles.ts'

export interface VmProfile {
  readonly name: string
  readonly title?: string
  readonly tags?: readonly string[]
  readonly vcpus: number
  readonly memoryBytes: number
  readonly diskBytes: number
  /** Share of its CPUs and of its memory that it uses, on average. */
  readonly cpu: number
  readonly memory: number
  readonly netBytesPerSec: number
  readonly diskBytesPerSec: number
  readonly running: boolean
  readonly autostart?: boolean
  readonly firmware?: 'bios' | 'uefi'
  /** Seconds; 0 = the guest reports no memory. */
  readonly balloonPeriodSec?: number
}

export interface DiskProfile {
  readonly name: string
  readonly major: number
  readonly minor: number
  readonly sizeBytes: number
}

export interface MountProfile {
  readonly source: string
  readonly device: string
  readonly type: string
  readonly mountPoint: string
  readonly sizeBytes: number
  readonly used: number
  /** Share of the size that it grows per day. */
  readonly growthPerDay?: number
  /** Artefacts of builds: it fills by this share of the size an hour, and is cleaned after so many hours; clean at the start. */
  readonly fills?: { readonly perHour: number; readonly cleanedEveryHours: number }
}

/** Share of a mount that is used beyond what its profile says, by builds since the demo began or it was last cleaned. */
export function filledShare({ fills }: MountProfile, sinceStartMs: number): number {
  if (fills === undefined) return 0
  return fills.perHour * ((sinceStartMs / 3_600_000) % fills.cleanedEveryHours)
}

export interface NicProfile {
  readonly name: string
  readonly physical: boolean
  readonly hasMaster?: boolean
  /** Share of the server's traffic that is counted here. */
  readonly share: number
}

export interface HostProfile {
  readonly name: string
  readonly hostName: string
  readonly location: string
  readonly tags: readonly string[]
  readonly note: string
  readonly utcOffsetHours: number
  readonly distribution: string
  readonly kernel: string
  readonly machine: string
  readonly cpuModel: string
  readonly sockets: number
  readonly cores: number
  readonly threads: number
  readonly memoryBytes: number
  readonly swapBytes: number
  readonly vendor: string
  readonly product: string
  readonly virtualisation: string
  /** `sudo -n` runs everything, and the operator has switched it on in the console. */
  readonly allowsSudo?: boolean
  readonly loginShell: string
  readonly uptimeDays: number
  readonly clockSkewMs: number
  readonly pressure: boolean
  /** Averages of the server without its VMs, 0..1. */
  readonly cpu: number
  readonly memory: number
  readonly leakEverySec: number | null
  readonly netBytesPerSec: number
  readonly diskBytesPerSec: number
  readonly disks: readonly DiskProfile[]
  readonly mounts: readonly MountProfile[]
  readonly nics: readonly NicProfile[]
  readonly libvirt: { readonly libvirtVersion: string; readonly qemuVersion: string } | null
  readonly vms: readonly VmProfile[]
  /** Absent: a virtual server without sensors. */
  readonly gpuPower?: GpuPowerProfile
}
