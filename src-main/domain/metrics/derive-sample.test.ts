import { describe, expect, it } from 'vitest'
import type { MetricValues } from '#contract/metric-catalogue.ts'
import { metricDefinition } from '#contract/metric-catalogue.ts'
import { RECORDED_SYSTEMS, recordedStep, type RecordedSystem } from '../../../test/fakes/recorded-proc.ts'
import { deriveSample, type HostDerivation, type HostStep } from './derive-sample.ts'

const KIB = 1024

function sampleOf(system: RecordedSystem): HostDerivation {
  return deriveSample(recordedStep(system, 1), recordedStep(system, 2))
}

function server(derivation: HostDerivation): MetricValues<'server'> {
  return (derivation.entities.find((entity) => entity.kind === 'server')?.values ??
    {}) as MetricValues<'server'>
}

function entity(derivation: HostDerivation, kind: 'disk' | 'interface', key: string): Record<string, number> {
  const found = derivation.entities.find((candidate) => candidate.kind === kind && candidate.key === key)
  if (found === undefined) throw new Error(`no ${kind} ${key}`)
  return found.values as Record<string, number>
}

function keys(derivation: HostDerivation, kind: 'disk' | 'interface'): string[] {
  return derivation.entities.filter((candidate) => candidate.kind === kind).map((candidate) => candidate.key)
}

describe.each(RECORDED_SYSTEMS)('%s', (system) => {
  it('gives only finite values of known metrics, ratios within 0..1, nothing negative', () => {
    for (const { kind, values } of sampleOf(system).entities) {
      for (const [metric, value] of Object.entries(values)) {
        const definition = metricDefinition(kind, metric)
        expect(definition, `${kind}.${metric}`).toBeDefined()
        expect(Number.isFinite(value), `${kind}.${metric}`).toBe(true)
        expect(value, `${kind}.${metric}`).toBeGreaterThanOrEqual(0)
        if (definition?.unit === 'ratio') expect(value, `${kind}.${metric}`).toBeLessThanOrEqual(1)
      }
    }
  })

  it('shares of the CPU add up to one', () => {
    const values = server(sampleOf(system))
    const sum =
      (values.cpuUserRatio ?? 0) +
      (values.cpuSystemRatio ?? 0) +
      (values.cpuNiceRatio ?? 0) +
      (values.cpuIdleRatio ?? 0) +
      (values.cpuIowaitRatio ?? 0) +
      (values.cpuIrqRatio ?? 0) +
      (values.cpuSoftirqRatio ?? 0) +
      (values.cpuStealRatio ?? 0)
    expect(sum).toBeCloseTo(1, 9)
    expect(values.cpuUsedRatio).toBeCloseTo(1 - (values.cpuIdleRatio ?? 0) - (values.cpuIowaitRatio ?? 0), 9)
  })

  it('has no rate in the first sample', () => {
    const first = deriveSample(null, recordedStep(system, 1))
    expect(first.brokenBy).toBeNull()
    for (const { values } of first.entities) {
      expect(Object.keys(values).filter((metric) => metric.endsWith('PerSec'))).toEqual([])
    }
    expect(server(first).cpuUsedRatio).toBeUndefined()
    expect(server(first).memoryTotalBytes).toBeGreaterThan(0)
  })
})

