import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogSpec } from '#contract/vocabulary.ts'
import { detectLog, specFor } from './detect-log.ts'
import { hostName, isHit, lineParser, parseAccessLine, parseSquidLine } from './log-line.ts'
import { TrafficCounts } from './traffic-counts.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const folder = join(import.meta.dirname, '../../../test/recorded/traffic')
const recorded = (name: string): string[] =>
  readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean)

describe('Squid’s native log', () => {
  const lines = recorded('squid.log').map(parseSquidLine)

  it('is understood, of every release, each line', () => {
    expect(lines).not.toContain(null)
    expect(lines[0]).toEqual({
      atMs: 1_286_536_308_779,
      local: null,
      client: '192.168.0.224',
      method: 'GET',
      domain: 'liveupdate.symantecliveupdate.com',
      result: 'TCP_MISS',
      hit: false,
      status: 200,
      bytes: 411,
      responseMs: 180
    })
    expect(lines.map((line) => line?.domain)).toEqual([
      'liveupdate.symantecliveupdate.com',
      'rcv-srv37.inplay.tubemogul.com',
      'www.example.com',
      'deb.example.org',
      'www.example.org',
      'static.example.net',
      'telemetry.example.com',
      null,
      null,
      'slow.example.com',
      '2001:db8::80',
      'down.example.com',
      'down.example.com',
      'www.example.com'
    ])
  })

  it('tells hits, errors without a status and times that are none', () => {
    expect(lines.map((line) => line?.hit)).toEqual([
      ...[false, false, true, true, false, true, false, null, null, false, true, false, null, null]
    ])
    expect(lines[7]).toMatchObject({ status: null, method: '-', client: '10.0.0.9' })
    expect(lines[10]).toMatchObject({ responseMs: null, status: 200 })
    expect(lines[4]).toMatchObject({ client: '2001:db8::17', method: 'CONNECT', responseMs: 1203 })
  })

  it.each([
    ['TCP_REFRESH_MODIFIED', false],
    ['TCP_REFRESH_FAIL_OLD', true],
    ['TCP_INM_HIT', true],
    ['TCP_HIT_ABORTED', true],
    ['TCP_CLIENT_REFRESH_MISS', false],
    ['TCP_SWAPFAIL_MISS', false],
    ['UDP_HIT', null],
    ['NONE_NONE', null]
  ])('%s is a hit: %s', (result, hit) => expect(isHit(result)).toBe(hit))
})

describe('logs of web servers', () => {
  const combined: LogSpec = { format: 'combined', timing: 'none' }

  it('combined: users with blanks, quotes, requests that are none, a proxy’s URL', () => {
    const lines = recorded('combined.log').map((line) => parseAccessLine(line, combined))
    expect(lines).not.toContain(null)
    expect(lines[0]).toEqual({
      atMs: Date.UTC(2026, 10, 28, 8, 33, 53),
      local: { day: '2026-11-28', hour: 8 },
      client: '203.0.113.9',
      method: 'GET',
      domain: null,
      result: null,
      hit: null,
      status: 200,
      bytes: 5120,
      responseMs: null
    })
    expect(lines.map((line) => line?.status)).toEqual([200, 201, 404, 400, 408, 502])
    expect(lines.map((line) => line?.method)).toEqual(['GET', 'POST', 'GET', '-', '-', 'GET'])
    expect(lines[2]?.client).toBe('2001:db8::9')
    expect(lines[5]?.domain).toBe('proxied.example.com')
  })

  it('request times, in nginx’ seconds and in Apache’s microseconds; the day is the log’s own', () => {
    const seconds = recorded('combined-time.log').map(lineParser({ format: 'combined', timing: 'seconds' }))
    expect(seconds.map((line) => line?.responseMs)).toEqual([4, 1250, 100])
    expect(seconds.map((line) => line?.local?.day)).toEqual(['2026-11-28', '2026-11-29', '2026-11-29'])
    expect(seconds[1]?.atMs).toBe(Date.UTC(2026, 10, 28, 23, 0, 1))
    const micro = recorded('common-us.log').map(lineParser({ format: 'common', timing: 'microseconds' }))
    expect(micro.map((line) => line?.responseMs)).toEqual([1.83, 0.25])
  })

  it('with the virtual host in front', () => {
    const lines = recorded('vhost-combined.log').map(lineParser({ format: 'vhostCombined', timing: 'none' }))
    expect(lines.map((line) => line?.domain)).toEqual(['www.example.com', 'shop.example.com', '127.0.1.1'])
    expect(lines[1]).toMatchObject({ client: '203.0.113.9', bytes: 0, status: 302 })
    expect(lines[0]?.atMs).toBe(Date.UTC(2026, 10, 28, 14, 3, 53))
  })

  it.each([
    'nonsense',
    '203.0.113.9 - - [31/Feb/2026:08:33:53 +0000] "GET / HTTP/1.1" 200 1',
    '203.0.113.9 - - [28/Nov/2026:24:33:53 +0000] "GET / HTTP/1.1" 200 1',
    '203.0.113.9 - - [28/nov/2026:08:33:53 +0000] "GET / HTTP/1.1" 200 1',
    '203.0.113.9 - - [28/Nov/2026:08:33:53 +0000] "GET / HTTP/1.1" 200 1e9',
    '203.0.113.9 - - [28/Nov/2026:08:33:53 +0000] "GET / HTTP/1.1" 99999 1',
    '203.0.113.9 - - [28/Nov/2026:08:33:53 +0000] "GET / HTTP/1.1'
  ])('is no request: %s', (line) => expect(parseAccessLine(line, combined)).toBeNull())
})

