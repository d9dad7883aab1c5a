import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseParts, type HardwareParts } from './parts.ts'

const recorded = (file: string): string =>
  readFileSync(join(import.meta.dirname, '../../../test/recorded/hardware', file), 'utf8')
const disk = (parts: HardwareParts, name: string) => parts.disks.find((one) => one.name === name)
const link = (parts: HardwareParts, name: string) => parts.links.find((one) => one.name === name)

describe('a host of machines', () => {
  const parts = parseParts(recorded('kvm-host.txt'))

  it('disks: models and serial numbers from wherever they stand', () => {
    expect(disk(parts, 'nvme0n1')).toEqual({
      name: 'nvme0n1',
      model: 'SAMSUNG MZQL23T8HCLS-00A07',
      serial: 'S64HNE0R000001',
      sizeBytes: 3_840_755_982_336,
      rotational: false,
      removable: false,
      scheduler: 'none'
    })
    expect(disk(parts, 'sda')).toMatchObject({
      model: 'ST16000NM001G-2K',
      serial: 'ZL20NXC0',
      scheduler: 'mq-deadline'
    })
    expect(disk(parts, 'sdb')).toMatchObject({ model: 'SEAGATE ST1200MM0099', scheduler: 'bfq' })
    expect(disk(parts, 'sdc')).toMatchObject({
      model: 'Kingston DataTraveler 3.0',
      removable: true,
      serial: null
    })
    expect(disk(parts, 'vda')).toMatchObject({ model: null, serial: null })
  })

  it('interfaces: what is built on what, speeds only where there is a link', () => {
    expect(link(parts, 'eno1')).toMatchObject({
      ifindex: 2,
      state: 'up',
      speedBitsPerSec: 1e10,
      mtuBytes: 9_000,
      master: 'bond0',
      hasDevice: true,
      kind: null
    })
    expect(link(parts, 'eno2')).toMatchObject({ state: 'down', speedBitsPerSec: null })
    expect(link(parts, 'br0')).toMatchObject({
      kind: 'bridge',
      addresses: ['192.0.2.20/24', '2001:db8::20/64']
    })
    expect(link(parts, 'br0.42')).toMatchObject({ kind: 'vlan', addresses: ['198.51.100.7/25'] })
    expect(link(parts, 'lo')).toMatchObject({ mac: null, addresses: ['127.0.0.1/8', '::1/128'] })
  })

  it('counters, the boot, what zram takes of the memory', () => {
    expect(parts.counters.get('eno1')).toMatchObject({
      rxBytes: 5e11,
      txBytes: 2e11,
      rxErrors: 2,
      txDrops: 5
    })
    expect(parts.bootId).toBe('2f0a81c9-9d30-43ec-a5d7-7963a1f41976')
    expect(parts.uptimeSec).toBe(14_741.45)
    expect(parts.zramUsedBytes).toBe(1_140_850_688 + 4_096)
    expect(parts.packageTool).toBe('apt-get')
  })
})

it('without `ip`: addresses by what the kernel tells everybody', () => {
  const parts = parseParts(recorded('no-ip-tool.txt'))
  expect(link(parts, 'eth0')?.addresses).toEqual([
    'fe80::5054:ff:fe12:3456/64',
    '2001:db8::1:0:0:1/64',
    '192.168.7.31/24'
  ])
  expect(link(parts, 'wlan0')).toMatchObject({
    addresses: ['10.20.30.40/16'],
    state: 'dormant',
    kind: 'wlan'
  })
  expect(parts.zramUsedBytes).toBeNull()
})

describe('hostile text', () => {
  it('never gets out as an exception, as NaN, or beyond its caps', () => {
    const seeds = [recorded('kvm-host.txt'), recorded('no-ip-tool.txt')]
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        '\n',
        'link ',
        'disk x size -1\n',
        'addr ',
        ' ',
        'udev =',
        '99999999999999999999',
        'dev :',
        '['
      )
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2_000 }),
      fc
        .tuple(
          fc.constantFrom(...seeds),
          fc.array(fc.tuple(fc.nat(5_000), fc.nat(60), piece), { minLength: 1, maxLength: 8 })
        )
        .map(([seed, cuts]) =>
          cuts.reduce(
            (changed, [at, length, put]) => changed.slice(0, at) + put + changed.slice(at + length),
            seed
          )
        )
    )
    fc.assert(
      fc.property(text, (hostile) => {
        const parts = parseParts(hostile)
        for (const one of [...parts.disks, ...parts.links])
          for (const value of Object.values(one))
            if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
      }),
      { numRuns: process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000 }
    )
    const many = Array.from({ length: 5_000 }, (_, index) => `link veth${index} ifindex ${index}`).join('\n')
    expect(parseParts(many).links).toHaveLength(1_024)
  })
})
