/** What the window can ask about making machines. */
import type {
  CreatePlan,
  CreateProgress,
  CreateRequest,
  CreateResult,
  UnfinishedCreate
} from '#contract/create.ts'
import { macOf } from '../../domain/libvirt/new-domain-xml.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { VmRef } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { Clock } from '../clock.ts'
import type { HypervisorSession } from '../machines/hypervisor.ts'
import { type JournalDeps, writableSessionOf } from '../operations/journal-row.ts'
import type { Log } from '../platform/platform.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { BlobStore } from '../storage.ts'
import { checksOf } from './create-review.ts'
import { createOptions, gatherFacts, refuseTaken, type GatheredFacts } from './create-facts.ts'
import { CreateLedger, type CreateRecord } from './create-ledger.ts'
import { planCreate, type PlannedCreate } from './create-plan.ts'
import { CreateRun } from './create-run.ts'
import { seedImage } from './seed-image.ts'

export interface CreateHandlerDeps extends JournalDeps {
  readonly directory: ServerDirectory
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
}

export type CreateHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `machines.create${string}`>
>
type Report = (progress: CreateProgress) => void

const READ_DEADLINE_MS = 30_000
/** How often a create that was cut off is looked for among the machines of its server. */
const LOOK_EVERY_MS = 5_000

export function createHandlers(deps: CreateHandlerDeps): CreateHandlers {
  const { directory, clock } = deps
  const ledger = new CreateLedger(deps.blobs, deps.log)
  const runDeps = { ...deps, ledger }
  const reading = (signal: AbortSignal): AbortSignal =>
    AbortSignal.any([signal, AbortSignal.timeout(READ_DEADLINE_MS)])

  /** One task per machine at a time. */
  const alone = async <T>(ref: VmRef, work: () => Promise<T>): Promise<T> => {
    if (ledger.isBusy(ref)) throw new AppError('conflict', { retryable: true })
    ledger.setBusy(ref, true)
    try {
      return await work()
    } finally {
      ledger.setBusy(ref, false)
    }
  }
  const resumed = async (ref: VmRef): Promise<CreateRun> => {
    const record = await ledger.find(ref)
    if (record === null) throw new AppError('notFound')
    const runtime = directory.get(ref.serverId)
    writableSessionOf(runtime)
    return new CreateRun(record, runtime, runDeps)
  }

  return {
    'machines.createOptions': ({ serverId }, { signal }) => {
      const runtime = directory.get(serverId)
      return createOptions(runtime, writableSessionOf(runtime), reading(signal))
    },
    'machines.createPlan': async (request, { signal }) => {
      const runtime = directory.get(request.serverId)
      const session = writableSessionOf(runtime)
      const gathered = await gatherFacts(runtime, session, request.spec, reading(signal))
      return planShown(request, gathered, session)
    },
    'machines.create': (request, context) => {
      const { signal } = context
      const progress: Report = (value) => context.progress(value)
      const { serverId, spec } = request
      return alone({ serverId, vmUuid: spec.vmUuid }, async () => {
        const run = await begin(request, signal, progress)
        return outcomeOf(run, await completed(run, signal, progress, false))
      })
    },
    async *'machines.createUnfinished'(_input, { signal }) {
      const wake = new AbortController()
      const either = AbortSignal.any([signal, wake.signal])
      lookForFinished(either).catch((cause: unknown) => {
        // What is done after all stays on the list until it is looked at again.
        deps.log.error('create.lookFailed', cause)
      })
      try {
        for await (const _ of ledger.changed.latest(signal)) yield (await ledger.all()).map(viewOf)
      } finally {
        wake.abort()
      }
    },
    'machines.createFinish': (ref, context) =>
      alone(ref, async () => {
        const run = await resumed(ref)
        if (!canFinish(run.record))
          throw new AppError('createRefused', { params: { check: 'source', reason: 'seedGone' } })
        return outcomeOf(run, await completed(run, context.signal, (value) => context.progress(value), true))
      }),
    'machines.createUndo': (ref, context) =>
      alone(ref, async () => {
        const run = await resumed(ref)
        await undone(run, (value) => context.progress(value))
        return { name: run.record.vmName }
      })
  }

  /** Checks everything anew and puts the record on the disk; nothing is changed on the server yet. */
  async function begin(request: CreateRequest, signal: AbortSignal, progress: Report): Promise<CreateRun> {
    const { serverId, spec, xml } = request
    progress({ step: 'check', doneRatio: 0 })
    const runtime = directory.get(serverId)
    const session = writableSessionOf(runtime)
    const ref = { serverId, vmUuid: spec.vmUuid }
    if ((await ledger.find(ref)) !== null)
      throw new AppError('conflict', { params: { what: 'vmUuid', name: spec.name } })
    const gathered = await gatherFacts(runtime, session, spec, reading(signal))
    refuseTaken(gathered, spec)
    const failed = checksOf(request, gathered, session).find(({ state }) => state === 'fail')
    if (failed !== undefined) {
      const params = {
        ...failed.params,
        check: failed.id,
        reason: failed.reason,
        server: runtime.record.name
      }
      throw new AppError('createRefused', { params })
    }
    const { steps, volumes } = planOf(request, gathered, seedOf(request, clock.nowMs()), xml)
    const record: CreateRecord = {
      ref,
      serverName: runtime.record.name,
      vmName: spec.name,
      sinceAtMs: clock.nowMs(),
      steps,
      volumes: [...volumes],
      done: 0,
      step: 'check',
      error: null
    }
    return new CreateRun(record, runtime, runDeps)
  }

  /** Goes to the end, or takes everything back. Returns whether the machine was started. */
  async function completed(
    run: CreateRun,
    signal: AbortSignal,
    progress: Report,
    isResumed: boolean
  ): Promise<boolean> {
    try {
      await run.forward(signal, progress, isResumed)
    } catch (error) {
      const failedStep = run.record.step
      const left = await undone(run, progress).then(
        () => '',
        (undoError: unknown) => leftOver(undoError)
      )
      throw failureOf(error, run.record, failedStep, left)
    }
    await ledger.remove(run.record.ref)
    return run.record.steps.some(({ step }) => step === 'start')
  }

  async function undone(run: CreateRun, progress: Report): Promise<void> {
    try {
      await run.undo(progress)
    } catch (error) {
      await run.fail(error instanceof AppError ? error : new AppError('internal', { cause: error }))
      throw error
    }
  }

  /** A create whose last step was done while nobody could see it is a machine like any other. */
  async function lookForFinished(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const { record, isBusy } of await ledger.all()) {
        const runtime = directory.find(record.ref.serverId)
        if (isBusy || runtime === undefined || runtime === null) continue
        const isComplete = await new CreateRun(record, runtime, runDeps)
          .isComplete(reading(signal))
          // Not to be seen now (no link, libvirt down): it stays on the list and is looked at again.
          .catch(() => false)
        if (isComplete && !ledger.isBusy(record.ref)) await ledger.remove(record.ref)
      }
      // Rejects only when the console ends, which the loop sees.
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined)
    }
  }
}

