/** What the window can ask about deleting a VM. */
import { createHash } from 'node:crypto'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { type JournalDeps, journalled, writableSessionOf } from '../operations/journal-row.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import { type DeletionState, runDeletion } from './deletion-run.ts'
import type { DeletionHost } from './host-survey.ts'
import { planDeletion, shownFactsOf, type PlannedDeletion } from './plan.ts'

export interface DeletionHandlerDeps extends JournalDeps {
  readonly directory: ServerDirectory
}

type DeletionHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `deletion.${string}`>
>
type RunInput = Parameters<DeletionHandlers['deletion.run']>[0]
type RunContext = Parameters<DeletionHandlers['deletion.run']>[1]

const PLAN_DEADLINE_MS = 90_000
const REFRESH_DEADLINE_MS = 120_000
/** How long a task waits for a link that was cut in the middle. */
const LINK_WAIT_MS = 180_000
const PAUSE_MS = 1_000
/** Plans that operators have seen and not yet carried out. */
const MAX_PLANS = 64

interface KeptPlan {
  readonly serverId: ServerId
  readonly plan: PlannedDeletion
  readonly state: DeletionState
  isRunning: boolean
}

export function deletionHandlers(deps: DeletionHandlerDeps): DeletionHandlers {
  const { directory } = deps
  const plans = new Map<string, KeptPlan>()
  const planOf = async (input: SeenVm, signal: AbortSignal): Promise<PlannedDeletion> => {
    const host = writableSessionOf(directory.get(input.serverId)).deletion
    const survey = await host.survey(AbortSignal.any([signal, AbortSignal.timeout(PLAN_DEADLINE_MS)]))
    return planDeletion(survey, input.vmUuid, input.seenName, (step) => host.commandOf(step))
  }
  return {
    async 'deletion.plan'(input, { signal }) {
      const plan = await planOf(input, signal)
      const token = tokenOf(input.serverId, plan)
      // A plan that is being carried out keeps its state.
      if (plans.get(token)?.isRunning !== true) {
        plans.delete(token)
        const state = { removalSent: false, deletedIds: new Set<number>() }
        plans.set(token, { serverId: input.serverId, plan, state, isRunning: false })
      }
      for (const [oldest, { isRunning }] of plans) {
        if (plans.size <= MAX_PLANS) break
        if (!isRunning) plans.delete(oldest)
      }
      return { ...plan.view, token }
    },
    async 'deletion.refreshPools'(input, { signal }) {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(REFRESH_DEADLINE_MS)])
      const plan = await planOf(input, deadline)
      const runtime = directory.get(input.serverId)
      const stale = plan.files.flatMap(({ view }) =>
        view.lock === 'poolStale' && view.pool !== null ? [view.pool] : []
      )
      for (const pool of new Set(stale)) {
        const operation = { action: 'pool.refresh', record: runtime.record, vm: null }
        await journalled(operation, deps, (journal) =>
          writableSessionOf(runtime).deletion.run({ kind: 'refreshPool', pool }, journal, deadline)
        )
      }
      return null
    },
    async 'deletion.run'(input, context) {
      const kept = plans.get(input.token)
      checkRequest(input, directory.get(input.serverId), kept)
      kept.isRunning = true
      try {
        return await runKept(kept, input, context, deps)
      } finally {
        kept.isRunning = false
      }
    }
  }
}

interface SeenVm {
  readonly serverId: ServerId
  readonly vmUuid: VmUuid
  readonly seenName: string
}

const tokenOf = (serverId: ServerId, plan: PlannedDeletion): string =>
  createHash('sha256')
    .update(`${serverId} ${shownFactsOf(plan)}`)
    .digest('hex')

function checkRequest(
  input: RunInput,
  runtime: ServerRuntime,
  kept: KeptPlan | undefined
): asserts kept is KeptPlan {
  const names = { server: runtime.record.name, vmName: input.seenName }
  const refused = (what: string): AppError => new AppError('refused', { params: { what, ...names } })
  if (runtime.record.lookOnly) throw refused('lookOnly')
  if (input.typedName !== input.seenName) throw refused('typedName')
  if (kept === undefined || kept.serverId !== input.serverId || kept.plan.uuid !== input.vmUuid)
    throw new AppError('planChanged', { params: { what: 'plan', ...names } })
  const { view, files } = kept.plan
  if (view.name !== input.seenName) throw new AppError('vmChanged', { params: { ...names, name: view.name } })
  if (view.isProtected) throw refused('protected')
  if (kept.isRunning) throw new AppError('conflict', { params: names })
  const ticked = new Set(input.files)
  for (const id of ticked) {
    const file = files.find((one) => one.view.id === id)
    if (file === undefined || file.step === null || file.view.neededBy.some((above) => !ticked.has(above)))
      throw new AppError('invalidInput', { params: { what: file?.view.path ?? String(id) } })
  }
}

async function runKept(
  { plan, state }: KeptPlan,
  input: RunInput,
  context: RunContext,
  deps: DeletionHandlerDeps
): Promise<Awaited<ReturnType<DeletionHandlers['deletion.run']>>> {
  const { signal } = context
  const { clock, directory } = deps
  const runtime = directory.get(input.serverId)
  const { record } = runtime
  const vm = { uuid: plan.uuid, name: plan.view.name }
  let lostAtMs: number | null = null
  const pause = async (): Promise<void> => {
    lostAtMs ??= clock.monotonicMs()
    if (clock.monotonicMs() - lostAtMs > LINK_WAIT_MS)
      throw new AppError('disconnected', { params: { server: record.name }, retryable: true })
    await clock.sleep(PAUSE_MS, signal)
  }
  const host = async (): Promise<DeletionHost> => {
    // An edited server is a new runtime.
    const now = directory.get(input.serverId)
    while (now.session === null) await pause()
    return writableSessionOf(now).deletion
  }
  try {
    return await runDeletion({
      plan,
      state,
      ticked: [...new Set(input.files)],
      forceOff: input.forceOff,
      host,
      pause,
      resumed: () => (lostAtMs = null),
      journalled: (work) => journalled({ action: 'machine.delete', record, vm }, deps, work),
      signal,
      progress: (progress) => context.progress(progress)
    })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const names = { server: record.name, vmName: plan.view.name }
    throw new AppError(error.code, {
      params: { ...error.params, ...names },
      retryable: error.retryable,
      cause: error
    })
  }
}