describe('values worked out by head', () => {
  it('Linux 3.10: memory without MemAvailable, CPU, LVM not counted twice', () => {
    const sample = sampleOf('linux-3.10')
    const values = server(sample)
    const available = (1201044 + 101204 + 3204100 - 204100 + 304100) * KIB
    expect(values.memoryAvailableBytes).toBe(available)
    expect(values.memoryUsedBytes).toBe(8011044 * KIB - available)
    expect(values.memoryCachedBytes).toBe((3204100 + 304100) * KIB)
    expect(values.swapUsedBytes).toBe(7148 * KIB)
    // user 200, system 100, idle 1640, iowait 60 of 2,000 ticks
    expect(values.cpuUserRatio).toBeCloseTo(0.1, 9)
    expect(values.cpuSystemRatio).toBeCloseTo(0.05, 9)
    expect(values.cpuIowaitRatio).toBeCloseTo(0.03, 9)
    expect(values.cpuUsedRatio).toBeCloseTo(0.15, 9)
    expect(keys(sample, 'disk')).toEqual(['sda'])
    expect(values.diskReadBytesPerSec).toBeCloseTo((800 * 512) / 5, 6)
    expect(values.diskWriteBytesPerSec).toBeCloseTo((16_000 * 512) / 5, 6)
    expect(entity(sample, 'disk', 'sda')).toMatchObject({
      readOpsPerSec: 10,
      writeOpsPerSec: 20,
      utilisationRatio: 0.1
    })
    expect(entity(sample, 'disk', 'sda').awaitMs).toBeCloseTo(150 / 150, 9)
    expect(values.netRxBytesPerSec).toBeCloseTo(50_000 / 5, 6)
    expect(values.pressureCpuSomeRatio).toBeUndefined()
  })

  it('RHEL 9: two NICs, counters of all', () => {
    const values = server(sampleOf('rhel-9'))
    expect(values.netRxBytesPerSec).toBe(1e6)
    expect(values.netTxBytesPerSec).toBe(2e5)
    expect(values.netTotalBytesPerSec).toBe(1.2e6)
    expect(values.netRxBytes).toBe(1e12 + 5e6)
  })

  it('Alpine: pressure from its totals', () => {
    const values = server(sampleOf('alpine-3.19'))
    expect(values.pressureCpuSomeRatio).toBeCloseTo(0.05, 9)
    expect(values.pressureIoSomeRatio).toBeCloseTo(0.2, 9)
    expect(values.pressureIoFullRatio).toBeCloseTo(0.1, 9)
    expect(values.cpuStealRatio).toBeCloseTo(20 / 1000, 9)
    expect(values.swapUsedRatio).toBeUndefined()
  })

  it('ARM: no boot partitions, no zram among the disks; zram swap in swap', () => {
    const sample = sampleOf('arm-sbc')
    expect(keys(sample, 'disk')).toContain('mmcblk0')
    expect(keys(sample, 'disk')).not.toContain('zram0')
    expect(keys(sample, 'disk')).not.toContain('mmcblk0p1')
    expect(server(sample).diskWriteBytesPerSec).toBeCloseTo((160 * 512) / 10, 6)
    expect(server(sample).swapUsedBytes).toBe(200_000 * KIB)
    expect(server(sample).pressureCpuSomeRatio).toBeCloseTo(0.1, 9)
  })

  it('a container under lxcfs does not lose the host’s ZFS cache; its traffic is that of the default route', () => {
    const values = server(sampleOf('lxc-lxcfs'))
    expect(values.memoryAvailableBytes).toBe(1797152 * KIB)
    expect(values.netRxBytesPerSec).toBe(1000)
    expect(values.netTxBytesPerSec).toBe(500)
  })

  it('ZFS host: the cache above its minimum is available; zvols and snaps are no disks', () => {
    const sample = sampleOf('zfs-host')
    expect(server(sample).memoryAvailableBytes).toBe(12700000 * KIB + 38 * 2 ** 30)
    expect(keys(sample, 'disk')).toEqual(['sda', 'sdb'])
    // A NIC inside a bridge is still where all traffic passes; the bridge and vnet0 are not added.
    expect(server(sample).netRxBytesPerSec).toBe(1e6)
    // 300 ticks of guest time are part of the 400 of user: the total is 1,600.
    expect(server(sample).cpuUsedRatio).toBeCloseTo(500 / 1600, 9)
  })

  it('128 CPUs: busy time that wraps at 2^32 takes away the utilisation only', () => {
    const sample = sampleOf('cpus-128')
    expect(keys(sample, 'disk')).toEqual(['nvme0n1'])
    const disk = entity(sample, 'disk', 'nvme0n1')
    expect(disk.utilisationRatio).toBeUndefined()
    expect(disk.readOpsPerSec).toBe(1000)
    expect(sample.brokenBy).toBeNull()
    expect(server(sample).netRxBytesPerSec).toBe(1e9)
    expect(server(sample).cpuUsedRatio).toBeCloseTo(0.5, 9)
  })

  it('bond, VLAN and bridges: bytes counted once; a container’s cable is not kept', () => {
    const sample = sampleOf('kvm-network')
    expect(server(sample).netRxBytesPerSec).toBe(2e6)
    expect(server(sample).netTxBytesPerSec).toBe(2e5)
    expect(server(sample).netRxBytes).toBe(3e11 + 4e6)
    expect(keys(sample, 'interface')).toContain('bond0.42')
    expect(keys(sample, 'interface')).not.toContain('vethab12cd3')
    expect(keys(sample, 'disk')).toEqual(['sda', 'sdb'])
  })
})

