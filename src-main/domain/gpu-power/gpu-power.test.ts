import { describe, expect, it } from 'vitest'
import { recordedText } from '../../../test/fakes/sysfs-tree.ts'
import { parseDcmi } from './dcmi.ts'
import { dayOf, joulesBetween } from './energy.ts'
import { bestPower, powerSources, type PowerParts } from './power-sources.ts'
import { raplWatts, type RaplZone } from './rapl.ts'
import { parseSensors } from './sensors.ts'

describe('the BMC’s power figure', () => {
  it.each([
    ['dcmi-dell', { kind: 'watts', watts: 146 }],
    ['dcmi-supermicro', { kind: 'watts', watts: 284 }],
    ['dcmi-off', { kind: 'notMeasured' }],
    ['dcmi-not-supported', { kind: 'notMeasured' }],
    ['dcmi-no-access', { kind: 'denied' }],
    ['dcmi-sudo', { kind: 'denied' }]
  ])('%s', (file, expected) => {
    expect(parseDcmi(recordedText(`power/${file}.txt`))).toEqual(expected)
  })
})

describe('counters of energy', () => {
  const zone = (energyMicroJoules: number, rangeMicroJoules = 262_143_328_850): RaplZone[] => [
    { name: 'package-0', scope: 'part', energyMicroJoules, rangeMicroJoules }
  ]
  it('give watts over the server’s own time, also when they begin anew', () => {
    expect(raplWatts(zone(1e9), zone(4e9), 30)).toMatchObject([{ watts: 100, joules: 3_000 }])
    expect(raplWatts(zone(262_143_328_850 - 1e9), zone(2e9), 30)).toMatchObject([{ watts: 100 }])
  })
  it('give nothing where nobody can know how often they began anew, after a reboot, or without time', () => {
    expect(raplWatts(zone(1e9), zone(4e9), 600)).toEqual([])
    expect(raplWatts(zone(200e9), zone(1e6), 30)).toEqual([])
    expect(raplWatts(zone(1e9), zone(4e9), 0)).toEqual([])
    expect(raplWatts(zone(1e9), zone(4e9), -5)).toEqual([])
    expect(raplWatts([], zone(4e9), 30)).toEqual([])
  })
})

describe('which sources stand for the machine', () => {
  const none: PowerParts = { ipmiWatts: null, meters: [], rapl: [], batteries: [], gpuWatts: null }
  const rapl = (name: string, watts: number, scope: 'board' | 'part' = 'part') => ({
    name,
    watts,
    scope,
    joules: watts * 30
  })
  const best = (parts: Partial<PowerParts>) => {
    const found = bestPower(powerSources({ ...none, ...parts }))
    return found === null ? null : [found.keys, found.watts, found.scope]
  }

  it('the BMC before the meter before the CPU', () => {
    const meters = [{ name: 'power_meter/power1', watts: 160, scope: 'machine' as const }]
    const packages = [rapl('package-0', 60), rapl('package-0/dram', 9)]
    expect(best({ ipmiWatts: 180, meters, rapl: packages })).toEqual([['ipmi'], 180, 'machine'])
    expect(best({ meters, rapl: packages })).toEqual([['hwmon:power_meter/power1'], 160, 'machine'])
    expect(best({ rapl: packages, gpuWatts: 250 })).toEqual([
      ['rapl:package-0', 'rapl:package-0/dram', 'gpu'],
      319,
      'parts'
    ])
    expect(best({})).toBeNull()
  })
  it('psys holds the packages: they are not added to it', () => {
    expect(best({ rapl: [rapl('package-0', 12), rapl('psys', 19, 'board')] })).toEqual([
      ['rapl:psys'],
      19,
      'board'
    ])
  })
  it('a battery counts only while it is what the machine runs on', () => {
    const battery = { name: 'BAT0', watts: 8, discharging: true, chargeRatio: 0.8 }
    expect(best({ batteries: [battery, { ...battery, name: 'BAT1', watts: 6 }] })).toEqual([
      ['battery:BAT0', 'battery:BAT1'],
      14,
      'machine'
    ])
    expect(best({ batteries: [{ ...battery, discharging: false }], rapl: [rapl('package-0', 12)] })).toEqual([
      ['rapl:package-0'],
      12,
      'parts'
    ])
  })
  it('a meter of a part is shown, and is no machine', () => {
    expect(best({ meters: [{ name: 'ina3221/VDD_GPU', watts: 3, scope: 'part' }] })).toBeNull()
  })
})

describe('energy between readings', () => {
  const at = (atMs: number, watts: number) => ({ atMs, watts })
  it('is the mean over the span, or what the source counted', () => {
    expect(joulesBetween(at(0, 100), at(30_000, 200), null)).toBe(4_500)
    expect(joulesBetween(at(0, 100), at(30_000, 200), 4_000)).toBe(4_000)
  })
  it('is unknown over a gap, over a clock that went back, and before the first reading', () => {
    expect(joulesBetween(at(0, 100), at(120_000, 100), null)).toBeNull()
    expect(joulesBetween(at(0, 100), at(3_600_000, 100), 9e9)).toBeNull()
    expect(joulesBetween(at(60_000, 100), at(30_000, 100), null)).toBeNull()
    expect(joulesBetween(undefined, at(30_000, 100), null)).toBeNull()
  })
  it('belongs to the operator’s date', () => {
    expect(dayOf(Date.UTC(2026, 10, 28, 23, 59, 59), 'utc')).toBe('2026-11-28')
    const local = new Date(2026, 0, 3, 0, 0, 1)
    expect(dayOf(local.getTime(), 'local')).toBe('2026-01-03')
  })
})

describe('fans and control values', () => {
  const board = (fan2: number): string =>
    [
      'hwmon0/@device:/sys/devices/pci0000:00/0000:00:18.3',
      'hwmon0/name:k10temp',
      'hwmon0/temp1_label:Tctl',
      'hwmon0/temp1_input:92000',
      'hwmon0/temp2_label:Tdie',
      'hwmon0/temp2_input:65000',
      'hwmon1/name:nct6798',
      'hwmon1/fan1_input:0',
      `hwmon1/fan2_input:${fan2}`,
      'hwmon1/temp3_label:AUXTIN',
      'hwmon1/temp3_input:29000',
      'hwmon1/temp4_label:AUXTIN',
      'hwmon1/temp4_input:30000'
    ].join('\n')

  it('a fan that never turned is not there; one that stands now is', () => {
    const turned = new Set<string>()
    const fans = (fan2: number) =>
      parseSensors(board(fan2), turned)
        .sensors.filter(({ kind }) => kind === 'fan')
        .map(({ key, value }) => `${key} ${value}`)
    expect(fans(0)).toEqual([])
    expect(fans(812)).toEqual(['nct6798/fan2 812'])
    expect(fans(0)).toEqual(['nct6798/fan2 0'])
  })
  it('the control value of a Ryzen is no temperature of the die; two labels of one name stay two', () => {
    const { sensors, hottestCelsius } = parseSensors(board(0), new Set())
    expect(hottestCelsius).toBe(65)
    expect(sensors.map(({ key }) => key)).toEqual([
      'k10temp@0000:00:18.3/Tctl',
      'k10temp@0000:00:18.3/Tdie',
      'nct6798/AUXTIN (temp3)',
      'nct6798/AUXTIN (temp4)'
    ])
  })
})
