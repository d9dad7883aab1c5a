/** How hard a passphrase is to guess, roughly: to tell "aaaaaaaaaaaa" from words that nobody expects. */
export type Strength = 'none' | 'weak' | 'fair' | 'strong'

/** Of each character that follows from the one before (the same, or the next): hardly anything. */
const FOLLOWING_BITS = 1
const FAIR_BITS = 45
const STRONG_BITS = 70

const POOLS: readonly (readonly [RegExp, number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/\d/, 10],
  [/[\u0020-\u007e]/, 33],
  [/[^\u0000-\u007e]/, 60]
]

/** Letters in words are guessed by the word: they count for less than letters at random, which these may be or not. */
const WORD_SHARE = 0.62
const MIXED_SHARE = 0.75

export function passphraseStrength(text: string): Strength {
  if (text === '') return 'none'
  const pool = POOLS.reduce((sum, [pattern, size]) => sum + (pattern.test(text) ? size : 0), 0)
  const share = /^[\p{L}\s-]+$/u.test(text) ? WORD_SHARE : MIXED_SHARE
  const seen = new Set<string>()
  let bits = 0
  let before = ''
  for (const character of text) {
    const step = before === '' ? NaN : (character.codePointAt(0) ?? 0) - (before.codePointAt(0) ?? 0)
    const isFresh = !seen.has(before + character)
    bits += Math.abs(step) <= 1 || !isFresh ? FOLLOWING_BITS : Math.log2(pool) * share
    seen.add(before + character)
    before = character
  }
  return bits < FAIR_BITS ? 'weak' : bits < STRONG_BITS ? 'fair' : 'strong'
}
