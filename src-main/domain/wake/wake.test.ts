import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LanInterface } from '#contract/switching.ts'
import { parseLan } from './lan.ts'
import { hexOf, magicPacket } from './magic-packet.ts'

const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../test/recorded/ports', name), 'utf8')
const RUNS = process.env['VIRTHELM_LONG'] === '1' ? 10_000 : 1_000

describe('the magic packet', () => {
  it('is six times FF and sixteen times the address', () => {
    const hex = hexOf(magicPacket('52:54:00:12:ab:cd', null))
    expect(hex).toBe(`ffffffffffff${'52540012abcd'.repeat(16)}`)
  })
  it('ends with the SecureOn password', () => {
    const packet = magicPacket('52-54-00-12-AB-CD', '00:01:02:03:04:ff')
    expect(packet).toHaveLength(108)
    expect(hexOf(packet.slice(102))).toBe('0001020304ff')
  })
  it.each(['52:54:00:12:ab', '52:54:00:12:ab:zz', ''])('is not made of %s', (mac) => {
    expect(() => magicPacket(mac, null)).toThrow(RangeError)
  })
})

describe('a place in the network', () => {
  it('of one card: recorded', () => {
    expect(parseLan(recorded('lan-debian-12.txt'))).toEqual([
      {
        name: 'eth0',
        mac: '02:fc:00:00:00:01',
        address: '192.0.2.2',
        prefix: 24,
        broadcast: '192.0.2.255',
        isDefaultRoute: true,
        wakes: null
      }
    ])
  })
  it('of two cards: that of the default route first, and whether each wakes', () => {
    expect(parseLan(recorded('lan-two-cards.txt'))).toEqual([
      {
        name: 'enp5s0',
        mac: '3c:ec:ef:10:20:31',
        address: '192.168.0.77',
        prefix: 17,
        broadcast: '192.168.127.255',
        isDefaultRoute: true,
        wakes: true
      },
      {
        name: 'eno1',
        mac: '3c:ec:ef:10:20:30',
        address: '10.0.0.5',
        prefix: 24,
        broadcast: '10.0.0.255',
        isDefaultRoute: false,
        wakes: false
      }
    ])
  })
  it('takes any text, and what comes out fits the contract', () => {
    const base = recorded('lan-two-cards.txt')
    fc.assert(
      fc.property(fc.nat(base.length), fc.nat(60), fc.string({ maxLength: 30 }), (at, cut, text) => {
        for (const nic of parseLan(base.slice(0, at) + text + base.slice(at + cut))) LanInterface.parse(nic)
      }),
      { numRuns: RUNS }
    )
  })
})
