import { describe, expect, it } from 'vitest'
import { shallowRef } from 'vue'
import { usePlaces } from './places.ts'

function placesOf(first: string, most = 0) {
  const inView = shallowRef<readonly string[]>([...first])
  const ahead = shallowRef<readonly string[]>([])
  const placed = usePlaces(
    () => inView.value,
    (key) => key,
    { most, ahead: () => ahead.value }
  )
  /** Each place in the order of the document: upper case is shown, lower case is spare. */
  const look = (next = [...inView.value].join('')): string => {
    inView.value = [...next]
    return placed.value.map(({ entry, isSpare }) => (isSpare ? entry : entry.toUpperCase())).join('')
  }
  return { look, ahead, placed }
}

describe('places', () => {
  it('keeps whoever stays where it is, whatever comes and goes around it', () => {
    const { look } = placesOf('abcd')
    expect(look()).toBe('ABCD')
    expect(look('bcde')).toBe('EBCD')
    expect(look('cdef')).toBe('EFCD')
  })

  it('leaves a place behind for whoever returns, and gives it up to another only when all are taken', () => {
    const { look } = placesOf('abcd')
    look()
    expect(look('b')).toBe('aBcd')
    expect(look('db')).toBe('aBcD')
    expect(look('xbd')).toBe('XBcD')
    expect(look('abcd')).toBe('ABCD')
  })

  it('never has more than were in view at once, or than it may make', () => {
    const few = placesOf('abc')
    for (const next of ['def', 'ghi', 'a', 'jkl']) few.look(next)
    expect(few.placed.value).toHaveLength(3)
    const more = placesOf('abc', 5)
    more.look()
    expect(more.look('def')).toBe('FbcDE')
    expect(more.placed.value).toHaveLength(5)
  })

  it('makes ahead what is likely to come, and needs nothing new when it does', () => {
    const { look, ahead, placed } = placesOf('ab', 4)
    look()
    ahead.value = [...'abcdef']
    expect(look()).toBe('ABcd')
    expect(look('cd')).toBe('abCD')
    expect(placed.value.map(({ place }) => place)).toEqual([0, 1, 2, 3])
  })

  it('never gives one place to two', () => {
    const { look, placed } = placesOf('abcdefgh', 6)
    let seed = 7
    const random = (below: number): number => (seed = (seed * 16_807) % 2_147_483_647) % below
    for (let step = 0; step < 500; step++) {
      const from = random(20)
      look('abcdefghijklmnopqrstuvwxyz'.slice(from, from + random(9)))
      const places = placed.value.map(({ place }) => place)
      expect(new Set(places).size).toBe(places.length)
      expect(new Set(placed.value.map(({ entry }) => entry)).size).toBe(places.length)
      expect(places.length).toBeLessThanOrEqual(8)
    }
  })
})