function planOf(
  { spec }: CreateRequest,
  { facts, pool, image }: GatheredFacts,
  seed: Uint8Array | null,
  xml: string | null
): PlannedCreate {
  return planCreate({ spec, host: facts.host, pool, image, seed, xml })
}

function planShown(request: CreateRequest, gathered: GatheredFacts, session: HypervisorSession): CreatePlan {
  // The seed's size stands in the plan, not its content: no password is hashed for a look.
  const plan = planOf(request, gathered, null, request.xml)
  return {
    checks: [...checksOf(request, gathered, session)],
    xml: plan.xml,
    commands: plan.steps.map(({ action }) => session.creation.shown(action))
  }
}

function seedOf({ spec }: CreateRequest, nowMs: number): Uint8Array | null {
  const { source, vmUuid } = spec
  if (source.kind !== 'cloudImage' || source.seed === null) return null
  return seedImage({ vmUuid, mac: spec.mac ?? macOf(vmUuid), seed: source.seed, nowMs })
}

/** What is missing can be made again: anything but the content of a seed. */
const canFinish = ({ steps, done }: CreateRecord): boolean =>
  steps.slice(done).every(({ action }) => action.kind !== 'uploadVolume' || action.content !== null)

const viewOf = ({ record, isBusy }: { record: CreateRecord; isBusy: boolean }): UnfinishedCreate => ({
  ref: record.ref,
  serverName: record.serverName,
  vmName: record.vmName,
  sinceAtMs: record.sinceAtMs,
  step: record.step,
  error: record.error,
  canFinish: canFinish(record),
  busy: isBusy
})

const outcomeOf = ({ record }: CreateRun, started: boolean): CreateResult => ({
  serverId: record.ref.serverId,
  vmUuid: record.ref.vmUuid,
  name: record.vmName,
  started
})

/** Why something could not be taken away, in one word. */
const leftOver = (error: unknown): string => (error instanceof AppError ? error.code : 'internal')

/** What failed, in the server's own words, and whether all of it was taken away again. */
function failureOf(error: unknown, record: CreateRecord, step: string, left: string): unknown {
  if (!(error instanceof AppError)) return error
  const { stderr, reason } = error.params
  return new AppError('createFailed', {
    params: {
      server: record.serverName,
      vmName: record.vmName,
      step,
      cause: error.code,
      undone: left === '' ? 'yes' : 'no',
      ...(left === '' ? {} : { left }),
      ...(stderr === undefined ? {} : { stderr }),
      ...(reason === undefined ? {} : { reason })
    },
    cause: error
  })
}
