/** Tables, addresses and documents of pools, volumes and networks. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAddress, formatPrefix, parseAddress, parseSubnet, problemOf, proposedRange } from './ipv4.ts'
import { networkXml, poolXml, volumeXml } from './store-documents.ts'
import { parseLeases, parseVolumeList } from './store-tables.ts'

const RUNS = { numRuns: process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000 }

describe('vol-list', () => {
  it('reads names with blanks, escapes and paths of other forms', () => {
    const text = ` a.qcow2                 /p/a.qcow2
 two  blanks             /p/two  blanks
  lead                   /p/ lead
 \\xe7\\xa3\\x81             /p/\\xe7\\xa3\\x81
 unit:0:0:1              /dev/disk/by-path/ip-10.0.0.1-lun-1

`
    expect(parseVolumeList(text)).toEqual({
      names: ['a.qcow2', 'two  blanks', ' lead', '磁', 'unit:0:0:1'],
      leftOut: 0
    })
  })

  it('counts what it cannot read instead of guessing', () => {
    expect(parseVolumeList(' first\n second   /p/x\n \\xff\\xff   /p/\\xff\\xff\n')).toEqual({
      names: ['second'],
      leftOut: 2
    })
  })

  it('gives back every name that virsh can print, and never throws', () => {
    const name = fc
      .string({ minLength: 1, maxLength: 20 })
      .filter((text) => /^[^/\n\\]*\S$/.test(text) && !/^ *$/.test(text))
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 6 }), (names) => {
        const text = names.map((one) => ` ${one.padEnd(24)}   /pool/${one}\n`).join('')
        const read = parseVolumeList(text)
        expect(read.names.length + read.leftOut).toBe(names.length)
        for (const one of read.names) expect(names).toContain(one)
      }),
      RUNS
    )
    fc.assert(
      fc.property(fc.string(), (text) => void parseVolumeList(text)),
      RUNS
    )
    fc.assert(
      fc.property(fc.string(), (text) => void parseLeases(text)),
      RUNS
    )
  })
})

it('reads leases, whatever the guest calls itself', () => {
  const text = ` 2026-11-28 05:49:36   52:54:00:77:01:01   ipv4   192.168.122.156/24   -                01:52:54:00:77:01:01
 2026-11-28 06:09:11   52:54:00:77:AA:01   ipv4   192.168.122.180/24   a host; reboot   -
`
  expect(parseLeases(text)).toEqual([
    {
      expiresAt: '2026-11-28 05:49:36',
      mac: '52:54:00:77:01:01',
      address: '192.168.122.156',
      hostName: null
    },
    {
      expiresAt: '2026-11-28 06:09:11',
      mac: '52:54:00:77:aa:01',
      address: '192.168.122.180',
      hostName: 'a host; reboot'
    }
  ])
})

describe('addresses of a new network', () => {
  it('reads back what it writes, and takes nothing else', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        (value) => parseAddress(formatAddress(value)) === value
      )
    )
    for (const wrong of ['1.2.3', '1.2.3.256', '01.2.3.4', ' 1.2.3.4', '1.2.3.4.5', 'fe80::1'])
      expect(parseAddress(wrong)).toBeNull()
    expect(formatPrefix('255.255.254.0')).toBe('23')
    expect(formatPrefix('255.0.255.0')).toBeNull()
  })

  it.each([
    ['192.168.100.0/24', null, 'cidr'],
    ['192.168.100.255/24', null, 'cidr'],
    ['10.0.0.1/31', null, 'cidr'],
    ['192.168.122.9/24', null, 'taken'],
    ['192.168.120.1/21', null, 'taken'],
    ['10.0.0.1/24', { start: '10.0.1.2', end: '10.0.0.9' }, 'dhcpStart'],
    ['10.0.0.1/24', { start: '10.0.0.2', end: '10.0.0.255' }, 'dhcpEnd'],
    ['10.0.0.1/24', { start: '10.0.0.9', end: '10.0.0.2' }, 'dhcpOrder'],
    ['10.0.0.5/24', { start: '10.0.0.2', end: '10.0.0.9' }, 'dhcpHasOwn'],
    ['10.0.0.1/24', { start: '10.0.0.2', end: '10.0.0.254' }, null]
  ])('%s with %o: %s', (cidr, dhcp, problem) => {
    expect(problemOf(cidr, dhcp, ['192.168.122.1/24', 'fd00::1/64'])).toBe(problem)
  })

  it('proposes a range that fits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 8, max: 30 }),
        (value, prefix) => {
          const cidr = `${formatAddress(value)}/${prefix}`
          fc.pre(parseSubnet(cidr) !== null)
          const range = proposedRange(cidr)
          if (range !== null) expect(problemOf(cidr, range, [])).toBeNull()
        }
      )
    )
  })
})

describe('documents', () => {
  const nasty = `</name><x a='1'>&"\n`

  it('hold any text without becoming other markup', () => {
    expect(poolXml('u', nasty, { type: 'dir', targetPath: nasty })).toBe(`<pool type='dir'>
  <name>&lt;/name&gt;&lt;x a=&apos;1&apos;&gt;&amp;&quot;&#10;</name>
  <uuid>u</uuid>
  <target>
    <path>&lt;/name&gt;&lt;x a=&apos;1&apos;&gt;&amp;&quot;&#10;</path>
  </target>
</pool>
`)
    const volume = {
      name: nasty,
      format: 'qcow2',
      capacityBytes: 1,
      allocationBytes: 0,
      backing: { path: nasty, format: 'raw' }
    }
    expect(volumeXml(volume).match(/<[a-z/]/gi)).toHaveLength(16)
  })

  it('are those of the kinds that can be made', () => {
    expect(poolXml('u', 'n', { type: 'logical', volumeGroup: 'vg', devices: ['/dev/sdb'] })).toContain(
      "<device path='/dev/sdb'/>"
    )
    const nfs = poolXml('u', 'n', {
      type: 'netfs',
      host: 'nas',
      exportPath: '/e',
      targetPath: '/m',
      format: 'nfs'
    })
    expect(nfs).toContain("<host name='nas'/>")
    expect(networkXml('u', 'n', { kind: 'isolated', cidr: '10.1.0.1/16', dhcp: null })).toContain(
      "<ip address='10.1.0.1' netmask='255.255.0.0'/>"
    )
    expect(networkXml('u', 'n', { kind: 'bridge', bridge: 'br0' })).toContain("<forward mode='bridge'/>")
  })
})