describe('no spike', () => {
  const system = 'rhel-9'
  const rates = (derivation: HostDerivation): string[] =>
    derivation.entities.flatMap(({ kind, key, values }) =>
      Object.keys(values)
        .filter((metric) => metric.endsWith('PerSec') || metric === 'cpuUsedRatio')
        .map((metric) => `${kind} ${key} ${metric}`)
    )

  it('after a reboot: uptime went back, no rate at all', () => {
    const derivation = deriveSample(
      recordedStep(system, 2),
      recordedStep(system, 1, (text) => text.replace('864000.10', '12.34'))
    )
    expect(derivation.brokenBy).toBe('rebooted')
    expect(rates(derivation)).toEqual([])
  })

  it('after a reboot that the uptime does not show', () => {
    const derivation = deriveSample(
      recordedStep(system, 2),
      recordedStep(system, 1, (text) =>
        text.replace('864000.10', '999000.10').replace('btime 1794310000', 'btime 1795300000')
      )
    )
    expect(derivation.brokenBy).toBe('rebooted')
    expect(rates(derivation)).toEqual([])
  })

  it.each([-3600, 3600])('when the server’s clock steps by %i s: the same rates', (step) => {
    const moved = deriveSample(
      recordedStep(system, 1),
      recordedStep(system, 2, (text) => text.replace('btime 1794310000', `btime ${1794310000 + step}`))
    )
    expect(moved).toEqual(sampleOf(system))
  })

  it('when a counter wraps or restarts: that interface has no rate, the server no sum, the rest stays', () => {
    const derivation = deriveSample(
      recordedStep(system, 1),
      recordedStep(system, 2, (text) => text.replace('1000005000000', '5000000'))
    )
    expect(derivation.brokenBy).toBe('counterReset')
    expect(entity(derivation, 'interface', 'eno1')).toEqual({ rxBytes: 5_000_000, txBytes: 200_001_000_000 })
    expect(server(derivation).netRxBytesPerSec).toBeUndefined()
    expect(server(derivation).netTotalBytesPerSec).toBeUndefined()
    expect(entity(derivation, 'interface', 'eno2').rxBytesPerSec).toBe(0)
    expect(server(derivation).cpuUsedRatio).toBeCloseTo(410 / 4000, 9)
    expect(server(derivation).diskReadOpsPerSec).toBe(10)
  })

  it('when a disk restarts its counters: no rate of it and no sum', () => {
    const derivation = deriveSample(
      recordedStep('kvm-network', 1),
      recordedStep('kvm-network', 2, (text) => text.replace('sdb 1100', 'sdb 3'))
    )
    expect(derivation.brokenBy).toBe('counterReset')
    expect(entity(derivation, 'disk', 'sdb')).toEqual({})
    expect(entity(derivation, 'disk', 'sda').readOpsPerSec).toBe(50)
    expect(server(derivation).diskReadOpsPerSec).toBeUndefined()
  })

  it('when a NIC is removed: the sum goes on with the others', () => {
    const derivation = deriveSample(
      recordedStep('kvm-network', 1),
      recordedStep('kvm-network', 2, (text) => text.replace(/ *eno2:.*\n/, ''))
    )
    expect(derivation.brokenBy).toBeNull()
    expect(server(derivation).netRxBytesPerSec).toBe(1e6)
    expect(keys(derivation, 'interface')).not.toContain('eno2')
  })

  it('when another NIC comes under an old name: its counters are not compared', () => {
    const before = recordedStep(system, 1)
    const after = recordedStep(system, 2)
    const interfaces = new Map(after.inventory.interfaces)
    interfaces.set('eno1', { ifindex: 9, physical: true, containerEnd: false })
    const replaced: HostStep = { ...after, inventory: { ...after.inventory, interfaces } }
    const derivation = deriveSample(before, replaced)
    expect(entity(derivation, 'interface', 'eno1').rxBytesPerSec).toBeUndefined()
    expect(derivation.brokenBy).toBeNull()
    expect(server(derivation).netRxBytesPerSec).toBe(0)
  })

  it('when idle and iowait fall: clamped, the rest adds up', () => {
    const derivation = deriveSample(
      recordedStep(system, 1),
      recordedStep(system, 2, (text) =>
        text.replace(/^cpu .*$/m, 'cpu  1000300 5000 400100 67003580 19990 30005 20005 0 0 0')
      )
    )
    const values = server(derivation)
    expect(values.cpuIowaitRatio).toBe(0)
    expect(values.cpuUsedRatio).toBeCloseTo(410 / 3990, 9)
    expect(derivation.brokenBy).toBeNull()
  })

  it('when steal jumps beyond what the CPUs can have had (live migration): no CPU value', () => {
    const derivation = deriveSample(
      recordedStep(system, 1),
      recordedStep(system, 2, (text) =>
        text.replace(/^cpu .*$/m, 'cpu  1000300 5000 400100 67003580 20010 30005 20005 184467440737 0 0')
      )
    )
    expect(server(derivation).cpuUsedRatio).toBeUndefined()
    expect(derivation.brokenBy).toBe('counterReset')
  })

  it('the same frame twice: no division by zero', () => {
    const derivation = deriveSample(recordedStep(system, 1), recordedStep(system, 1))
    expect(derivation.brokenBy).toBeNull()
    expect(rates(derivation)).toEqual([])
  })
})

