/** The servers of the demo that are there for something else: cards, disks, the edge, builds. */
import { HARDWARE } from '../gpu-power-profiles.ts'
import type { HostProfile } from './model.ts'
import { bridged, DEBIAN, GIB, MIB, nvme, root, sata, TIB, vm } from './parts.ts'

export const GPU: HostProfile = {
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

export const STORAGE: HostProfile = {
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

export const EDGE: HostProfile = {
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

export const BUILD: HostProfile = {
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
