import { describe, expect, it } from 'vitest'
import { countReasons, looksLikeWholeDisk, parseInventory, totalInterfaces } from './inventory.ts'

const totals = (text: string, present: readonly string[]): string[] => [
  ...totalInterfaces(parseInventory(text), present)
]

describe('whose traffic is the server’s', () => {
  it('the fast path of a cloud’s NIC is part of its master, which has a device too', () => {
    const text = 'net lo 1 0 0 0\nnet eth0 2 1 0 0\nnet enP5p0s2 3 1 1 1'
    expect(totals(text, ['lo', 'eth0', 'enP5p0s2'])).toEqual(['eth0'])
  })

  it('bond slaves count, the bond does not', () => {
    const text = 'net eno1 2 1 1 0\nnet eno2 3 1 1 0\nnet bond0 4 0 0 0'
    expect(totals(text, ['eno1', 'eno2', 'bond0'])).toEqual(['eno1', 'eno2'])
  })

  it('without a device the default route’s, without a route whatever is not for guests', () => {
    const text = 'net lo 1 0 0 0\nnet eth0 2 0 0 0\nnet virbr0 3 0 0 0\nnet vnet1 4 0 1 0'
    const present = ['lo', 'eth0', 'virbr0', 'vnet1']
    expect(totals(`${text}\nroute virbr0`, present)).toEqual(['virbr0'])
    expect(totals(text, present)).toEqual(['eth0'])
  })

  it('an interface that is gone does not count', () => {
    expect(totals('net eno1 2 1 0 0\nnet eno2 3 1 0 0', ['eno2'])).toEqual(['eno2'])
  })
})

describe('why it counts, or not', () => {
  const reasons = (text: string, present: readonly string[], chosen: readonly string[] | null = null) =>
    Object.fromEntries(
      [...countReasons(parseInventory(text), present, chosen === null ? null : new Set(chosen))].map(
        ([name, { counted, why }]) => [name, `${counted ? '+' : '-'}${why}`]
      )
    )

  it('by device, by route, by name, by choice', () => {
    const devices = 'net lo 1 0 0 0\nnet eno1 2 1 1 0\nnet br0 3 0 0 0\nnet enP5 4 1 1 1'
    const all = ['lo', 'eno1', 'br0', 'enP5']
    expect(reasons(devices, all)).toEqual({
      lo: '-loopback',
      eno1: '+device',
      br0: '-builtOnOthers',
      enP5: '-partOfMaster'
    })
    expect(reasons(devices, all, ['br0'])).toEqual({
      lo: '-notChosen',
      eno1: '-notChosen',
      br0: '+chosen',
      enP5: '-notChosen'
    })
    const none = 'net lo 1 0 0 0\nnet eth0 2 0 0 0\nnet vnet1 4 0 1 0'
    expect(reasons(`${none}\nroute eth0`, ['lo', 'eth0', 'vnet1'])).toEqual({
      lo: '-loopback',
      eth0: '+defaultRoute',
      vnet1: '-notDefaultRoute'
    })
    expect(reasons(none, ['lo', 'eth0', 'vnet1'])).toEqual({
      lo: '-loopback',
      eth0: '+onlyOnes',
      vnet1: '-forGuests'
    })
  })
})

describe('whole disks', () => {
  it('by /sys: nothing that is built on others, no memory, no empty drive', () => {
    const { disks } = parseInventory(
      [
        'blk sda 8:0 1 0 1000',
        'blk dm-0 253:0 0 1 1000',
        'blk md127 9:127 0 1 1000',
        'blk loop3 7:3 0 0 1000',
        'blk zram0 252:0 0 0 1000',
        'blk sr0 11:0 1 0 1000',
        'blk nbd0 43:0 0 0 0',
        'blk rbd0 251:0 0 0 1000',
        'blk zd16 230:16 0 0 1000'
      ].join('\n')
    )
    expect([...(disks ?? new Map()).keys()]).toEqual(['8:0', '251:0'])
  })

  it.each([
    ['sda', true],
    ['sda1', false],
    ['nvme0n1', true],
    ['nvme0n1p3', false],
    ['mmcblk0', true],
    ['mmcblk0p2', false],
    ['mmcblk0boot0', false],
    ['vdb', true],
    ['xvda1', false],
    ['dm-3', false],
    ['loop0', false]
  ])('by name alone: %s', (name, whole) => {
    expect(looksLikeWholeDisk(name)).toBe(whole)
  })
})

describe('the server’s clock', () => {
  it('to the millisecond where date knows %N, else the half second', () => {
    expect(parseInventory('time 1795174690 329540733').clock).toEqual({ atMs: 1795174690330, exact: true })
    expect(parseInventory('time 1795174690 %N').clock).toEqual({ atMs: 1795174690500, exact: false })
    expect(parseInventory('time 1795174690').clock).toEqual({ atMs: 1795174690500, exact: false })
    expect(parseInventory('time soon').clock).toBeNull()
  })
})