it.each([
  ['squid.log', { format: 'squid', timing: 'none' }],
  ['combined.log', { format: 'combined', timing: 'none' }],
  ['combined-time.log', { format: 'combined', timing: 'seconds' }],
  ['vhost-combined.log', { format: 'vhostCombined', timing: 'none' }],
  ['common-us.log', { format: 'common', timing: 'microseconds' }]
])('the lines of %s tell what they are', (name, spec) => {
  expect(detectLog(recorded(name))).toEqual(spec)
  expect(specFor('common', recorded(name)).timing).toBe(spec.timing)
})

it('what is no access log is none', () => {
  expect(detectLog([])).toBeNull()
  expect(
    detectLog(['Nov 28 08:33:53 host sshd[1]: Accepted publickey', 'x', recorded('squid.log')[0] ?? ''])
  ).toBeNull()
})

it.each([
  ['Example.COM.', 'example.com'],
  ['example.com:8443', 'example.com'],
  ['[::1]:443', '::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['bücher.example', 'bücher.example'],
  ['_', null],
  ['<b>x</b>', null],
  ['a b', null],
  ['x'.repeat(300), null]
])('the host of %s', (text, name) => expect(hostName(text)).toBe(name))

describe('hostile lines', () => {
  const specs: LogSpec[] = [
    { format: 'squid', timing: 'none' },
    { format: 'combined', timing: 'seconds' },
    { format: 'vhostCombined', timing: 'microseconds' }
  ]
  const good = ['squid.log', 'combined.log', 'combined-time.log', 'vhost-combined.log'].flatMap(recorded)
  const mutated = fc
    .tuple(
      fc.constantFrom(...good),
      fc.array(fc.tuple(fc.nat(300), fc.string({ maxLength: 8 })), { maxLength: 5 })
    )
    .map(([line, changes]) =>
      changes.reduce((text, [at, more]) => text.slice(0, at) + more + text.slice(at + (at % 3)), line)
    )

  it('never throw, and give whole numbers or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ maxLength: 400, unit: 'binary' })), (line) => {
        for (const spec of specs) {
          const request = lineParser(spec)(line)
          if (request === null) continue
          expect(Number.isFinite(request.atMs) && Number.isFinite(request.bytes)).toBe(true)
          expect(request.client.length).toBeLessThanOrEqual(128)
          expect(request.responseMs === null || request.responseMs >= 0).toBe(true)
          new TrafficCounts().add(request, request.local ?? { day: '2026-01-01', hour: 0 })
        }
        detectLog([line])
      }),
      { numRuns: RUNS }
    )
  })

  // A pattern that tries everything would never come to its end.
  it('of 64 KiB come to an end', () => {
    for (const filler of [' ', '"', '\\', 'a', '[', ' [', ' "', '- ', ' - - [', '\\"']) {
      const line = `1.2.3.4 - ${filler.repeat(65_536 / filler.length)} [28/Nov/2026:08:33:53 +0000] "GET /${filler.repeat(100)}`
      for (const spec of specs) lineParser(spec)(line)
      expect(detectLog([line])).toBeNull()
    }
  })
})
