import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSystemFacts } from './system-facts.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const facts = (texts: Record<string, string>, architecture = 'x86_64') =>
  parseSystemFacts(new Map(Object.entries(texts)), architecture)

describe('how a server is set up', () => {
  it('reads board, firmware and what nobody filled in', () => {
    expect(
      facts({
        'product-name': 'PowerEdge R740\n',
        'board-vendor': 'Dell Inc.\n',
        'board-name': '0923K0\n',
        'bios-vendor': 'Dell Inc.\n',
        'bios-version': '2.12.2\n',
        'bios-date': '07/09/2021\n'
      })
    ).toMatchObject({
      mainBoard: 'Dell Inc. 0923K0',
      biosVersion: 'Dell Inc. 2.12.2',
      biosDate: '07/09/2021'
    })
    expect(
      facts({
        'product-name': 'X570\n',
        'board-vendor': 'ASUS\n',
        'board-name': 'X570\n',
        'bios-version': 'Default string\n'
      })
    ).toMatchObject({ mainBoard: null, biosVersion: null })
  })

  it.each([
    ['/usr/share/zoneinfo/Europe/Berlin', '', 'Europe/Berlin'],
    ['../usr/share/zoneinfo/America/Argentina/Buenos_Aires', '', 'America/Argentina/Buenos_Aires'],
    ['', 'Asia/Seoul', 'Asia/Seoul'],
    ['', '<+09>-9', '<+09>-9'],
    ['none', '', 'UTC'],
    ['', '', null],
    ['/etc/$(reboot)', '$(reboot)', null]
  ])('time zone of %s and %s', (link, name, expected) => {
    expect(facts({ 'time-zone': `${link}\n`, 'time-zone-name': `${name}\n` }).timeZone).toBe(expected)
  })

  it('reads default gateways: best metric first, no half of a VPN, no rejected route', () => {
    const routes = [
      '4 wlan0 00000000 0101A8C0 0003 600',
      '4 eth0 00000000 010A4D0A 0003 100',
      '4 tun0 00000080 0100080A 0003 50',
      '4 docker0 00000000 00000000 0001 0',
      '6 eth0 - fe80000000000000021122fffe334455 00000003 00000400',
      '6 lo - 00000000000000000000000000000000 00200200 ffffffff'
    ].join('\n')
    expect(facts({ routes }).defaultGateways).toEqual([
      '10.77.10.1',
      '192.168.1.1',
      'fe80::211:22ff:fe33:4455'
    ])
    expect(facts({ routes: '4 enc0 00000000 0A4D0A01 0003 0' }, 's390x').defaultGateways).toEqual([
      '10.77.10.1'
    ])
    expect(facts({ routes: '' }).defaultGateways).toEqual([])
    expect(facts({}).defaultGateways).toBeNull()
  })

  it('names the name servers behind systemd’s stub, and only then', () => {
    const resolved = '10.0.0.2\n2001:db8::53\n'
    expect(facts({ 'name-servers': '127.0.0.53\n', 'name-servers-resolved': resolved }).dnsServers).toEqual([
      '10.0.0.2',
      '2001:db8::53'
    ])
    expect(
      facts({ 'name-servers': '1.1.1.1\n$(id)\n1.1.1.1\n', 'name-servers-resolved': resolved }).dnsServers
    ).toEqual(['1.1.1.1'])
    expect(facts({ 'name-servers': '127.0.0.53\n' }).dnsServers).toEqual(['127.0.0.53'])
  })

  it('knows package managers by their own names', () => {
    expect(facts({ 'package-manager': 'apt-get\n', init: 'systemd\n' })).toMatchObject({
      packageManager: 'apt',
      initSystem: 'systemd'
    })
    expect(facts({ 'package-manager': 'dnf\n' }).packageManager).toBe('dnf')
  })

  it('of hostile text never get out as an exception', () => {
    const names = [
      'routes',
      'name-servers',
      'name-servers-resolved',
      'time-zone',
      'time-zone-name',
      'bios-version',
      'init'
    ]
    const line = fc.tuple(
      fc.constantFrom('4', '6'),
      fc.array(fc.stringMatching(/^[0-9a-f]{0,34}$/), { maxLength: 6 })
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 500 }),
      fc
        .array(line, { maxLength: 20 })
        .map((lines) => lines.map(([family, rest]) => [family, ...rest].join(' ')).join('\n'))
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 7 }), (texts) => {
        for (const value of Object.values(parseSystemFacts(new Map(texts), 'x86_64'))) {
          for (const one of [value].flat()) expect(one === null || one.length <= 256).toBe(true)
        }
      }),
      { numRuns: RUNS }
    )
  })
})
