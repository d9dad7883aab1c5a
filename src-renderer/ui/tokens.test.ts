import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const css = readFileSync(resolve(import.meta.dirname, 'tokens.css'), 'utf8')

function tokensOf(theme: 'dark' | 'light'): Record<string, string> {
  const block = new RegExp(`\\[data-theme='${theme}'\\]\\s*\\{([^}]*)\\}`).exec(css)?.[1] ?? ''
  return Object.fromEntries(
    [...block.matchAll(/--([a-z0-9-]+):\s*(#[0-9a-f]{6});/g)].map(([, name = '', color = '']) => [
      name,
      color
    ])
  )
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return channel <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

const SURFACES = ['ground', 'surface-1', 'surface-2', 'surface-3']
const WORDS = [
  'text-1',
  'text-2',
  'text-3',
  'accent-text',
  'ok-text',
  'amber-text',
  'red-text',
  'unknown-text'
]
const ON_TINTS: [string, string][] = [
  ['ok-text', 'ok-soft'],
  ['amber-text', 'amber-soft'],
  ['red-text', 'red-soft'],
  ['accent-text', 'accent-soft'],
  ['text-1', 'red-soft'],
  ['text-2', 'red-soft'],
  ['text-1', 'accent-soft'],
  ['text-3', 'accent-soft'],
  ['on-accent', 'accent'],
  ['on-red', 'red']
]
const SHAPES = ['accent', 'ok', 'amber', 'red', 'unknown', 'control-line']

describe.each(['dark', 'light'] as const)('the %s theme', (theme) => {
  const tokens = tokensOf(theme)
  const ratio = (front: string, back: string): number => contrast(tokens[front] ?? '', tokens[back] ?? '')

  it('has all tokens', () => {
    for (const name of [...SURFACES, ...WORDS, ...SHAPES, ...ON_TINTS.flat()])
      expect(tokens, name).toHaveProperty(name)
  })

  it.each(WORDS)('%s can be read on every surface (AA, 4.5)', (word) => {
    for (const surface of SURFACES) expect(ratio(word, surface), surface).toBeGreaterThanOrEqual(4.5)
  })

  it.each(ON_TINTS)('%s can be read on %s (AA, 4.5)', (front, back) => {
    expect(ratio(front, back)).toBeGreaterThanOrEqual(4.5)
  })

  it.each(SHAPES)('%s can be told from what is around it (AA, 3)', (shape) => {
    for (const surface of ['ground', 'surface-1', 'surface-2']) {
      expect(ratio(shape, surface), surface).toBeGreaterThanOrEqual(3)
    }
  })
})
