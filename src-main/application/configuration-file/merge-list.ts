/** One list of the file beside the one that is here: what comes of them, and what that does to each entry. */
import type { ImportCaution, ImportMode, PlanEntry, PlanEntryKind } from '#contract/configuration-file.ts'
import { fieldChanges } from './field-changes.ts'
import { nameKey } from './name-key.ts'

export interface ListKind<T> {
  readonly idOf: (one: T) => string
  /** '' = it has none. */
  readonly nameOf: (one: T) => string
  readonly presetOf?: (one: T) => string | null
  /** Without what says nothing of the operator's choice (when it was made). */
  readonly compared: (one: T) => unknown
  /** What it becomes where it is here already. */
  readonly onto?: (file: T, here: T, mode: ImportMode) => T
  readonly cautions?: (after: T, here: T | null) => ImportCaution[]
  /** Two of them cannot have one name. */
  readonly hasUniqueNames: boolean
  readonly most: number
  /** It is always here. */
  readonly stays?: (one: T) => boolean
}

export interface Merged<T> {
  readonly after: readonly T[]
  readonly entries: readonly PlanEntry[]
  readonly same: number
}

export function mergeList<T>(
  file: readonly T[],
  here: readonly T[],
  kind: ListKind<T>,
  mode: ImportMode
): Merged<T> {
  const { idOf } = kind
  const byId = new Map(here.map((one) => [idOf(one), one]))
  const inFile = new Set(file.map(idOf))
  const isKept = (one: T): boolean => inFile.has(idOf(one)) || mode === 'merge' || kind.stays?.(one) === true
  const kept = here.filter(isKept)
  const refused = refusals(file, kept, kind)
  const entries: PlanEntry[] = []
  const incoming = new Map<string, T>()
  let same = 0
  for (const one of file) {
    const id = idOf(one)
    const before = byId.get(id) ?? null
    const after = before === null ? one : (kind.onto?.(one, before, mode) ?? one)
    const changes = before === null ? [] : fieldChanges(kind.compared(before), kind.compared(after))
    if (before !== null && changes.length === 0) {
      same++
      continue
    }
    const refusal = refused.get(id)
    entries.push(
      entryOf(kind, after, refusal ?? (before === null ? 'new' : 'changed'), {
        changes,
        cautions: refusal === undefined ? (kind.cautions?.(after, before) ?? []) : []
      })
    )
    if (refusal === undefined) incoming.set(id, after)
  }
  const fresh = [...incoming].flatMap(([id, one]) => (byId.has(id) ? [] : [one]))
  const onlyHere = here.filter((one) => !inFile.has(idOf(one)) && kind.stays?.(one) !== true)
  return {
    after: [...kept.map((one) => incoming.get(idOf(one)) ?? one), ...fresh],
    entries: [...entries, ...onlyHere.map((one) => entryOf(kind, one, 'onlyHere'))],
    same
  }
}

function entryOf<T>(
  { idOf, nameOf, presetOf }: ListKind<T>,
  one: T,
  kind: PlanEntryKind,
  rest: Pick<PlanEntry, 'changes' | 'cautions'> = { changes: [], cautions: [] }
): PlanEntry {
  return { key: idOf(one), name: nameOf(one).slice(0, 600), preset: presetOf?.(one) ?? null, kind, ...rest }
}

/**
 * Who cannot come: something that stays has the name, or there is no room. One that is refused keeps what it is here, which may
 * be in the way of another: so until nobody is.
 */
function refusals<T>(
  file: readonly T[],
  kept: readonly T[],
  { idOf, nameOf, hasUniqueNames, most }: ListKind<T>
): Map<string, 'nameTaken' | 'tooMany'> {
  const refused = new Map<string, 'nameTaken' | 'tooMany'>()
  const inFile = new Set(file.map(idOf))
  const keptIds = new Set(kept.map(idOf))
  for (let more = hasUniqueNames; more;) {
    more = false
    const taken = new Set(
      kept
        .filter((one) => !inFile.has(idOf(one)) || refused.has(idOf(one)))
        .map((one) => nameKey(nameOf(one)))
    )
    for (const one of file) {
      if (refused.has(idOf(one)) || !taken.has(nameKey(nameOf(one)))) continue
      refused.set(idOf(one), 'nameTaken')
      more = true
    }
  }
  const fresh = file.filter((one) => !keptIds.has(idOf(one)) && !refused.has(idOf(one)))
  for (const one of fresh.slice(Math.max(0, most - kept.length))) refused.set(idOf(one), 'tooMany')
  return refused
}
