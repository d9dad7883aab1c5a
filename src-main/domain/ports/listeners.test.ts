import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Listener } from '#contract/ports.ts'
import { addressOfHex, exposureOf } from './addresses.ts'
import { parseListening } from './listeners.ts'
import { serviceName } from './service-names.ts'

const folder = join(import.meta.dirname, '../../../test/recorded/ports')
const recorded = (name: string): string => readFileSync(join(folder, name), 'utf8')
const short = (name: string): string[] =>
  parseListening(recorded(name)).listeners.map(
    ({ protocol, family, address, port, exposure }) => `${protocol}${family} ${address} ${port} ${exposure}`
  )
const RUNS = process.env['VIRTHELM_LONG'] === '1' ? 10_000 : 1_000

describe('addresses of /proc/net', () => {
  it.each([
    ['0100007F', '127.0.0.1'],
    ['0B004D0A', '10.77.0.11'],
    ['00000000', '0.0.0.0'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000001000000', '::1'],
    ['0000000000000000FFFF00000200007F', '::ffff:127.0.0.2'],
    // 2001:db8::a00:1:0:ff, little-endian by 32 bits
    ['B80D0120000000000100000AFF000000', '2001:db8::a00:1:0:ff'],
    ['B80D0120010000000000000001000000', '2001:db8:0:1::1'],
    ['000080FE00000000FF005450563412FE', 'fe80::5054:ff:fe12:3456']
  ])('%s is %s', (hex, address) => {
    expect(addressOfHex(hex)).toBe(address)
  })
  it.each(['', '0100007', 'xx00007F', '0100007F0'])('%s is none', (hex) => {
    expect(addressOfHex(hex)).toBeNull()
  })
  it.each([
    ['127.0.0.53', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.2', 'loopback'],
    ['0.0.0.0', 'allAddresses'],
    ['::', 'allAddresses'],
    ['10.0.0.1', 'oneAddress'],
    ['fe80::1', 'oneAddress']
  ])('who reaches %s: %s', (address, exposure) => {
    expect(exposureOf(address)).toBe(exposure)
  })
})

describe('what listens', () => {
  it('as root, recorded: every socket with its process, no connection among them', () => {
    expect(short('debian-12-root.txt')).toEqual([
      'tcp4 0.0.0.0 22 allAddresses',
      'tcp6 :: 22 allAddresses',
      'udp4 0.0.0.0 68 allAddresses',
      'udp6 ::1 323 loopback',
      'tcp4 127.0.0.1 631 loopback',
      'tcp6 ::1 5432 loopback',
      'tcp6 ::ffff:127.0.0.2 8080 loopback',
      'udp4 0.0.0.0 45123 allAddresses'
    ])
    const { listeners, allProcesses } = parseListening(recorded('debian-12-root.txt'))
    expect(allProcesses).toBe(true)
    expect(listeners.every(({ process }) => process?.name === 'python3')).toBe(true)
    expect(listeners.every(({ user, unit }) => user === 'root' && unit === null)).toBe(true)
    expect(listeners.filter(({ passing }) => passing).map(({ port }) => port)).toEqual([45_123])
  })

  it('as an ordinary user: the unit where the process is hidden, and why it is', () => {
    const { listeners } = parseListening(recorded('ubuntu-24-user.txt'))
    const at = (port: number) => listeners.filter((one) => one.port === port)
    expect(at(53)[0]).toMatchObject({
      exposure: 'loopback',
      user: 'systemd-resolve',
      process: null,
      processMissing: 'permissionDenied',
      unit: 'systemd-resolved.service'
    })
    expect(at(5432)[0]?.unit).toBe('postgresql@16-main.service')
    expect(at(16_513)[0]).toMatchObject({ address: '10.77.0.11', exposure: 'oneAddress' })
    // Two processes share the port (SO_REUSEPORT): one listener.
    expect(at(8080)).toHaveLength(1)
    expect(at(8080)[0]?.process).toEqual({ pid: 4711, name: 'my (odd) name', others: 1 })
    expect(listeners.filter(({ passing }) => passing).map(({ port }) => port)).toEqual([49_374])
  })

  it('without a holder is the kernel’s own where all processes were seen', () => {
    const text = recorded('ubuntu-24-user.txt').replace('seen own', 'seen root')
    expect(parseListening(text).listeners.find(({ port }) => port === 2049)).toMatchObject({
      service: 'nfs',
      processMissing: 'kernel'
    })
  })

  it('of a server without these tables is not "nothing"', () => {
    expect(parseListening('ports 32768 60999\nseen own').read).toBe(false)
    expect(parseListening('tables\nseen own')).toMatchObject({ read: true, listeners: [] })
  })

  it('takes any text, and what comes out fits the contract', () => {
    const base = recorded('ubuntu-24-user.txt')
    const piece = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom('tcp ', 'fd ', '0A', '\n', ':', '99999999999999999999', '__proto__')
    )
    fc.assert(
      fc.property(fc.nat(base.length), fc.nat(80), piece, (at, cut, text) => {
        const { listeners } = parseListening(base.slice(0, at) + text + base.slice(at + cut))
        for (const listener of listeners) Listener.parse(listener)
      }),
      { numRuns: RUNS }
    )
  })

  it('knows the usual services by protocol', () => {
    expect([22, 443, 5900, 16_509].map((port) => serviceName(port))).toEqual([
      'ssh',
      'https',
      'vnc',
      'libvirt'
    ])
    expect([serviceName(514), serviceName(514, 'udp')]).toEqual(['shell', 'syslog'])
    expect(serviceName(1)).toBe('tcpmux')
    expect(serviceName(61_000)).toBeNull()
  })
})
