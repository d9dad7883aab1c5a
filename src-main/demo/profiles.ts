/** The demo servers as data: what each is made of and how busy it is. */
import { HARDWARE, type GpuPowerProfile } from './gpu-power-profiles.ts'
import { hash } from './noise.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
const TIB = 2 ** 40

export interface VmProfile {
  readonly name: string
  readonly title?: string
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

const DEBIAN = {
  distribution: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.1.0-25-amd64',
  machine: 'x86_64',
  loginShell: '/bin/bash',
  libvirt: { libvirtVersion: '9.0.0', qemuVersion: '7.2.13' },
  pressure: true,
  virtualisation: 'none'
} as const

const nvme = (sizeBytes: number, number = 0): DiskProfile => ({
  name: `nvme${number}n1`,
  major: 259,
  minor: number * 8,
  sizeBytes
})
const sata = (letter: string, index: number, sizeBytes: number): DiskProfile => ({
  name: `sd${letter}`,
  major: 8,
  minor: index * 16,
  sizeBytes
})
const root = (sizeBytes: number, used: number, source = '/dev/nvme0n1p2'): MountProfile => ({
  source,
  device: '259:2',
  type: 'ext4',
  mountPoint: '/',
  sizeBytes,
  used
})
const bridged = (name: string): readonly NicProfile[] => [
  { name, physical: true, hasMaster: true, share: 1 },
  { name: 'br0', physical: false, share: 0.3 }
]

const vm = (name: string, vcpus: number, memoryGib: number, changes: Partial<VmProfile> = {}): VmProfile => ({
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

const ALPHA: HostProfile = {
  ...DEBIAN,
  gpuPower: HARDWARE.alpha,
  name: 'kvm-alpha',
  hostName: 'kvm-alpha.dc2.example',
  location: 'Beijing DC-2',
  tags: ['prod', 'kvm'],
  note: 'Production VMs. Ask before a restart.',
  utcOffsetHours: 8,
  cpuModel: 'AMD EPYC 7443P 24-Core Processor',
  sockets: 1,
  cores: 24,
  threads: 48,
  memoryBytes: 256 * GIB,
  swapBytes: 8 * GIB,
  vendor: 'Supermicro',
  product: 'AS-1014S-WTRT',
  allowsSudo: true,
  uptimeDays: 118,
  clockSkewMs: 12,
  cpu: 0.06,
  memory: 0.08,
  leakEverySec: null,
  netBytesPerSec: 400_000,
  diskBytesPerSec: 900_000,
  disks: [nvme(3.84e12), nvme(3.84e12, 1)],
  mounts: [
    root(100 * GIB, 0.34),
    {
      source: '/dev/nvme1n1p1',
      device: '259:9',
      type: 'xfs',
      mountPoint: '/var/lib/libvirt/images',
      sizeBytes: 3.4 * TIB,
      used: 0.61,
      growthPerDay: 0.004
    }
  ],
  nics: [
    { name: 'eno1', physical: true, hasMaster: true, share: 0.55 },
    { name: 'eno2', physical: true, hasMaster: true, share: 0.45 },
    { name: 'bond0', physical: false, hasMaster: true, share: 1 },
    { name: 'br0', physical: false, share: 0.2 }
  ],
  vms: [
    vm('web-01', 4, 8, { cpu: 0.35, memory: 0.55, netBytesPerSec: 900_000 }),
    vm('web-02', 4, 8, { cpu: 0.33, memory: 0.57, netBytesPerSec: 870_000 }),
    vm('db-primary', 8, 48, {
      cpu: 0.42,
      memory: 0.83,
      diskBytesPerSec: 9_000_000,
      diskBytes: 400 * GIB,
      title: 'PostgreSQL 16'
    }),
    vm('db-replica', 8, 48, { cpu: 0.18, memory: 0.78, diskBytesPerSec: 6_000_000, diskBytes: 400 * GIB }),
    vm('queue', 2, 4, { cpu: 0.12, memory: 0.4 }),
    vm('windows-ad', 4, 16, {
      cpu: 0.08,
      memory: 0.6,
      firmware: 'uefi',
      balloonPeriodSec: 0,
      title: 'Domain controller'
    }),
    vm('staging', 4, 8, { cpu: 0.05, memory: 0.3, autostart: false }),
    vm('old-wiki', 1, 2, { running: false, autostart: false })
  ]
}

const BRAVO: HostProfile = {
  ...DEBIAN,
  gpuPower: HARDWARE.bravo,
  name: 'kvm-bravo',
  hostName: 'kvm-bravo.dc2.example',
  location: 'Beijing DC-2',
  tags: ['prod', 'kvm'],
  note: 'Memory is nearly used up; new DIMMs are ordered.',
  utcOffsetHours: 8,
  distribution: 'Rocky Linux 9.4 (Blue Onyx)',
  kernel: '5.14.0-427.13.1.el9_4.x86_64',
  pressure: false,
  libvirt: { libvirtVersion: '10.0.0', qemuVersion: '8.2.0' },
  cpuModel: 'Intel(R) Xeon(R) Silver 4214 CPU @ 2.20GHz',
  sockets: 2,
  cores: 24,
  threads: 48,
  memoryBytes: 96 * GIB,
  swapBytes: 16 * GIB,
  vendor: 'Dell Inc.',
  product: 'PowerEdge R540',
  uptimeDays: 301,
  clockSkewMs: -40,
  cpu: 0.09,
  memory: 0.26,
  leakEverySec: 5_400,
  netBytesPerSec: 250_000,
  diskBytesPerSec: 2_000_000,
  disks: [sata('a', 0, 960e9), sata('b', 1, 4e12)],
  mounts: [
    {
      source: '/dev/mapper/rl-root',
      device: '253:0',
      type: 'xfs',
      mountPoint: '/',
      sizeBytes: 200 * GIB,
      used: 0.47
    },
    { source: '/dev/sda2', device: '8:2', type: 'xfs', mountPoint: '/boot', sizeBytes: GIB, used: 0.38 },
    {
      source: '/dev/sdb1',
      device: '8:17',
      type: 'ext4',
      mountPoint: '/vm',
      sizeBytes: 3.6 * TIB,
      used: 0.88,
      growthPerDay: 0.01
    }
  ],
  nics: bridged('eno1'),
  vms: [
    vm('mail', 4, 16, { memory: 0.86, cpu: 0.2 }),
    vm('gitlab', 8, 24, { memory: 0.91, cpu: 0.38, diskBytes: 200 * GIB, diskBytesPerSec: 3_000_000 }),
    vm('ci-runner-1', 8, 12, { memory: 0.7, cpu: 0.62 }),
    vm('ci-runner-2', 8, 12, { memory: 0.68, cpu: 0.57 }),
    vm('legacy-erp', 2, 8, { memory: 0.93, cpu: 0.1, balloonPeriodSec: 0 })
  ]
}

const GPU: HostProfile = {
  ...DEBIAN,
  gpuPower: HARDWARE.gpu,
  name: 'gpu-01',
  hostName: 'gpu-01.lab.example',
  location: 'Shanghai Lab',
  tags: ['lab', 'gpu'],
  note: '',
  utcOffsetHours: 8,
  distribution: 'Ubuntu 24.04.1 LTS',
  kernel: '6.8.0-45-generic',
  libvirt: { libvirtVersion: '10.0.0', qemuVersion: '8.2.2' },
  cpuModel: 'AMD EPYC 9554 64-Core Processor',
  sockets: 2,
  cores: 128,
  threads: 256,
  memoryBytes: 768 * GIB,
  swapBytes: 0,
  vendor: 'GIGABYTE',
  product: 'G293-Z20',
  allowsSudo: true,
  uptimeDays: 21,
  clockSkewMs: 3,
  cpu: 0.28,
  memory: 0.44,
  leakEverySec: null,
  netBytesPerSec: 12_000_000,
  diskBytesPerSec: 45_000_000,
  disks: [nvme(7.68e12), nvme(7.68e12, 1)],
  mounts: [
    root(1.8 * TIB, 0.52),
    {
      source: '/dev/nvme1n1',
      device: '259:8',
      type: 'xfs',
      mountPoint: '/data',
      sizeBytes: 7 * TIB,
      used: 0.73,
      growthPerDay: 0.02
    }
  ],
  nics: [{ name: 'enp65s0f0np0', physical: true, share: 1 }],
  vms: [
    vm('train-a', 64, 256, { cpu: 0.81, memory: 0.72, diskBytesPerSec: 20_000_000, autostart: false }),
    vm('notebook', 16, 64, { cpu: 0.14, memory: 0.35, autostart: false })
  ]
}

const STORAGE: HostProfile = {
  ...DEBIAN,
  gpuPower: HARDWARE.storage,
  name: '存储-节点-07',
  hostName: 'storage-07',
  location: '北京 DC-2',
  tags: ['prod', 'storage'],
  note: '',
  utcOffsetHours: 8,
  cpuModel: 'Intel(R) Xeon(R) E-2276G CPU @ 3.80GHz',
  sockets: 1,
  cores: 6,
  threads: 12,
  memoryBytes: 64 * GIB,
  swapBytes: 4 * GIB,
  vendor: 'Inspur',
  product: 'NF5280M5',
  uptimeDays: 512,
  clockSkewMs: -2_600,
  cpu: 0.11,
  memory: 0.3,
  leakEverySec: null,
  netBytesPerSec: 38_000_000,
  diskBytesPerSec: 95_000_000,
  disks: [nvme(480e9), ...['a', 'b', 'c', 'd', 'e', 'f'].map((letter, index) => sata(letter, index, 16e12))],
  mounts: [
    root(400 * GIB, 0.19),
    {
      source: '/dev/md0',
      device: '9:0',
      type: 'xfs',
      mountPoint: '/srv/archive',
      sizeBytes: 72 * TIB,
      used: 0.865,
      growthPerDay: 0.003
    },
    {
      source: '/dev/sdf1',
      device: '8:81',
      type: 'ext4',
      mountPoint: '/srv/scratch',
      sizeBytes: 14.4 * TIB,
      used: 0.42
    }
  ],
  nics: [
    { name: 'ens3f0', physical: true, hasMaster: true, share: 0.5 },
    { name: 'ens3f1', physical: true, hasMaster: true, share: 0.5 },
    { name: 'bond0', physical: false, share: 1 }
  ],
  libvirt: null,
  vms: []
}

const EDGE: HostProfile = {
  ...DEBIAN,
  gpuPower: HARDWARE.edge,
  name: 'edge-seoul',
  hostName: 'edge-seoul',
  location: 'Seoul',
  tags: ['edge'],
  note: 'Behind a mobile link.',
  utcOffsetHours: 9,
  distribution: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.6.31+rpt-rpi-2712',
  machine: 'aarch64',
  cpuModel: 'Raspberry Pi 5 Model B Rev 1.0',
  sockets: 1,
  cores: 4,
  threads: 4,
  memoryBytes: 8 * GIB - 200 * MIB,
  swapBytes: 200 * MIB,
  vendor: '',
  product: '',
  uptimeDays: 9,
  clockSkewMs: 310,
  cpu: 0.14,
  memory: 0.24,
  leakEverySec: 7_200,
  netBytesPerSec: 60_000,
  diskBytesPerSec: 120_000,
  disks: [{ name: 'mmcblk0', major: 179, minor: 0, sizeBytes: 128e9 }],
  mounts: [
    {
      source: '/dev/mmcblk0p2',
      device: '179:2',
      type: 'ext4',
      mountPoint: '/',
      sizeBytes: 116 * GIB,
      used: 0.31
    },
    {
      source: '/dev/mmcblk0p1',
      device: '179:1',
      type: 'vfat',
      mountPoint: '/boot/firmware',
      sizeBytes: 510 * MIB,
      used: 0.13
    }
  ],
  nics: [
    { name: 'eth0', physical: true, share: 0.9 },
    { name: 'wlan0', physical: true, share: 0.1 }
  ],
  vms: [
    vm('gateway', 1, 1, { cpu: 0.22, memory: 0.6, diskBytes: 8 * GIB, diskBytesPerSec: 20_000 }),
    vm('sensors', 2, 2, { cpu: 0.09, memory: 0.45, diskBytes: 16 * GIB, diskBytesPerSec: 30_000 })
  ]
}

const BUILD: HostProfile = {
  ...DEBIAN,
  gpuPower: HARDWARE.build,
  name: 'build-host',
  hostName: 'build-host',
  location: 'Berlin office',
  tags: ['ci', 'office'],
  note: '',
  utcOffsetHours: 1,
  distribution: 'Alpine Linux v3.20',
  kernel: '6.6.41-0-lts',
  loginShell: '/bin/ash',
  libvirt: { libvirtVersion: '10.3.0', qemuVersion: '9.0.1' },
  cpuModel: 'AMD Ryzen 9 7950X 16-Core Processor',
  sockets: 1,
  cores: 16,
  threads: 32,
  memoryBytes: 128 * GIB,
  swapBytes: 0,
  vendor: 'ASUS',
  product: 'ProArt X670E-CREATOR WIFI',
  uptimeDays: 3,
  clockSkewMs: 55,
  cpu: 0.4,
  memory: 0.3,
  leakEverySec: null,
  netBytesPerSec: 3_000_000,
  diskBytesPerSec: 30_000_000,
  disks: [nvme(2e12)],
  mounts: [
    {
      source: '/dev/nvme0n1p2',
      device: '0:25',
      type: 'btrfs',
      mountPoint: '/',
      sizeBytes: 1.8 * TIB,
      used: 0.865,
      fills: { perHour: 0.024, cleanedEveryHours: 4 }
    }
  ],
  nics: bridged('eth0'),
  vms: [
    vm('builder-debian', 8, 16, { cpu: 0.74, memory: 0.6, diskBytesPerSec: 8_000_000 }),
    vm('builder-windows', 8, 24, {
      cpu: 0.48,
      memory: 0.66,
      firmware: 'uefi',
      running: false,
      autostart: false
    }),
    vm('registry', 2, 4, { cpu: 0.1, memory: 0.5, netBytesPerSec: 2_000_000 })
  ]
}

/** The six servers of the demo. */
export const DEMO_PROFILES: readonly HostProfile[] = [ALPHA, BRAVO, GPU, STORAGE, EDGE, BUILD]

/** Any number of servers: the six, then variations of them. */
export function demoProfiles(count: number, seed: number): HostProfile[] {
  return Array.from({ length: count }, (_unused, index) => {
    const base = DEMO_PROFILES[index % DEMO_PROFILES.length] ?? ALPHA
    return index < DEMO_PROFILES.length ? base : variation(base, index, seed)
  })
}

const SITES = ['Beijing DC-2', 'Shanghai Lab', 'Seoul', 'Berlin office', 'Frankfurt', 'São Paulo']

function variation(base: HostProfile, index: number, seed: number): HostProfile {
  const number = String(index + 1).padStart(3, '0')
  const factor = 0.4 + hash(seed, index) * 1.1
  return {
    ...base,
    name: `server-${number}`,
    hostName: `server-${number}.example`,
    location: SITES[index % SITES.length] ?? '',
    tags: [...base.tags.slice(0, 1), `rack-${1 + (index % 12)}`],
    note: '',
    clockSkewMs: Math.round((hash(seed + 1, index) - 0.5) * 200),
    uptimeDays: 1 + Math.floor(hash(seed + 2, index) * 400),
    cpu: Math.min(0.9, base.cpu * factor),
    memory: Math.min(0.6, base.memory * factor),
    netBytesPerSec: base.netBytesPerSec * factor,
    diskBytesPerSec: base.diskBytesPerSec * factor,
    vms: base.vms.map((profile) => ({ ...profile, cpu: Math.min(0.95, profile.cpu * factor) }))
  }
}

/** The server with another number of VMs, four of five running: variations of those of the first server. */
export function withMachines(profile: HostProfile, count: number): HostProfile {
  const vms = Array.from({ length: count }, (_unused, index): VmProfile => {
    const base = ALPHA.vms[index % ALPHA.vms.length] as VmProfile
    return { ...base, name: `vm-${String(index + 1).padStart(2, '0')}`, running: index % 5 !== 4 }
  })
  return { ...profile, libvirt: profile.libvirt ?? DEBIAN.libvirt, vms }
}
