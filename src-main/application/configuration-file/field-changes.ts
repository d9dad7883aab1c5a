/** Which fields of two JSON values differ. */
import type { FieldChange } from '#contract/configuration-file.ts'

const MOST_CHANGES = 60
const MOST_TEXT = 200

/** JSON with its keys in one order: two values are the same when their texts are. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** Objects are gone into, lists are compared whole. An empty list = they are the same. */
export function fieldChanges(from: unknown, to: unknown): FieldChange[] {
  const changes: FieldChange[] = []
  const visit = (path: string, a: unknown, b: unknown): void => {
    if (changes.length >= MOST_CHANGES) return
    if (isObject(a) && isObject(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
        visit(path === '' ? key : `${path}.${key}`, a[key], b[key])
    } else if (canonical(a ?? null) !== canonical(b ?? null)) {
      changes.push({ path: cut(path), from: shown(a), to: shown(b) })
    }
  }
  visit('', from, to)
  return changes
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const shown = (value: unknown): string | null =>
  value === undefined ? null : cut(typeof value === 'string' ? value : canonical(value))

const cut = (text: string): string => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text)
