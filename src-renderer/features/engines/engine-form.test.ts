import { describe, expect, it } from 'vitest'
import { EngineSettings } from '#contract/engines.ts'
import {
  checkedEngine,
  checkedReading,
  engineForm,
  isPlainLogin,
  readingForm,
  sameOrigin,
  secretKind,
  type EngineForm
} from './engine-form.ts'

const form = (more: Partial<EngineForm> = {}): EngineForm => ({
  ...engineForm(null),
  name: 'vm',
  url: 'http://vm:8428/api/v1/write',
  ...more
})
const wrongIn = (given: EngineForm, held = false): string[] => {
  const result = checkedEngine(given, held)
  return result.ok ? [] : [...result.wrong]
}

describe('the form of an engine', () => {
  it('gives back what it was made from, except the secret', () => {
    const all = [
      { kind: 'influx1', url: 'http://h:8086', database: 'db', user: 'u' },
      { kind: 'influx2', url: 'https://h', org: 'o', bucket: 'b' },
      { kind: 'remoteWrite', url: 'https://h/write', login: { kind: 'basic', user: 'u' } }
    ].map((target) => EngineSettings.parse({ name: 'n', enabled: false, target }))
    for (const settings of all) {
      expect(engineForm(settings).secret).toBe('')
      expect(checkedEngine(engineForm(settings), true)).toEqual({ ok: true, value: settings, secret: null })
    }
  })

  it('says which field is wrong', () => {
    expect(wrongIn(form({ name: ' ' }))).toEqual(['name'])
    for (const url of [
      '',
      'vm:8428',
      'ftp://vm',
      'http://user:pw@vm',
      'http://vm/?x=1',
      'http://vm/#a',
      'http://a b'
    ]) {
      expect(wrongIn(form({ url }))).toEqual(['url'])
    }
    expect(wrongIn(form({ kind: 'influx1', database: '' }))).toEqual(['database'])
    expect(wrongIn(form({ kind: 'influx2', org: '', secret: 't' }))).toEqual(['org'])
    expect(wrongIn(form({ login: 'basic', secret: 'x' }))).toEqual(['user'])
    expect(wrongIn(form({ queueMib: null }))).toEqual(['queueMib'])
    expect(wrongIn(form({ queueMib: 1 }))).toEqual(['queueMib'])
  })

  it('asks for a secret where one is needed and none is held, and for one line', () => {
    expect(wrongIn(form({ login: 'bearer' }))).toEqual(['secret'])
    expect(wrongIn(form({ login: 'bearer' }), true)).toEqual([])
    expect(wrongIn(form({ login: 'bearer', secret: 'a\nb' }))).toEqual(['secret'])
    expect(checkedEngine(form({ secret: 'left over' }), false)).toMatchObject({ ok: true, secret: null })
    expect(secretKind(form({ kind: 'influx1' }))).toBe('none')
    expect(secretKind(form({ kind: 'influx1', user: 'u' }))).toBe('password')
  })

  it('knows when a held secret is for another address, and when a login would travel in plain text', () => {
    expect(sameOrigin('http://h:1/a', 'http://h:1/b')).toBe(true)
    expect(sameOrigin('http://h:1', 'http://h:2')).toBe(false)
    expect(sameOrigin('', '')).toBe(false)
    expect(isPlainLogin('http://metrics.lan', 'token')).toBe(true)
    expect(isPlainLogin('http://metrics.lan', 'none')).toBe(false)
    expect(isPlainLogin('https://metrics.lan', 'token')).toBe(false)
    expect(isPlainLogin('http://127.0.0.1:8428', 'token')).toBe(false)
  })
})

describe('the form of the engine that is read from', () => {
  it('gives back what it was made from', () => {
    const settings = {
      enabled: true,
      url: 'http://vm:8428',
      login: { kind: 'bearer' as const },
      fromAgeMs: 30 * 86_400_000
    }
    expect(checkedReading(readingForm(settings), true)).toEqual({ ok: true, value: settings, secret: null })
  })
})
