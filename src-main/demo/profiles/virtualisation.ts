/** The two servers of the demo that are there for machines. */
import { HARDWARE } from '../gpu-power-profiles.ts'
import type { HostProfile } from './model.ts'
import { bridged, DEBIAN, GIB, nvme, root, sata, TIB, vm } from './parts.ts'

export const ALPHA: HostProfile = {
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
    vm('web-01', 4, 8, { cpu: 0.35, memory: 0.55, netBytesPerSec: 900_000, tags: ['prod', 'web'] }),
    vm('web-02', 4, 8, { cpu: 0.33, memory: 0.57, netBytesPerSec: 870_000, tags: ['prod', 'web'] }),
    vm('db-primary', 8, 48, {
      cpu: 0.42,
      memory: 0.83,
      diskBytesPerSec: 9_000_000,
      diskBytes: 400 * GIB,
      title: 'PostgreSQL 16',
      tags: ['db', 'prod']
    }),
    vm('db-replica', 8, 48, {
      cpu: 0.18,
      memory: 0.78,
      diskBytesPerSec: 6_000_000,
      diskBytes: 400 * GIB,
      tags: ['db', 'prod']
    }),
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

export const BRAVO: HostProfile = {
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
    vm('ci-runner-1', 8, 12, { memory: 0.7, cpu: 0.62, tags: ['ci'] }),
    vm('ci-runner-2', 8, 12, { memory: 0.68, cpu: 0.57, tags: ['ci'] }),
    vm('legacy-erp', 2, 8, { memory: 0.93, cpu: 0.1, balloonPeriodSec: 0 })
  ]
}
