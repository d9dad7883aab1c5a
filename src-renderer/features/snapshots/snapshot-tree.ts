/** The tree as rows: which line goes on at which depth. Pure. */
import type { Snapshot } from '#contract/snapshots.ts'

/** A row is a snapshot, or (null) the present state of the machine. */
export interface TreeRow {
  readonly snapshot: Snapshot | null
  /** 0 for a first one. */
  readonly depth: number
  /** For each depth above its own: does another row come below on that line? */
  readonly guides: readonly boolean[]
  readonly isLast: boolean
  /** Key of the row it hangs from; null for a first one. */
  readonly parentKey: string | null
}

/** No snapshot can have this name: libvirt takes no slash. */
export const PRESENT = '/present'

export const keyOf = (row: TreeRow): string => row.snapshot?.name ?? PRESENT

/** Depth first, older before younger; the present state hangs from the current snapshot. */
export function treeRows(snapshots: readonly Snapshot[]): TreeRow[] {
  const known = new Set(snapshots.map(({ name }) => name))
  const children = new Map<string | null, (Snapshot | null)[]>()
  const append = (parent: string | null, child: Snapshot | null): void => {
    const list = children.get(parent)
    if (list === undefined) children.set(parent, [child])
    else list.push(child)
  }
  for (const snapshot of byAge(snapshots)) {
    const { parentName, name } = snapshot
    append(parentName !== null && parentName !== name && known.has(parentName) ? parentName : null, snapshot)
  }
  append(snapshots.find(({ isCurrent }) => isCurrent)?.name ?? null, null)

  const rows: TreeRow[] = []
  // A list and no recursion: chains of hundreds are possible. A name comes once, so a circle ends.
  const seen = new Set<string>()
  const pending: TreeRow[] = rowsOf(children.get(null) ?? [], [], null).reverse()
  for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
    rows.push(row)
    const name = row.snapshot?.name
    if (name === undefined || seen.has(name)) continue
    seen.add(name)
    const guides = [...row.guides, !row.isLast]
    pending.push(...rowsOf(children.get(name) ?? [], guides, name).reverse())
  }
  return rows
}

function rowsOf(
  children: readonly (Snapshot | null)[],
  guides: readonly boolean[],
  parentKey: string | null
): TreeRow[] {
  return children.map((snapshot, index) => ({
    snapshot,
    depth: guides.length,
    guides,
    isLast: index === children.length - 1,
    parentKey
  }))
}

function byAge(snapshots: readonly Snapshot[]): Snapshot[] {
  return snapshots.toSorted((a, b) => (a.createdAtMs ?? 0) - (b.createdAtMs ?? 0))
}

/** Names of all that grow from a snapshot. */
export function descendantsOf(snapshots: readonly Snapshot[], name: string): string[] {
  const found = new Set([name])
  // Parents stand before their children in the engine's answer.
  for (const one of snapshots) if (one.parentName !== null && found.has(one.parentName)) found.add(one.name)
  found.delete(name)
  return [...found]
}
