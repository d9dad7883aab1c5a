import type { ServerView } from '#contract/servers.ts'
import { describe, expect, it } from 'vitest'
import { columnsOf, layCards, placeAfterKey } from './card-lines.ts'

const server = (id: string): ServerView => ({ record: { id } }) as unknown as ServerView
const group = (name: string, ids: string) => ({ name, servers: [...ids].map(server) })
/** a b c d · e f | g h i j · k */
const layout = layCards([group('one', 'abcdef'), group('two', 'ghijk')], { columns: 4, headings: true })
const from = (id: string): number => layout.places.findIndex((place) => place.server.record.id === id)
const after = (id: string, key: string): string | null => {
  const to = placeAfterKey(layout, key, from(id))
  return to === null ? null : (layout.places[to]?.server.record.id ?? null)
}

describe('the lines of cards', () => {
  it('has as many columns as fit, and one at least', () => {
    expect([0, 267, 547, 548, 1108].map(columnsOf)).toEqual([1, 1, 1, 2, 4])
  })

  it('begins each group under its heading, on a line of its own', () => {
    expect(layout.lines.map(({ kind }) => kind)).toEqual([
      'heading',
      'cards',
      'cards',
      'heading',
      'cards',
      'cards'
    ])
    expect(layout.places.map(({ line, column }) => `${line}.${column}`).join(' ')).toBe(
      '1.0 1.1 1.2 1.3 2.0 2.1 4.0 4.1 4.2 4.3 5.0'
    )
  })

  it('tells apart the places of a server that stands in two groups', () => {
    const twice = layCards([group('prod', 'a'), group('web', 'a')], { columns: 2, headings: true })
    expect(new Set(twice.places.map(({ key }) => key)).size).toBe(2)
  })

  it('walks as the eye does, over the ends of short lines and over headings', () => {
    expect(['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp'].map((key) => after('b', key))).toEqual([
      'c',
      'a',
      'f',
      null
    ])
    expect(after('d', 'ArrowDown')).toBe('f')
    expect(after('f', 'ArrowDown')).toBe('h')
    expect(after('j', 'ArrowUp')).toBe('f')
    expect(after('f', 'ArrowRight')).toBe('g')
    expect([after('e', 'Home'), after('e', 'End')]).toEqual(['a', 'k'])
    expect([after('k', 'ArrowRight'), after('k', 'ArrowDown'), after('a', 'x')]).toEqual([null, null, null])
  })
})
