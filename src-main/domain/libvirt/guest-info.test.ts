import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agentFailureOf, parseDomifaddr, parseGuestInfo } from './guest-info.ts'

describe('domifaddr', () => {
  it('gives addresses with their devices, whatever a guest calls these, and no loopback', () => {
    const output = ` lo         00:00:00:00:00:00    ipv4         127.0.0.1/8
 lo         00:00:00:00:00:00    ipv6         ::1/128
 my eth 0   52:54:00:AA:bb:01    ipv4         10.0.0.7/24
 my eth 0   52:54:00:AA:bb:01    ipv6         fe80::1/64
 -          -                    ipv4         10.0.0.8/0
 eth1       52:54:00:aa:bb:02    N/A          N/A
`
    expect(parseDomifaddr(output)).toEqual([
      { device: 'my eth 0', mac: '52:54:00:aa:bb:01', address: '10.0.0.7/24' },
      { device: 'my eth 0', mac: '52:54:00:aa:bb:01', address: 'fe80::1/64' },
      { device: '-', mac: null, address: '10.0.0.8/0' }
    ])
  })

  it('takes anything, and gives no more than a guest can have', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseDomifaddr(text)))
    expect(parseDomifaddr(' e 52:54:00:aa:bb:01 ipv4 10.0.0.1/24\n'.repeat(5_000))).toHaveLength(512)
  })
})

describe('guestinfo', () => {
  const output = `user.count          : 1
user.0.name         : ops
user.0.login-time   : 1700000000500
os.name             : Debian
os.pretty-name      : Debian: 12
os.kernel-release   : 6.1.0
timezone.name       : UTC
hostname            : web.lab
fs.count            : 2
fs.0.mountpoint     : /
fs.0.name           : vda1
fs.0.fstype         : ext4
fs.0.total-bytes    : 1000
fs.0.used-bytes     : 250
fs.1.name           : vdb
`
  it('gives what the agent told', () => {
    expect(parseGuestInfo(output)).toEqual({
      hostName: 'web.lab',
      osName: 'Debian: 12',
      kernel: '6.1.0',
      timezone: 'UTC',
      fileSystems: [{ mountPoint: '/', device: 'vda1', type: 'ext4', totalBytes: 1000, usedBytes: 250 }],
      users: [{ name: 'ops', sinceAtMs: 1_700_000_000_500 }]
    })
  })

  it('tells “none” from “not told”, and lets no value overwrite one before it', () => {
    expect(parseGuestInfo('fs.count : 0\n')).toMatchObject({ fileSystems: [], users: null, hostName: null })
    expect(parseGuestInfo('hostname : web\nhostname : evil\n').hostName).toBe('web')
  })

  it('takes anything, and counts no further than it lists', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseGuestInfo(text)))
    expect(parseGuestInfo('user.count : 999999999999\nuser.0.name : a\n').users).toHaveLength(1)
  })
})

describe('words about an agent', () => {
  it.each([
    ['error: argument unsupported: QEMU guest agent is not configured', 'noChannel'],
    ['error: Guest agent is not responding: QEMU guest agent is not connected', 'notConnected'],
    ['error: Guest agent is not responding: Guest agent not available for now', 'silent'],
    ['error: something else', null]
  ])('%s', (words, kind) => {
    expect(agentFailureOf(words)).toBe(kind)
  })
})
