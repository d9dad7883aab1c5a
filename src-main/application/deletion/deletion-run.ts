/**
 * Carries out a confirmed plan: force off, undefine, then file after file. Before each step the server is looked at again;
 * whatever differs from the plan ends it there. An answer that was lost is read back, and nothing is sent twice blindly.
 */
import type { DeletedFile, DeletionProgress, DeletionResult } from '#contract/deletion.ts'
import { AppError, type ErrorCode, type ErrorInfo } from '#contract/errors.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'
import type { DeletionHost, DeletionStep, HostSurvey } from './host-survey.ts'
import { differenceFrom, holdOf, likenessOf, type PlannedDeletion, type PlannedFile } from './plan.ts'
import { FileUsage } from './usage.ts'

/** What an earlier, interrupted run of the same plan has done. */
export interface DeletionState {
  /** The command that removes the VM was sent: its absence is the console's own doing. */
  removalSent: boolean
  readonly deletedIds: Set<number>
}

export interface DeletionRun {
  readonly plan: PlannedDeletion
  readonly state: DeletionState
  readonly ticked: readonly number[]
  readonly forceOff: boolean
  /** The server's libvirt now; waits for it when the link was lost. Throws disconnected when it does not come back. */
  readonly host: () => Promise<DeletionHost>
  /** Waits a little after a lost answer. Throws disconnected when waiting has taken too long. */
  readonly pause: () => Promise<void>
  /** The server answers (again). */
  readonly resumed: () => void
  readonly journalled: (work: (journal: ActionJournal) => Promise<void>) => Promise<void>
  readonly signal: AbortSignal
  readonly progress: (progress: DeletionProgress) => void
}

const LOST: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'disconnected',
  'deadlineExceeded',
  'connectionClosed',
  'linkFrozen',
  'channelRefused',
  'libvirtDaemonDown'
])
const MAX_SENDS = 3
/** Once the VM is gone, nothing may be built on a file any more: its own overlays went before it. */
const NOTHING: ReadonlySet<string> = new Set()

const isLost = (error: unknown): error is AppError => error instanceof AppError && LOST.has(error.code)
const changed = (what: string, path?: string): AppError =>
  new AppError('planChanged', { params: path === undefined ? { what } : { what, path } })
const infoOf = (error: AppError): ErrorInfo => error.toInfo()

/** @throws AppError planChanged, cancelled, and those of libvirt and the link */
export async function runDeletion(run: DeletionRun): Promise<DeletionResult> {
  const { plan, ticked } = run
  const files = ticked
    .flatMap((id) => plan.files.filter((file) => file.view.id === id))
    // What is built on another file goes before it.
    .sort((a, b) => a.view.neededBy.length - b.view.neededBy.length)
  const results: DeletedFile[] = []
  const totalSteps = 1 + files.length
  const report = (step: DeletionProgress['step'], doneSteps: number): void =>
    run.progress({ step, doneSteps, totalSteps, files: [...results] })
  report('check', 0)
  await removeMachine(run, (step) => report(step, 0))
  let stop: AppError | null = null
  for (const [index, file] of files.entries()) {
    report('file', 1 + index)
    const path = file.view.path
    if (stop !== null) {
      results.push({ path, outcome: 'kept', error: infoOf(stop) })
      continue
    }
    const result = await removeFile(run, file, (step) => report(step, 1 + index))
    results.push(result)
    if (result.outcome === 'kept' && result.error !== null) stop = AppError.fromInfo(result.error)
  }
  report('file', totalSteps)
  return { machine: 'deleted', files: results }
}

type Report = (step: DeletionProgress['step']) => void

async function removeMachine(run: DeletionRun, report: Report): Promise<void> {
  const { plan, state, signal } = run
  const { uuid } = plan
  let sends = 0
  for (;;) {
    const [host, survey] = await lookAgain(run, report)
    const domain = survey.domains.find((one) => one.uuid === uuid)
    if (domain === undefined) {
      if (state.removalSent) return
      throw changed('gone')
    }
    if (domain.name !== plan.view.name) throw changed('name')
    const difference = differenceFrom(plan, survey, (step) => host.commandOf(step))
    if (difference !== null) throw changed(difference)
    if (domain.active && !run.forceOff) throw changed('running')
    if (sends >= MAX_SENDS) throw changed('running')
    signal.throwIfAborted()
    sends++
    const step: DeletionStep = domain.active ? { kind: 'forceOff', uuid, name: domain.name } : plan.undefine
    if (!domain.active || !domain.persistent) state.removalSent = true
    report(step.kind === 'forceOff' ? 'forceOff' : 'undefine')
    await send(run, host, step)
  }
}

async function removeFile(run: DeletionRun, file: PlannedFile, report: Report): Promise<DeletedFile> {
  const { plan, state, signal } = run
  const { path, id } = file.view
  for (let sends = 0; ; sends++) {
    signal.throwIfAborted()
    const [host, survey] = await lookAgain(run, report)
    const usage = new FileUsage(survey)
    if (survey.domains.some(({ uuid }) => uuid === plan.uuid)) return kept(path, changed('back', path))
    if (usage.volumeAt(path) === null) {
      const isSeen = survey.pools.some(({ name, readable }) => name === file.step?.pool && readable)
      if (!isSeen) return kept(path, changed('pool', path))
      return { path, outcome: sends > 0 || state.deletedIds.has(id) ? 'deleted' : 'gone', error: null }
    }
    const { lock } = holdOf(usage, file.source, file.view.kind, path, plan.uuid, NOTHING)
    if (lock !== null || file.step === null) return kept(path, changed('used', path))
    if (likenessOf(usage, path) !== file.likeness) return kept(path, changed('another', path))
    if (sends >= MAX_SENDS) return kept(path, changed('another', path))
    state.deletedIds.add(id)
    try {
      await send(run, host, file.step)
    } catch (error) {
      if (!(error instanceof AppError) || signal.aborted) throw error
      return { path, outcome: 'failed', error: infoOf(error) }
    }
  }
}

const kept = (path: string, error: AppError): DeletedFile => ({ path, outcome: 'kept', error: infoOf(error) })

/** Sends one step. A lost answer is no failure here: the next look tells whether it was done. */
async function send(run: DeletionRun, host: DeletionHost, step: DeletionStep): Promise<void> {
  try {
    // Once sent, its result is waited for: cancelling stops before the next step.
    await run.journalled((journal) => host.run(step, journal, new AbortController().signal))
  } catch (error) {
    if (!isLost(error)) throw error
    await run.pause()
  }
}

/** Looks at the server, waiting for the link where it is gone. */
async function lookAgain(run: DeletionRun, report: Report): Promise<readonly [DeletionHost, HostSurvey]> {
  for (;;) {
    run.signal.throwIfAborted()
    try {
      const host = await run.host()
      const survey = await host.survey(run.signal)
      run.resumed()
      return [host, survey]
    } catch (error) {
      if (run.signal.aborted || !isLost(error)) throw error
      report('waiting')
      await run.pause()
    }
  }
}
