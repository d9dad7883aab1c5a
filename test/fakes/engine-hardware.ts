/** Hardware of the engine in memory: every server has two disks, two file systems, a NIC in a bridge and eight threads. */
import type { Handlers } from '#contract/define.ts'
import type { Disk, HardwareOptions, HardwareView, TrafficView } from '#contract/hardware.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type HardwareHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `hardware.${string}`>
>

const GIB = 2 ** 30

export const fakeOptions: HardwareOptions = {
  countedInterfaces: null,
  resetDay: 1,
  quotaBytes: null,
  quotaOf: 'both'
}

export const fakeDisk = (name: string, changes: Partial<Disk> = {}): Disk => ({
  name,
  model: 'SAMSUNG MZQL23T8',
  serial: `S64G${name}`,
  sizeBytes: 3.84e12,
  rotational: false,
  removable: false,
  scheduler: 'none',
  readBytesPerSec: 1.5e6,
  writeBytesPerSec: 3e6,
  readOpsPerSec: 40,
  writeOpsPerSec: 120,
  utilisationRatio: 0.07,
  awaitMs: 0.4,
  queueLength: 0.06,
  smart: {
    readAtMs: Date.now(),
    asleep: false,
    problem: null,
    report: {
      protocol: 'nvme',
      model: 'SAMSUNG MZQL23T8',
      serial: `S64G${name}`,
      firmware: 'GDC5602Q',
      healthy: true,
      temperatureCelsius: 41,
      powerOnSec: 12_000 * 3_600,
      powerCycles: 20,
      wearUsedRatio: 0.04,
      spareRatio: 1,
      reallocatedSectors: null,
      pendingSectors: null,
      uncorrectable: 0,
      warnings: [],
      attributes: []
    }
  },
  ...changes
})

export const fakeHardware = (): HardwareView => ({
  atMs: Date.now(),
  readAtMs: Date.now(),
  error: null,
  cores: Array.from({ length: 8 }, (_, index) => ({ key: String(index), usedRatio: index / 10 })),
  disks: [
    fakeDisk('nvme0n1'),
    fakeDisk('sda', {
      rotational: true,
      smart: { readAtMs: null, report: null, asleep: false, problem: 'permissionDenied' }
    })
  ],
  fileSystems: [
    {
      mountPoint: '/',
      source: '/dev/nvme0n1p2',
      type: 'ext4',
      readOnly: false,
      network: false,
      stalled: false,
      sizeBytes: 100 * GIB,
      usedBytes: 40 * GIB,
      availableBytes: 55 * GIB,
      usedRatio: 0.42,
      inodesTotal: 6_553_600,
      inodesUsed: 327_680,
      inodesUsedRatio: 0.05
    },
    {
      mountPoint: '/mnt/share',
      source: 'nas:/export',
      type: 'nfs4',
      readOnly: false,
      network: true,
      stalled: true,
      sizeBytes: null,
      usedBytes: null,
      availableBytes: null,
      usedRatio: null,
      inodesTotal: null,
      inodesUsed: null,
      inodesUsedRatio: null
    }
  ],
  interfaces: [
    fakeInterface('br0', { kind: 'bridge', why: 'builtOnOthers', addresses: ['10.4.0.20/24'] }),
    fakeInterface('eno1', { counted: true, why: 'device', master: 'br0', speedBitsPerSec: 1e10 })
  ],
  smart: { id: 'smart', works: true, cause: null, fix: null },
  options: fakeOptions
})

type FakeInterface = NonNullable<HardwareView['interfaces']>[number]

function fakeInterface(name: string, changes: Partial<FakeInterface>): FakeInterface {
  return {
    name,
    state: 'up',
    kind: null,
    speedBitsPerSec: null,
    duplex: null,
    mac: '3c:ec:ef:00:00:01',
    mtuBytes: 1_500,
    addresses: [],
    master: null,
    counted: false,
    why: null,
    rxBytesPerSec: 125_000,
    txBytesPerSec: 25_000,
    rxBytes: 5 * GIB,
    txBytes: GIB,
    rxErrorsPerSec: 0,
    txErrorsPerSec: 0,
    rxDropsPerSec: 0,
    txDropsPerSec: 0,
    ...changes
  }
}

export const fakeTraffic = (): TrafficView => ({
  today: '2026-11-28',
  sinceDay: '2026-11-20',
  traffic: [
    {
      key: '',
      thisMonth: {
        fromDay: '2026-11-01',
        toDay: '2026-11-30',
        sum: { rxBytes: 300 * GIB, txBytes: 100 * GIB }
      },
      lastMonth: { fromDay: '2026-10-01', toDay: '2026-10-31', sum: { rxBytes: 0, txBytes: 0 } },
      forecast: { totalBytes: 450 * GIB, fromDays: 7 },
      days: [
        { day: '2026-11-26', rxBytes: 200 * GIB, txBytes: 80 * GIB, spreadBytes: 0 },
        { day: '2026-11-27', rxBytes: 100 * GIB, txBytes: 20 * GIB, spreadBytes: 120 * GIB }
      ]
    }
  ]
})

export const fakeHardwareHandlers = (): HardwareHandlers => ({
  'hardware.watch': (_input, { signal }) => createTopic(fakeHardware()).latest(signal),
  'hardware.readHealth': async () => null,
  'hardware.traffic': async () => fakeTraffic(),
  'hardware.setOptions': async () => null
})
