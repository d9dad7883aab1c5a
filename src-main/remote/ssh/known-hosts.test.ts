import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  globMatches,
  knownHostsName,
  lineMatches,
  parseKnownHosts,
  type KnownHostLine
} from './known-hosts.ts'

/** A blob with an ed25519 key's shape. */
const blob = (fill: number): string =>
  Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from('ssh-ed25519'),
    Buffer.from([0, 0, 0, 32]),
    Buffer.alloc(32, fill)
  ]).toString('base64')

const hashed = (name: string): string => {
  const salt = Buffer.alloc(20, 7)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

function line(hosts: string): KnownHostLine {
  const [parsed] = parseKnownHosts(`${hosts} ssh-ed25519 ${blob(1)} comment`)
  if (!parsed) throw new Error('not parsed')
  return parsed
}

describe('known_hosts', () => {
  it('reads keys and revocations, and leaves out the rest', () => {
    const text = [
      '# comment',
      `a ssh-ed25519 ${blob(1)}`,
      `@revoked a ssh-ed25519 ${blob(2)}`,
      `@cert-authority *.net ssh-ed25519 ${blob(3)}`,
      'broken ssh-ed25519',
      'broken ssh-ed25519 !!!!',
      `\tb,c\tssh-ed25519\t${blob(4)}\r`
    ].join('\n')
    expect(parseKnownHosts(text)).toEqual([
      { marker: null, hosts: 'a', type: 'ssh-ed25519', keyBase64: blob(1) },
      { marker: 'revoked', hosts: 'a', type: 'ssh-ed25519', keyBase64: blob(2) },
      { marker: null, hosts: 'b,c', type: 'ssh-ed25519', keyBase64: blob(4) }
    ])
  })

  it.each([
    ['web', 'web', 22, true],
    ['WEB', 'Web', 22, true],
    ['web', 'web', 2222, false],
    ['[web]:2222', 'web', 2222, true],
    ['*.example.net', 'a.example.net', 22, true],
    ['*.example.net', 'example.net', 22, false],
    ['10.0.0.?', '10.0.0.7', 22, true],
    ['*.example.net,!bad.example.net', 'bad.example.net', 22, false],
    ['!bad.example.net,*', 'good.example.net', 22, true],
    [hashed('secret.example.net'), 'secret.example.net', 22, true],
    [hashed('[secret.example.net]:99'), 'secret.example.net', 99, true],
    [hashed('secret.example.net'), 'other.example.net', 22, false],
    ['|1|x', 'x', 22, false]
  ])('%s is about %s port %i: %s', (hosts, host, port, expected) => {
    expect(lineMatches(line(hosts), knownHostsName(host, port))).toBe(expected)
  })

  it('matches as a regular expression would, in linear time', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 12 })
    const subject = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
    fc.assert(
      fc.property(text, subject, (pattern, name) => {
        const regex = new RegExp(`^${pattern.replace(/\*/g, '.*').replace(/\?/g, '.')}$`)
        return globMatches(pattern, name) === regex.test(name)
      })
    )
    const started = performance.now()
    globMatches(`${'*a'.repeat(200)}b`, 'a'.repeat(5_000))
    expect(performance.now() - started).toBeLessThan(500)
  })

  it('survives any text', () => {
    const numRuns = process.env['VIRTHELM_LONG'] === '1' ? 10_000 : 1_000
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const one of parseKnownHosts(`${text}\nh ssh-ed25519 ${text}\n${text} x ${blob(1)}`)) {
          lineMatches(one, text)
        }
      }),
      { numRuns }
    )
  })
})
