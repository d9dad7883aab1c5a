import { describe, expect, it } from 'vitest'
import { addressText, nameFromHost, parseAddress } from './address.ts'

describe('parseAddress', () => {
  it.each([
    ['10.4.0.9', { user: null, host: '10.4.0.9', port: null }],
    ['root@gpu-01', { user: 'root', host: 'gpu-01', port: null }],
    ['ops@gpu-01.example.org:2222', { user: 'ops', host: 'gpu-01.example.org', port: 2222 }],
    ['root@[2001:db8::1]:2200', { user: 'root', host: '2001:db8::1', port: 2200 }],
    ['2001:db8::1', { user: null, host: '2001:db8::1', port: null }],
    ['ssh://root@host:22/', { user: 'root', host: 'host', port: 22 }],
    ['ssh -p 2222 root@host', { user: 'root', host: 'host', port: 2222 }],
    ['user@realm@host', { user: 'user@realm', host: 'host', port: null }]
  ])('reads %s', (typed, expected) => expect(parseAddress(typed)).toEqual(expected))

  it.each(['', '   ', '@', 'root@', 'two words', 'host:port'])('finds no host in “%s”', (typed) =>
    expect(parseAddress(typed)).toBeNull()
  )

  it('reads back what addressText writes', () => {
    for (const [user, host, port] of [
      ['root', 'gpu-01', 22],
      ['', '10.0.0.1', 2222],
      ['ops', '2001:db8::1', 2200],
      ['ops', '2001:db8::1', 22]
    ] as const)
      expect(parseAddress(addressText(user, host, port))).toEqual({
        user: user === '' ? null : user,
        host,
        port: port === 22 ? null : port
      })
  })
})

describe('nameFromHost', () => {
  it('takes the first label, and keeps addresses whole', () => {
    expect(nameFromHost('gpu-01.example.org')).toBe('gpu-01')
    expect(nameFromHost('10.4.0.9')).toBe('10.4.0.9')
  })
})
