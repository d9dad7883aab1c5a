/**
 * How well a name fits what was typed; pure. Letters must come in order; those at the start of the name or of a word, and
 * in one run, count more. null = does not fit.
 */
const BOUNDARY = /[\s\-_./:@]/

const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

export function fuzzyScore(query: string, candidate: string): number | null {
  const wanted = fold(query.trim())
  if (wanted === '') return 0
  const text = fold(candidate)
  const at = text.indexOf(wanted)
  // In one piece beats scattered letters; at a word's start beats inside; shorter names beat longer ones.
  if (at !== -1) {
    const boundary = at === 0 ? 60 : BOUNDARY.test(text[at - 1] ?? '') ? 40 : 0
    return 1_000 + boundary - Math.min(100, text.length - wanted.length)
  }
  let score = 0
  let from = 0
  let last = -2
  for (const letter of wanted.replace(/\s+/g, '')) {
    const found = text.indexOf(letter, from)
    if (found === -1) return null
    score += found === last + 1 ? 6 : found === 0 || BOUNDARY.test(text[found - 1] ?? '') ? 4 : 1
    last = found
    from = found + 1
  }
  return score * 4 - Math.min(60, text.length - wanted.length)
}
