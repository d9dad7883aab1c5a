import { describe, expect, it } from 'vitest'
import type { EngineTarget } from '#contract/engines.ts'
import { fakeSecret } from '../../../test/fakes/engine-parts.ts'
import { answerOf, tickOf } from '../../../test/fakes/outside-engine.ts'
import { below, outcomeOf, probeRequest, writeRequest } from './wire.ts'

const influx1: EngineTarget = { kind: 'influx1', url: 'http://h:8086/', database: 'a b&c', user: 'u' }
const influx2: EngineTarget = { kind: 'influx2', url: 'https://h/base', org: 'o/1', bucket: 'b' }
const remote: EngineTarget = {
  kind: 'remoteWrite',
  url: 'http://h:9090/api/v1/write',
  login: { kind: 'bearer' }
}
const NOW_MS = Date.parse('2026-03-01T00:00:00Z')

describe('a request to an engine', () => {
  it('goes where its kind wants it, with names that cannot change the address', () => {
    const { url, headers, body } = writeRequest(influx1, fakeSecret('p:w'), [tickOf(1)])
    expect(url.href).toBe('http://h:8086/write?db=a+b%26c&precision=ms')
    expect(headers['authorization']).toBe(`Basic ${btoa('u:p:w')}`)
    expect(Buffer.from(body).toString()).toMatch(/^virthelm_server,server=alpha,.* load1=1 1700000005000\n$/)
    expect(probeRequest(influx2, fakeSecret('t')).url.href).toBe(
      'https://h/base/api/v2/write?org=o%2F1&bucket=b&precision=ms'
    )
    expect(probeRequest(influx2, fakeSecret('t')).headers['authorization']).toBe('Token t')
    expect(probeRequest(remote, fakeSecret('t'))).toMatchObject({
      headers: { authorization: 'Bearer t', 'content-encoding': 'snappy' },
      body: Uint8Array.of(0)
    })
    expect(probeRequest(remote, null).headers).not.toHaveProperty('authorization')
  })

  it('finds paths below any address', () => {
    expect(below('http://h', 'x/y').href).toBe('http://h/x/y')
    expect(below('http://h/a//', 'x').href).toBe('http://h/a/x')
  })
})

describe('what an answer means', () => {
  it.each([
    [influx1, answerOf(204), 'taken', undefined],
    [influx1, answerOf(200, '', { 'x-influxdb-version': '1.8' }), 'taken', undefined],
    [influx1, answerOf(200, 'hello'), 'blocked', 'engineNotThisKind'],
    [remote, answerOf(200), 'taken', undefined],
    [
      remote,
      answerOf(200, '<html>', { 'content-type': 'text/html; charset=utf-8' }),
      'blocked',
      'engineNotThisKind'
    ],
    [remote, answerOf(302, '', { location: 'http://elsewhere' }), 'blocked', 'engineNotThisKind'],
    [influx1, answerOf(401, '{"error":"authorization failed"}'), 'blocked', 'engineLoginRefused'],
    [influx2, answerOf(403), 'blocked', 'engineLoginRefused'],
    [influx1, answerOf(404, '{"error":"database not found: \\"x\\""}'), 'blocked', 'engineStoreMissing'],
    [
      influx2,
      answerOf(404, '{"code":"not found","message":"bucket \\"b\\" not found"}'),
      'blocked',
      'engineStoreMissing'
    ],
    [remote, answerOf(404, '404 page not found'), 'blocked', 'engineNotThisKind'],
    [influx1, answerOf(400, '{"error":"partial write"}'), 'refused', 'engineRefused'],
    [remote, answerOf(413), 'tooLarge', 'engineRefused'],
    [remote, answerOf(503), 'later', 'engineBusy'],
    [influx1, answerOf(500), 'later', 'engineBusy']
  ] as const)('%o answering %o is %s', (target, answer, kind, code) => {
    const outcome = outcomeOf(target, answer, NOW_MS)
    expect(outcome.kind).toBe(kind)
    expect(outcome.kind === 'taken' ? undefined : outcome.error.code).toBe(code)
  })

  it.each([
    ['120', 120_000],
    ['Sun, 01 Mar 2026 00:01:00 GMT', 60_000],
    ['Sat, 28 Feb 2026 00:00:00 GMT', 0],
    ['99999999', 3_600_000],
    ['soon', null]
  ])('waits as Retry-After %s says', (text, waitMs) => {
    const outcome = outcomeOf(remote, answerOf(429, '', { 'retry-after': text }), NOW_MS)
    expect(outcome).toMatchObject({ kind: 'later', retryAfterMs: waitMs })
  })

  it("gives the engine's own words, short and without control characters, and never a page", () => {
    const words = (body: string): unknown => {
      const outcome = outcomeOf(remote, answerOf(400, body), NOW_MS)
      return outcome.kind === 'taken' ? null : outcome.error.params['text']
    }
    expect(words('{"status":"error","error":"bad \\"name\\""}')).toBe('bad "name"')
    expect(words('out of order\nsample\u001b[31m')).toBe('out of order sample [31m')
    expect(words('x'.repeat(5_000))).toHaveLength(300)
    expect(words('<!doctype html><h1>no</h1>')).toBe('')
  })
})
