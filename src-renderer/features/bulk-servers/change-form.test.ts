import { describe, expect, it } from 'vitest'
import { ServerRecord } from '#contract/servers.ts'
import { changeOf, countsOf, previewOf, untouchedForm, type ChangeForm } from './change-form.ts'

const formOf = (change: Partial<ChangeForm>): ChangeForm => ({ ...untouchedForm(), ...change })
const recordOf = (name: string, change: Partial<ServerRecord> = {}): ServerRecord => ({
  ...ServerRecord.parse({
    id: '00000000-0000-4000-8000-0000000000aa',
    addedAtMs: 0,
    name,
    connection: { host: '192.0.2.1', user: 'root' }
  }),
  ...change
})

describe('the change that a form makes', () => {
  it('holds what was touched and nothing else', () => {
    expect(changeOf(untouchedForm())).toEqual({ change: {}, wrong: new Set() })
    expect(
      changeOf(
        formOf({
          location: 'set',
          locationText: ' Rack 4 ',
          tags: new Map([
            ['prod', 'add'],
            ['old', 'remove']
          ]),
          newTags: 'audit, prod night',
          lookOnly: 'off',
          interval: 'set',
          intervalSec: 10
        })
      ).change
    ).toEqual({
      location: 'Rack 4',
      addTags: ['prod', 'audit', 'night'],
      removeTags: ['old'],
      lookOnly: false,
      intervalMs: 10_000
    })
    expect(changeOf(formOf({ location: 'clear', interval: 'default' })).change).toEqual({
      location: '',
      intervalMs: null
    })
  })

  it('does not remove what is typed to be added', () => {
    const form = formOf({ tags: new Map([['old', 'remove']]), newTags: 'old' })
    expect(changeOf(form).change).toEqual({ addTags: ['old'] })
  })

  it('says which field is wrong and leaves it out', () => {
    const wrongOf = (change: Partial<ChangeForm>) => {
      const made = changeOf(formOf(change))
      return [[...made.wrong], made.change]
    }
    expect(wrongOf({ location: 'set' })).toEqual([['locationText'], {}])
    expect(wrongOf({ location: 'set', locationText: 'x'.repeat(81) })).toEqual([['locationText'], {}])
    expect(wrongOf({ newTags: 'ok a:b' })).toEqual([['newTags'], { addTags: ['ok'] }])
    const seventeen = Array.from({ length: 17 }, (_unused, index) => `t${index}`).join(' ')
    expect(wrongOf({ newTags: seventeen })[0]).toEqual(['newTags'])
    expect(wrongOf({ interval: 'set' })).toEqual([['intervalSec'], {}])
    expect(wrongOf({ interval: 'set', intervalSec: 61 })).toEqual([['intervalSec'], {}])
  })
})

describe('what a change would do', () => {
  const records = [
    recordOf('a', { location: 'Rack 4', tags: ['old', 'prod'] }),
    recordOf('b', { tags: ['old'], collecting: false }),
    recordOf('c', { tags: ['prod'], intervalMs: 10_000 })
  ]

  it('counts the servers that would feel it, line by line and in all', () => {
    const preview = previewOf(records, {
      location: 'Rack 4',
      addTags: ['prod'],
      removeTags: ['old', 'gone'],
      collecting: true,
      intervalMs: null
    })
    expect(preview.lines.map(({ what, value, count }) => `${what} ${value} ${count}`)).toEqual([
      'location Rack 4 2',
      'addTag prod 1',
      'removeTag old 2',
      'collecting  1',
      'defaultInterval  1'
    ])
    expect([preview.changed, preview.tooManyTags]).toEqual([3, []])
    expect(previewOf(records, { lookOnly: false }).changed).toBe(0)
  })

  it('names servers on which so many tags do not fit', () => {
    const full = recordOf('full', { tags: Array.from({ length: 16 }, (_unused, index) => `t${index}`) })
    expect(previewOf([...records, full], { addTags: ['prod'] }).tooManyTags).toEqual(['full'])
    expect(previewOf([full], { addTags: ['prod'], removeTags: ['t0'] }).tooManyTags).toEqual([])
  })

  it('tells the most frequent value first', () => {
    expect(countsOf(['a', 'b', 'b'])).toEqual([
      { value: 'b', count: 2 },
      { value: 'a', count: 1 }
    ])
  })
})
