import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FUZZ_RUNS, recordedVirsh } from '../../../test/fakes/recorded-virsh.ts'
import { type DomstatsRecord, parseDomstats } from './domstats.ts'
import {
  countersOf,
  cpuAndNetworkValues,
  diskRateValues,
  diskSpacesOf,
  diskSpaceValues,
  memoryValues,
  type VmFacts
} from './vm-values.ts'

const facts: VmFacts = { vcpus: 2, removableTargets: new Set(['sda']), balloonPeriodSec: 5 }

function record(fields: Record<string, string | number>): DomstatsRecord {
  return { name: 'vm', fields: new Map(Object.entries(fields).map(([key, value]) => [key, String(value)])) }
}

const running = (fields: Record<string, string | number>, atMs: number, id = 7) =>
  countersOf(record(fields), id, atMs)
const net = (rx: number, tx: number, name = 'vnet0') => ({
  'net.count': 1,
  'net.0.name': name,
  'net.0.rx.bytes': rx,
  'net.0.tx.bytes': tx
})

describe('CPU and network', () => {
  it('takes CPU over all vCPUs and rates over the elapsed time', () => {
    const earlier = running({ 'cpu.time': 1e9, ...net(1000, 500) }, 10_000)
    const now = running({ 'cpu.time': 6e9, ...net(6000, 1500) }, 15_000)
    expect(cpuAndNetworkValues(earlier, now, facts)).toEqual({
      cpuUsedRatio: 0.5,
      netRxBytes: 6000,
      netTxBytes: 1500,
      netRxBytesPerSec: 1000,
      netTxBytesPerSec: 200
    })
  })

  it('has no rates in the first round', () => {
    expect(cpuAndNetworkValues(null, running({ 'cpu.time': 1, ...net(1, 2) }, 0), facts)).toEqual({
      netRxBytes: 1,
      netTxBytes: 2
    })
  })

  it('has no rates over a new start of the VM, even when its counters are larger', () => {
    const earlier = running({ 'cpu.time': 1, ...net(1, 1) }, 0, 7)
    const now = running({ 'cpu.time': 5e9, ...net(9, 9) }, 5000, 8)
    expect(cpuAndNetworkValues(earlier, now, facts)).toEqual({ netRxBytes: 9, netTxBytes: 9 })
  })

  it('has no rate for a counter that went back or a device that came or went', () => {
    const earlier = running({ 'cpu.time': 9e9, ...net(5, 5) }, 0)
    const now = running({ 'cpu.time': 1e9, ...net(4, 6) }, 5000)
    const values = cpuAndNetworkValues(earlier, now, facts)
    expect(values.cpuUsedRatio).toBeUndefined()
    expect(values.netRxBytesPerSec).toBeUndefined()
    expect(values.netTxBytesPerSec).toBeCloseTo(0.2)
    const other = running(net(50, 50, 'vnet9'), 5000)
    expect(cpuAndNetworkValues(earlier, other, facts).netRxBytesPerSec).toBeUndefined()
  })

  it('never shows more than all of the vCPUs, and nothing without their number', () => {
    const earlier = running({ 'cpu.time': 0 }, 0)
    const now = running({ 'cpu.time': 11e9 }, 5000)
    expect(cpuAndNetworkValues(earlier, now, facts).cpuUsedRatio).toBe(1)
    expect(cpuAndNetworkValues(earlier, now, { ...facts, vcpus: null }).cpuUsedRatio).toBeUndefined()
  })

  it('reads two recorded rounds of real guests', () => {
    const [one, two] = ['domstats-fast-1', 'domstats-fast-2'].map((file) =>
      parseDomstats(recordedVirsh(file)).find(({ name }) => name === 'web 01')
    )
    if (one === undefined || two === undefined) throw new Error('not recorded')
    const values = cpuAndNetworkValues(countersOf(one, 1, 0), countersOf(two, 1, 5000), facts)
    expect(values.cpuUsedRatio).toBeGreaterThan(0)
    expect(values.cpuUsedRatio).toBeLessThan(0.5)
    expect(values.netRxBytes).toBeGreaterThan(0)
  })
})

