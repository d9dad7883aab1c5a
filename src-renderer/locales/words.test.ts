import { AppError, ErrorCode } from '#contract/errors.ts'
import { CapabilityCause, CapabilityId } from '#contract/vocabulary.ts'
import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { defineComponent } from 'vue'
import { i18n } from '../app/i18n.ts'
import { useErrorWords, type ErrorWords } from './error-words.ts'

const { t, te } = i18n.global

/** Runs it in a component's setup, where i18n can be had. */
function wordsOf(error: unknown): ErrorWords {
  let words: ErrorWords | undefined
  mount(
    defineComponent({
      setup() {
        words = useErrorWords()(error)
        return () => null
      }
    }),
    { global: { plugins: [i18n] } }
  )
  if (words === undefined) throw new Error('no words')
  return words
}

describe('the words of errors', () => {
  it.each(ErrorCode.options)('%s says what happened and what to do, also without any facts', (code) => {
    const bare = wordsOf(new AppError(code))
    expect(bare.title).toMatch(/^\S.{8,120}[.:]$/)
    expect(bare.next).toMatch(/^\S.{8,160}\.$/)
    for (const text of [bare.title, bare.next]) expect(text).not.toMatch(/[{}]|errors\.|undefined|“”|\s{2}/)
  })

  it('names the server, the port when it is not the usual one, and the user', () => {
    expect(wordsOf(new AppError('connectTimeout', { params: { host: '10.4.0.21', port: 22 } })).title).toBe(
      'Connection timed out at 10.4.0.21.'
    )
    expect(
      wordsOf(new AppError('loginRefused', { params: { host: 'nas', port: 2222, user: 'ops' } })).title
    ).toBe('Login refused for ops at nas:2222.')
  })

  it('makes hostile facts visible, and does not take them for a message', () => {
    const words = wordsOf(
      new AppError('vmNotFound', { params: { name: '{where} @:errors.x | \u202ename', server: 'a\nb' } })
    )
    expect(words.title).toBe('{where} @:errors.x | ‹U+202E›name is not on a‹U+000A›b any more.')
  })

  it('says how many there may be where there are no more', () => {
    const words = wordsOf(new AppError('conflict', { params: { what: 'rules', max: 200 } }))
    expect(words.title).toBe('There are 200 already, and no more can be added.')
    expect(words.next).toBe('Remove one that is not needed any more.')
  })

  it("gives the server's own words and the incident", () => {
    const error = new AppError('libvirtFailed', { params: { stderr: 'error: no domain' } })
    error.incidentId = 'k3f9'
    expect(wordsOf(error)).toMatchObject({ detail: 'error: no domain', incidentId: 'k3f9' })
  })

  it('says a reason that has words, and none that is only a word of the engine', () => {
    const expired = new AppError('loginRefused', {
      params: { host: 'nas', user: 'ops', reason: 'passwordExpired' }
    })
    expect(wordsOf(expired).detail).toContain('expired')
    expect(
      wordsOf(new AppError('keyUnreadable', { params: { keyFile: '~/.ssh/id', reason: 'workerStopped' } }))
    ).toMatchObject({
      title: 'The key ~/.ssh/id could not be read.',
      detail: ''
    })
  })

  it('tells a look-only server and a taken name apart from other refusals', () => {
    const lookOnly = new AppError('refused', { params: { what: 'lookOnly', server: 'gpu-01' } })
    expect(wordsOf(lookOnly).title).toBe('Nothing is changed on gpu-01: it is set to look only.')
    expect(wordsOf(new AppError('conflict', { params: { what: 'serverName', name: 'nas' } })).title).toBe(
      'The name “nas” is already taken.'
    )
    expect(wordsOf(new AppError('conflict')).title).not.toContain('name')
  })

  it('takes anything else for a fault of our own', () => {
    expect(wordsOf(new TypeError('x is undefined')).code).toBe('internal')
    expect(wordsOf(null).code).toBe('internal')
  })
})

describe('the words of capabilities', () => {
  it.each([...CapabilityCause.options])('%s is explained', (cause) => {
    expect(te(`capabilities.cause.${cause}`)).toBe(true)
  })
  it.each([...CapabilityId.options])('%s has a name', (id) => {
    expect(te(`capabilities.id.${id}`)).toBe(true)
  })
})

describe('the locale', () => {
  const sources = import.meta.glob<string>('../**/*.{ts,vue}', {
    query: '?raw',
    import: 'default',
    eager: true
  })
  const used = Object.entries(sources)
    .filter(([path]) => !path.includes('.test.'))
    .flatMap(([path, source]) =>
      [...source.matchAll(/\bt\(\s*'([\w.-]+)'/g)].map(([, key = '']) => ({ path, key }))
    )

  it('has every key that the window asks for', () => {
    expect(used.length).toBeGreaterThan(100)
    expect(used.filter(({ key }) => !te(key))).toEqual([])
  })

  it('counts in the singular too', () => {
    expect(t('shell.status.sampling', { count: 1, seconds: 5 }, 1)).toBe('sampling 1 server every 5 s')
    expect(t('shell.status.sampling', { count: 9, seconds: 5 }, 9)).toBe('sampling 9 servers every 5 s')
  })
})
