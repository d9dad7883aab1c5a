import { describe, expect, it } from 'vitest'
import { createChecks, type CreateFacts, type WantedMachine } from './create-checks.ts'

const GIB = 2 ** 30
const wanted: WantedMachine = {
  name: 'web-04',
  os: 'linux',
  firmware: null,
  emulated: false,
  vcpus: 2,
  memoryBytes: 2 * GIB,
  source: 'iso',
  copy: null,
  disk: { sizeBytes: 20 * GIB, format: 'qcow2', allocation: 'thin' },
  network: 'network'
}
const image = { name: 'a.iso', format: 'iso', capacityBytes: GIB, usedBy: [], isBacking: false }
const pool = { name: 'images', type: 'dir', isRunning: true, isResponding: true, availableBytes: 100 * GIB }
const facts: CreateFacts = {
  host: {
    architecture: 'x86_64',
    machine: 'q35',
    kvm: true,
    firmwares: ['bios', 'uefi', 'uefiSecure'],
    tpm: true,
    maxVcpus: 288,
    diskBuses: ['virtio'],
    videoModels: ['vga'],
    cpuModes: [],
    hyperv: null,
    rng: true
  },
  cpuThreads: 8,
  memoryTotalBytes: 64 * GIB,
  memoryAvailableBytes: 16 * GIB,
  takenNames: ['db'],
  image,
  pool,
  network: { name: 'default', isActive: true },
  usesKnown: true
}
type Change = [string, Partial<WantedMachine>, Partial<CreateFacts>, string, string]
const host = (change: Partial<CreateFacts['host']>): Partial<CreateFacts> => ({
  host: { ...facts.host, ...change }
})
const cloud = { source: 'cloudImage', copy: 'backing' } as const
const disk = { name: 'a.qcow2', format: 'qcow2', capacityBytes: 5 * GIB, usedBy: [], isBacking: false }
const thin = { sizeBytes: 20 * GIB, format: 'qcow2', allocation: 'thin' } as const

describe('the preflight', () => {
  it('has nothing against a machine that fits', () => {
    expect(createChecks(wanted, facts).filter(({ state }) => state !== 'ok')).toEqual([])
  })

  const changes: Change[] = [
    ['name', { name: 'db' }, {}, 'fail', 'taken'],
    ['name', { name: '12' }, {}, 'warn', 'looksLikeId'],
    ['acceleration', {}, host({ kvm: false }), 'fail', 'noKvm'],
    ['acceleration', { emulated: true }, host({ kvm: false }), 'warn', 'emulated'],
    ['firmware', { os: 'windows11' }, host({ firmwares: ['bios'] }), 'fail', 'missing'],
    ['firmware', { os: 'windows10' }, host({ firmwares: ['bios'] }), 'warn', 'instead'],
    ['firmware', { os: 'windows11', firmware: 'uefi' }, {}, 'warn', 'windowsWantsSecure'],
    ['tpm', { os: 'windows11' }, host({ tpm: false }), 'warn', 'windowsWantsTpm'],
    ['cpus', { vcpus: 9 }, {}, 'warn', 'moreThanHost'],
    ['cpus', { vcpus: 289 }, {}, 'fail', 'tooMany'],
    ['memory', { memoryBytes: 20 * GIB }, {}, 'warn', 'moreThanFree'],
    ['memory', { memoryBytes: 65 * GIB }, {}, 'fail', 'moreThanHost'],
    ['source', {}, { image: null }, 'fail', 'gone'],
    ['source', {}, { image: disk }, 'fail', 'notAnIso'],
    ['source', cloud, {}, 'fail', 'isAnIso'],
    ['source', cloud, { image: { ...disk, capacityBytes: 21 * GIB } }, 'fail', 'largerThanDisk'],
    [
      'source',
      { source: 'existingDisk', disk: null },
      { image: { ...disk, usedBy: ['db'] } },
      'fail',
      'inUse'
    ],
    [
      'source',
      { source: 'existingDisk', disk: null },
      { image: { ...disk, isBacking: true } },
      'fail',
      'isBacking'
    ],
    [
      'source',
      { source: 'existingDisk', disk: null },
      { image: disk, usesKnown: false },
      'fail',
      'usesUnknown'
    ],
    ['source', { source: 'network', network: 'none' }, {}, 'fail', 'networkBootNeedsCard'],
    ['pool', {}, { pool: null }, 'fail', 'gone'],
    ['pool', {}, { pool: { ...pool, isRunning: false } }, 'fail', 'inactive'],
    ['pool', {}, { pool: { ...pool, isResponding: false } }, 'fail', 'notResponding'],
    ['pool', {}, { pool: { ...pool, type: 'rbd' } }, 'fail', 'unsuited'],
    ['pool', {}, { pool: { ...pool, type: 'logical' } }, 'fail', 'rawOnly'],
    ['pool', { ...cloud, disk: { ...thin, format: 'raw' } }, { image: disk }, 'fail', 'backingNeedsQcow2'],
    ['space', { disk: { ...thin, sizeBytes: 200 * GIB } }, {}, 'warn', 'thinOver'],
    ['space', { disk: { ...thin, sizeBytes: 200 * GIB, allocation: 'full' } }, {}, 'fail', 'tooLittle'],
    [
      'space',
      { ...cloud, copy: 'full' },
      { image: disk, pool: { ...pool, availableBytes: GIB } },
      'fail',
      'tooLittle'
    ],
    ['network', {}, { network: null }, 'fail', 'gone'],
    ['network', {}, { network: { name: 'lan', isActive: false } }, 'fail', 'inactive'],
    ['network', { network: 'bridge' }, { network: null }, 'warn', 'bridgeUnknown']
  ]
  it.each(changes)('%s: %j %j → %s %s', (id, change, fact, state, reason) => {
    const checks = createChecks({ ...wanted, ...change }, { ...facts, ...fact })
    expect(checks.find((check) => check.id === id)).toMatchObject({ state, reason })
  })
})