describe('memory', () => {
  const balloon = { 'balloon.current': 1000, 'balloon.maximum': 2000, 'balloon.last-update': 5 }

  it('is what the guest cannot give out, of the current balloon', () => {
    expect(memoryValues(record({ ...balloon, 'balloon.unused': 100, 'balloon.usable': 400 }), facts)).toEqual(
      {
        values: { memoryBalloonBytes: 1_024_000, memoryUsedBytes: 614_400, memoryUsedRatio: 0.6 },
        memoryUnknown: null
      }
    )
  })

  it('takes free memory and caches where the guest does not tell more', () => {
    const old = record({ ...balloon, 'balloon.unused': 100, 'balloon.disk_caches': 200 })
    expect(memoryValues(old, facts).values.memoryUsedRatio).toBeCloseTo(0.7)
  })

  it('is unknown, and neither 0 nor 100 %, without a balloon period', () => {
    expect(memoryValues(record(balloon), { ...facts, balloonPeriodSec: null })).toEqual({
      values: { memoryBalloonBytes: 1_024_000 },
      memoryUnknown: 'noBalloonPeriod'
    })
  })

  it('is unknown for a guest that was asked and never answered', () => {
    const silent = record({ ...balloon, 'balloon.last-update': 0, 'balloon.usable': 0 })
    expect(memoryValues(silent, facts).memoryUnknown).toBe('notReported')
  })

  it('reads recorded guests: all that run with a period tell, the one without does not', () => {
    const unknown = parseDomstats(recordedVirsh('domstats-full'))
      .filter(({ fields }) => fields.get('state.state') === '1')
      .map((one) => memoryValues(one, facts).values.memoryUsedRatio)
    expect(
      unknown.filter((ratio) => ratio !== undefined && ratio > 0.2 && ratio < 0.9).length
    ).toBeGreaterThan(3)
  })
})

describe('disks', () => {
  const disk = (index: number, name: string, allocation: number, capacity: number) => ({
    [`block.${index}.name`]: name,
    [`block.${index}.allocation`]: allocation,
    [`block.${index}.capacity`]: capacity
  })

  it('sums allocation of capacity, without CD-ROM drives', () => {
    const spaces = diskSpacesOf(
      record({
        'block.count': 3,
        ...disk(0, 'vda', 10, 100),
        ...disk(1, 'vdb', 40, 100),
        ...disk(2, 'sda', 600, 600)
      })
    )
    expect(diskSpaceValues(spaces, facts)).toEqual({
      diskAllocationBytes: 50,
      diskCapacityBytes: 200,
      diskUsedRatio: 0.25
    })
  })

  it('has no ratio of nothing', () => {
    expect(diskSpaceValues(diskSpacesOf(record({ 'block.count': 1, 'block.0.name': 'vda' })), facts)).toEqual(
      {}
    )
  })

  it('takes rates between rounds that had the disks', () => {
    const at = (bytes: number, ops: number) => ({
      'block.count': 1,
      'block.0.name': 'vda',
      'block.0.rd.bytes': bytes,
      'block.0.wr.bytes': bytes * 2,
      'block.0.rd.reqs': ops,
      'block.0.wr.reqs': ops
    })
    expect(diskRateValues(running(at(0, 0), 0), running(at(10_000, 50), 10_000))).toEqual({
      diskReadBytesPerSec: 1000,
      diskWriteBytesPerSec: 2000,
      diskReadOpsPerSec: 5,
      diskWriteOpsPerSec: 5
    })
    expect(diskRateValues(running({}, 0), running(at(1, 1), 5000))).toEqual({})
  })
})

it('makes of any record only finite, non-negative values, and ratios within 0 and 1', () => {
  const field = fc.constantFrom(
    'cpu.time',
    'net.count',
    'net.0.name',
    'net.0.rx.bytes',
    'net.0.tx.bytes',
    'block.count',
    'block.0.name',
    'block.0.allocation',
    'block.0.capacity',
    'block.0.rd.bytes',
    'balloon.current',
    'balloon.usable',
    'balloon.unused',
    'balloon.disk_caches',
    'balloon.last-update'
  )
  const value = fc.oneof(fc.nat().map(String), fc.constantFrom('18446744073709551615', '0', '', '-1', 'x'))
  const any = fc.dictionary(field, value).map(record)
  fc.assert(
    fc.property(any, any, fc.integer({ min: -1000, max: 10_000 }), (one, two, elapsedMs) => {
      const earlier = countersOf(one, 1, 0)
      const now = countersOf(two, 1, elapsedMs)
      const values = {
        ...cpuAndNetworkValues(earlier, now, facts),
        ...diskRateValues(earlier, now),
        ...diskSpaceValues(diskSpacesOf(two), facts),
        ...memoryValues(two, facts).values
      }
      for (const [metric, found] of Object.entries(values)) {
        expect(Number.isFinite(found) && found >= 0, metric).toBe(true)
        if (metric.endsWith('Ratio')) expect(found, metric).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: FUZZ_RUNS }
  )
})
