/** Reading values out of JSON that another program wrote: what is not as expected is null, never an exception. */

/** The value at the end of the path, or undefined. Own properties only. */
export function jsonAt(value: unknown, ...path: readonly string[]): unknown {
  let at = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Record<string, unknown>)[name]
  }
  return at
}

/** No drive counts this far; beyond it, arithmetic would lose its way. */
const MOST = 1e12

/** A number from `least` to a trillion, else null. */
export function numberAt(value: unknown, path: readonly string[], least = 0): number | null {
  const found = jsonAt(value, ...path)
  return typeof found === 'number' && found >= least && found <= MOST ? found : null
}

/** Trimmed and capped; null when it is no text or empty. */
export function textAt(value: unknown, path: readonly string[], most = 256): string | null {
  const found = jsonAt(value, ...path)
  if (typeof found !== 'string') return null
  const text = found.trim().slice(0, most)
  return text === '' ? null : text
}

/** The elements of an array, at most so many; empty when it is none. */
export function listAt(value: unknown, path: readonly string[], most: number): readonly unknown[] {
  const found = jsonAt(value, ...path)
  return Array.isArray(found) ? found.slice(0, most) : []
}
