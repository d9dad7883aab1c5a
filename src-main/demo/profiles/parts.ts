/** Parts that the demo servers have in common. */
import type { DiskProfile, MountProfile, NicProfile, VmProfile } from './model.ts'

export const MIB = 2 ** 20
export const GIB = 2 ** 30
export const TIB = 2 ** 40

export const DEBIAN = {
  distribution: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.1.0-25-amd64',
  machine: 'x86_64',
  loginShell: '/bin/bash',
  libvirt: { libvirtVersion: '9.0.0', qemuVersion: '7.2.13' },
  pressure: true,
  virtualisation: 'none'
} as const

export const nvme = (sizeBytes: number, number = 0): DiskProfile => ({
  name: `nvme${number}n1`,
  major: 259,
  minor: number * 8,
  sizeBytes
})
export const sata = (letter: string, index: number, sizeBytes: number): DiskProfile => ({
  name: `sd${letter}`,
  major: 8,
  minor: index * 16,
  sizeBytes
})
export const root = (sizeBytes: number, used: number, source = '/dev/nvme0n1p2'): MountProfile => ({
  source,
  device: '259:2',
  type: 'ext4',
  mountPoint: '/',
  sizeBytes,
  used
})
export const bridged = (name: string): readonly NicProfile[] => [
  { name, physical: true, hasMaster: true, share: 1 },
  { name: 'br0', physical: false, share: 0.3 }
]

export const vm = (
  name: string,
  vcpus: number,
  memoryGib: number,
  changes: Partial<VmProfile> = {}
): VmProfile => ({
  name,
  vcpus,
  memoryBytes: memoryGib * GIB,
  diskBytes: 40 * GIB,
  cpu: 0.15,
  memory: 0.5,
  netBytesPerSec: 60_000,
  diskBytesPerSec: 150_000,
  running: true,
  autostart: true,
  ...changes
})