describe('CPU threads', () => {
  const system = 'rhel-9'
  const cores = (derivation: HostDerivation): Record<string, number | undefined> =>
    Object.fromEntries(
      derivation.entities
        .filter(({ kind }) => kind === 'core')
        .map(({ key, values }) => [key, (values as MetricValues<'core'>).cpuUsedRatio])
    )
  /** Two threads: user, nice, system, idle, iowait, irq, softirq, steal. */
  const threads = (first: string, second: string | null) => (text: string) =>
    text
      .replace(/^cpu\d+ .*\n/gm, '')
      .replace(/^(cpu .*\n)/m, `$1cpu0 ${first} 0 0\n${second === null ? '' : `cpu1 ${second} 0 0\n`}`)
  const step = (frame: 1 | 2, first: string, second: string | null) =>
    recordedStep(system, frame, threads(first, second))
  const before = step(1, '1000 0 500 9000 100 0 0 0', '2000 0 0 9000 0 0 0 0')

  it('used = total − idle − iowait of each, by head', () => {
    // 40 user, 20 system, 130 idle, 10 iowait of 200; and all of 200 busy.
    const after = step(2, '1040 0 520 9130 110 0 0 0', '2200 0 0 9000 0 0 0 0')
    expect(cores(deriveSample(before, after))).toEqual({ '0': 0.3, '1': 1 })
    expect(cores(deriveSample(null, after))).toEqual({ '0': undefined, '1': undefined })
  })

  it('within 0.5 % of the truth at 2 s, wherever the hundredths of a second fall', () => {
    for (let offset = 0; offset < 100; offset++) {
      const at = (sec: number): string => {
        const busy = Math.floor((1000 + sec * 0.37) * 100)
        return `${busy} 0 0 ${Math.floor((1000 + sec) * 100) - busy + 70_000} 0 0 0 0`
      }
      const from = step(1, at(offset / 10_000), null)
      const to = step(2, at(offset / 10_000 + 2), null)
      const used = cores(deriveSample(from, to))['0'] ?? NaN
      expect(Math.abs(used - 0.37)).toBeLessThanOrEqual(0.005 + 1e-9)
    }
  })

  it('no spike: a thread that went offline and came back, one whose counters fell, one that jumped', () => {
    const gone = step(2, '1040 0 520 9130 110 0 0 0', null)
    expect(cores(deriveSample(before, gone))).toEqual({ '0': 0.3 })
    expect(
      cores(
        deriveSample(
          step(1, '1000 0 500 9000 100 0 0 0', null),
          step(2, '1040 0 520 9130 110 0 0 0', '5 0 0 5 0 0 0 0')
        )
      )
    ).toEqual({
      '0': 0.3,
      '1': undefined
    })
    const fell = step(2, '1040 0 520 9130 110 0 0 0', '3 0 0 4 0 0 0 0')
    expect(cores(deriveSample(before, fell))).toEqual({ '0': 0.3, '1': undefined })
    const jumped = step(2, '1040 0 520 9130 110 0 0 0', '2000 0 0 9000 0 0 0 184467440737')
    expect(cores(deriveSample(before, jumped))).toEqual({ '0': 0.3, '1': undefined })
  })

  it('after a reboot none has a value; a step of the clock changes none', () => {
    const after = '1040 0 520 9130 110 0 0 0'
    const rebooted = recordedStep(system, 1, (text) =>
      threads(after, null)(text).replace('864000.10', '12.34')
    )
    expect(cores(deriveSample(step(2, after, null), rebooted))).toEqual({ '0': undefined })
    for (const bootTime of [1794306400, 1794313600]) {
      const stepped = recordedStep(system, 2, (text) =>
        threads(after, null)(text).replace('btime 1794310000', `btime ${bootTime}`)
      )
      expect(cores(deriveSample(before, stepped))).toEqual({ '0': 0.3 })
    }
  })

  it('128 of them', () => {
    const shares = Object.values(cores(sampleOf('cpus-128')))
    expect(shares).toHaveLength(128)
    for (const share of shares) if (share !== undefined) expect(share).toBeGreaterThanOrEqual(0)
  })
})

