/** Names for new snapshots: what is suggested, and what is wrong with what was typed. */
import { NewSnapshotName } from '#contract/snapshots.ts'

/** `2026-11-28-0941`, in the workstation's own time: it is read by the operator. */
export function dateForName(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-')
  return `${day}-${two(now.getHours())}${two(now.getMinutes())}`
}

/** null: it can be taken. */
export function problemOfName(typed: string, taken: readonly string[]): 'nameBad' | 'nameTaken' | null {
  const parsed = NewSnapshotName.safeParse(typed)
  if (!parsed.success) return 'nameBad'
  return taken.includes(parsed.data) ? 'nameTaken' : null
}
