/** A rule of processes on one server: one alert for each process that is beyond. Pure but for the state, which it changes in place. */
import type { RuleWatch } from '#contract/alert-rules.ts'
import type { AlertProcess } from '#contract/alerts.ts'
import type { LiveProcess } from '../processes/process.ts'
import { type AlertEnd, type AlertState, type AlertTransition, newAlertState } from './alert-state.ts'
import { endAlert, evaluate, type EvaluationContext } from './evaluate.ts'
import { namePattern } from './watches.ts'

/** A process that has an alert, or is on the way to one. */
export interface TrackedProcess {
  readonly process: AlertProcess
  readonly state: AlertState
}

/** Plain JSON of a bounded size, like AlertState. */
export interface ProcessesState {
  tracked: TrackedProcess[]
}

export const newProcessesState = (): ProcessesState => ({ tracked: [] })

export interface ProcessTransition {
  readonly process: AlertProcess
  readonly transition: AlertTransition
}

type ProcessWatch = Extract<RuleWatch, { kind: 'process' }>

/** More are not followed on one server: those that are followed first, then those that take most. */
export const MOST_TRACKED = 64

/** What the rule measures of a process; null = not known yet. */
const measured = (measure: ProcessWatch['measure'], process: LiveProcess): number | null =>
  measure === 'cpuUsedRatio' ? process.cpuRatio : process.memoryRatio

/** @param processes all of the server's: one that is not among them is gone */
export function evaluateProcesses(
  state: ProcessesState,
  reading: { readonly atMs: number; readonly processes: readonly LiveProcess[] },
  watch: ProcessWatch,
  context: Omit<EvaluationContext, 'foresight'>
): readonly ProcessTransition[] {
  const { atMs } = reading
  const transitions: ProcessTransition[] = []
  const known = new Map(state.tracked.map((tracked) => [keyOf(tracked.process), tracked]))
  const { followed, fresh } = candidates(reading.processes, watch, context, known)
  const kept: TrackedProcess[] = []
  const look = (tracked: TrackedProcess, value: number | null): void => {
    const changes = evaluate(tracked.state, { atMs, value, isOnline: true }, { ...context, foresight: null })
    for (const transition of changes) transitions.push({ process: tracked.process, transition })
    if (tracked.state.open !== null || tracked.state.beyondSamples > 0) kept.push(tracked)
  }
  for (const { tracked, value } of followed) {
    known.delete(keyOf(tracked.process))
    look(tracked, value)
  }
  for (const { process, state: gone } of known.values())
    for (const transition of endAlert(gone, atMs, 'targetGone')) transitions.push({ process, transition })
  // Who has an alert is never let go of, as nobody would end it: newcomers take the places that are left.
  const places = Math.max(0, MOST_TRACKED - kept.length)
  for (const { process, value } of fresh.toSorted((a, b) => b.value - a.value).slice(0, places))
    look(newTracked(process), value)
  state.tracked = kept
  return transitions
}

/** Ends all alerts of the rule on the server. */
export function endProcesses(
  state: ProcessesState,
  atMs: number,
  ended: AlertEnd
): readonly ProcessTransition[] {
  const { tracked } = state
  state.tracked = []
  return tracked.flatMap(({ process, state: one }) =>
    endAlert(one, atMs, ended).map((transition) => ({ process, transition }))
  )
}

const keyOf = ({ pid, startTicks }: { pid: number; startTicks: number }): string => `${pid}.${startTicks}`

const newTracked = ({ pid, startTicks, name, user }: LiveProcess): TrackedProcess => ({
  process: { pid, startTicks, name, user },
  state: newAlertState()
})

interface Candidates {
  readonly followed: { tracked: TrackedProcess; value: number | null }[]
  readonly fresh: { process: LiveProcess; value: number }[]
}

/** Those that are followed, and those that should be: of thousands a few, by the number first as it costs least. */
function candidates(
  processes: readonly LiveProcess[],
  { measure, pattern }: ProcessWatch,
  { condition }: Pick<EvaluationContext, 'condition'>,
  known: ReadonlyMap<string, TrackedProcess>
): Candidates {
  const fits = namePattern(pattern)
  const found: Candidates = { followed: [], fresh: [] }
  for (const process of processes) {
    const value = measured(measure, process)
    const isBeyond = value !== null && value > condition.threshold
    const tracked = known.size === 0 ? undefined : known.get(keyOf(process))
    if (tracked === undefined && !isBeyond) continue
    if (!fits(process.name) && (process.commandLine === null || !fits(process.commandLine))) continue
    if (tracked !== undefined) found.followed.push({ tracked, value })
    else if (value !== null) found.fresh.push({ process, value })
  }
  return found
}