describe('what the operator chose', () => {
  it('is the server’s sum, at the sample after the choice already, without a spike', () => {
    const [before, after] = [recordedStep('kvm-network', 1), recordedStep('kvm-network', 2)]
    const auto = server(deriveSample(before, after))
    const chosen = server(deriveSample(before, { ...after, chosen: new Set(['eno2']) }))
    const eno2 = entity(deriveSample(before, after), 'interface', 'eno2')
    expect(chosen.netRxBytesPerSec).toBe(eno2.rxBytesPerSec)
    expect(chosen.netRxBytes).toBe(eno2.rxBytes)
    expect(chosen.netRxBytesPerSec).toBeLessThan(auto.netRxBytesPerSec ?? 0)
    const gone = server(deriveSample(before, { ...after, chosen: new Set(['usb0']) }))
    expect(gone.netRxBytesPerSec).toBeUndefined()
    expect(gone.netRxBytes).toBeUndefined()
  })
})

describe('a disk that is plugged in', () => {
  it('has no rate at first, and the server’s sum does not jump', () => {
    const before = recordedStep('kvm-network', 1, (text) => text.replace(/^.* sdb .*\n/m, ''))
    const derivation = deriveSample(before, recordedStep('kvm-network', 2))
    expect(entity(derivation, 'disk', 'sdb')).toEqual({})
    expect(derivation.brokenBy).toBeNull()
    expect(server(derivation).diskReadOpsPerSec).toBe(entity(derivation, 'disk', 'sda').readOpsPerSec)
  })
})

describe('rates at 2 s', () => {
  it('are off by less than 1 % although the uptime has two digits', () => {
    const bytesPerSec = 123_456
    for (let offset = 0; offset < 100; offset++) {
      // The true times fall anywhere within the hundredth of a second that is printed.
      const from = 1000 + offset / 10_000
      const to = from + 2
      const print = (sec: number): string => (Math.floor(sec * 100) / 100).toFixed(2)
      const at = (sec: number) => (text: string) =>
        text.replace(/^864\S+/, print(sec)).replace(/eno1: \d+/, `eno1: ${Math.round(sec * bytesPerSec)}`)
      const derivation = deriveSample(recordedStep(system, 1, at(from)), recordedStep(system, 1, at(to)))
      const rate = server(derivation).netRxBytesPerSec ?? 0
      expect(Math.abs(rate - bytesPerSec) / bytesPerSec).toBeLessThan(0.01)
    }
  })
  const system = 'rhel-9'
})
