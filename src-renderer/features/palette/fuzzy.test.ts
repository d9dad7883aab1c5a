import { describe, expect, it } from 'vitest'
import { fuzzyScore } from './fuzzy.ts'

const best = (query: string, names: readonly string[]): string | undefined =>
  names
    .map((name) => ({ name, score: fuzzyScore(query, name) }))
    .filter((entry) => entry.score !== null)
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))[0]?.name

describe('the fuzzy search', () => {
  it('needs all letters in their order', () => {
    expect(fuzzyScore('kva', 'kvm-alpha')).not.toBeNull()
    expect(fuzzyScore('avk', 'kvm-alpha')).toBeNull()
    expect(fuzzyScore('kvmz', 'kvm-alpha')).toBeNull()
  })

  it('puts what begins so before what holds it, and that before scattered letters', () => {
    expect(best('web', ['old-web', 'web-front', 'w-e-b'])).toBe('web-front')
    expect(best('front', ['affront', 'web-front'])).toBe('web-front')
    expect(best('nas', ['new-alpha-server', 'nas'])).toBe('nas')
  })

  it('finds initials', () => {
    expect(best('wf', ['swiftly', 'web-front'])).toBe('web-front')
  })

  it('knows other scripts and accents', () => {
    expect(fuzzyScore('节点', '存储-节点-07')).not.toBeNull()
    expect(fuzzyScore('zurich', 'Zürich')).not.toBeNull()
  })
})
