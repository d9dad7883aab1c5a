/** A rule of processes on one server: one alert for each process that is beyond. Pure but for the state, which it changes in place. */
import type { RuleWatch } from '#contract/alert-rules.ts'
import type { AlertProcess } from '#contract/alerts.ts'
import type { LiveProcess } from '../processes/process.ts'
import { type AlertEnd, type AlertState, type AlertTransition, newAlertState } from './alert-state.ts'
import { endAlert, evaluate, type EvaluationContext } from './evaluate.ts'
import { namePattern } from './watches.ts'

/** A process that is beyond `recoverAt`, or has an alert. */
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

/** More are not followed on one server: those with an alert first, then those that take most. */
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
  const kept: { tracked: TrackedProcess; value: number }[] = []
  for (const { process, value } of candidates(reading.processes, watch, context, known)) {
    const key = keyOf(process)
    const tracked = known.get(key) ?? newTracked(process)
    known.delete(key)
    const changes = evaluate(tracked.state, { atMs, value, isOnline: true }, { ...context, foresight: null })
    for (const transition of changes) transitions.push({ process: tracked.process, transition })
    if (tracked.state.open !== null || tracked.state.goodMs === null)
      kept.push({ tracked, value: value ?? 0 })
  }
  for (const { process, state: gone } of known.values())
    for (const transition of endAlert(gone, atMs, 'targetGone')) transitions.push({ process, transition })
  state.tracked = kept
    .toSorted((a, b) => isOpen(b.tracked) - isOpen(a.tracked) || b.value - a.value)
    // One with an alert is never let go of: nobody would end it.
    .filter(({ tracked }, place) => place < MOST_TRACKED || tracked.state.open !== null)
    .map(({ tracked }) => tracked)
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

const isOpen = ({ state }: TrackedProcess): number => Number(state.open !== null)

const keyOf = ({ pid, startTicks }: { pid: number; startTicks: number }): string => `${pid}.${startTicks}`

const newTracked = ({ pid, startTicks, name, user }: LiveProcess): TrackedProcess => ({
  process: { pid, startTicks, name, user },
  state: newAlertState()
})

/** Those that are followed, and those that are worth it: of thousands a few, by the number first as it costs least. */
function* candidates(
  processes: readonly LiveProcess[],
  { measure, pattern }: ProcessWatch,
  { condition }: Pick<EvaluationContext, 'condition'>,
  known: ReadonlyMap<string, TrackedProcess>
): Generator<{ process: LiveProcess; value: number | null }> {
  const fits = namePattern(pattern)
  for (const process of processes) {
    const value = measured(measure, process)
    const isWorth = value !== null && value > condition.recoverAt
    if (!isWorth && (known.size === 0 || !known.has(keyOf(process)))) continue
    if (fits(process.name) || (process.commandLine !== null && fits(process.commandLine)))
      yield { process, value }
  }
}
