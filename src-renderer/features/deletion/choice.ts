/** What of a plan is ticked, and what that means. Pure. */
import type { DeletionFile, DeletionPlan } from '#contract/deletion.ts'

/** What the operator confirmed. */
export interface DeletionChoice {
  readonly token: string
  readonly typedName: string
  readonly files: number[]
  readonly forceOff: boolean
}

/** The file of the plan that has to be ticked before this one can be; null = it can be ticked now. */
export function missingAbove(
  file: DeletionFile,
  plan: DeletionPlan,
  ticked: ReadonlySet<number>
): DeletionFile | null {
  const id = file.neededBy.find((above) => !ticked.has(above))
  return plan.files.find((other) => other.id === id) ?? null
}

/** Ticks or unticks one; what was built on an unticked file's neighbours stays consistent. */
export function withTick(
  plan: DeletionPlan,
  ticked: ReadonlySet<number>,
  id: number,
  on: boolean
): ReadonlySet<number> {
  const next = new Set(ticked)
  if (on) next.add(id)
  else next.delete(id)
  // A file below one that stays has to stay too.
  for (const file of plan.files) if (file.neededBy.some((above) => !next.has(above))) next.delete(file.id)
  return next
}

/** Exactly what will be run, in its order. */
export function commandsOf(plan: DeletionPlan, ticked: ReadonlySet<number>): readonly string[] {
  const files = plan.files
    .filter(({ id }) => ticked.has(id))
    .sort((a, b) => a.neededBy.length - b.neededBy.length)
    .flatMap(({ command }) => command ?? [])
  const { forceOff, undefine } = plan.commands
  return [...(plan.active ? [forceOff] : []), ...(undefine === null ? [] : [undefine]), ...files]
}
