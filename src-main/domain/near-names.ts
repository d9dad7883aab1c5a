/** Names that someone may have meant. Pure. */

/** Of `names` those that contain the text or differ from it by few letters, nearest first, at most `limit`. */
export function nearNames(text: string, names: readonly string[], limit = 3): string[] {
  const wanted = text.toLowerCase()
  const mayDiffer = Math.max(1, Math.floor(wanted.length / 3))
  return names
    .map((name) => {
      const lower = name.toLowerCase()
      const contains = wanted.length >= 3 && lower.includes(wanted)
      return { name, distance: contains ? 0 : editDistance(wanted, lower) }
    })
    .filter(({ distance }) => distance <= mayDiffer)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ name }) => name)
}

/** Letters to insert, delete or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same))
    }
    row = next
  }
  return row[b.length] ?? 0
}
