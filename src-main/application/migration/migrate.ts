/**
 * A VM goes to another server, or a copy of it does. In this order: planned anew, made on the target, verified there, and
 * only then taken off the source, whose files stay in any case. What fails leaves the source as it was, and takes away only
 * what was made on the target.
 */
import { AppError } from '#contract/errors.ts'
import type { MigrationChoice, MigrationProgress, MigrationResult } from '#contract/migration.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { JournalDeps } from '../operations/journal-row.ts'
import { copyCold } from './cold-copy.ts'
import { moveLive, unclear } from './live-move.ts'
import { inPhase } from './pace.ts'
import { type MigrationServers, planMigration, type Preparation } from './plan.ts'
import { undo } from './undo.ts'
import { portOf, whereNow, type Work, write } from './work.ts'

export interface MigrateDeps extends JournalDeps {
  readonly clock: Clock
  readonly log: Log
}

const PLAN_DEADLINE_MS = 120_000
const READ_DEADLINE_MS = 15_000
const WRITE_DEADLINE_MS = 30_000
const UNDO_MS = 60_000

/** @throws AppError vmChanged, migrationNotPossible, migrationFailed, migrationUnclear, cancelled */
export async function migrate(
  servers: MigrationServers,
  request: { readonly choice: MigrationChoice; readonly seenName: string },
  deps: MigrateDeps,
  context: { readonly signal: AbortSignal; progress(progress: MigrationProgress): void }
): Promise<MigrationResult> {
  const { clock } = deps
  const startedMs = clock.monotonicMs()
  context.progress(inPhase('checking'))
  const preparation = await prepared(servers, request, context.signal)
  const work: Work = {
    servers,
    preparation,
    journal: deps,
    clock,
    log: deps.log,
    signal: context.signal,
    made: { volumes: [], isDefinitionSent: false },
    progress: (progress) => context.progress(progress)
  }
  try {
    const checksums = preparation.live === null ? await copyCold(work) : await moveLive(work).then(() => [])
    work.progress(inPhase('verifying'))
    await verify(work).catch(async (error: unknown) => {
      throw preparation.live === null ? error : await asUnclear(work, error)
    })
    work.progress(inPhase('finishing'))
    const isMove = preparation.choice.kind === 'move'
    if (isMove) await keepAutostart(work)
    return {
      targetUuid: preparation.targetUuid,
      targetName: preparation.targetName,
      bytesCopied: preparation.copies.reduce((sum, copy) => sum + copy.bytes, 0),
      durationMs: Math.round(clock.monotonicMs() - startedMs),
      sourceUndefined: isMove && (await undefineSource(work)),
      filesLeft: isMove ? [...preparation.filesLeft] : [],
      checksums
    }
  } catch (error) {
    throw await failed(work, error)
  }
}

async function prepared(
  servers: MigrationServers,
  { choice, seenName }: { readonly choice: MigrationChoice; readonly seenName: string },
  signal: AbortSignal
): Promise<Preparation> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(PLAN_DEADLINE_MS)])
  const { plan, preparation } = await planMigration(servers, choice, { signal: bounded })
  if (plan.seenName !== '' && plan.seenName !== seenName)
    throw new AppError('vmChanged', { params: { seenName, name: plan.seenName } })
  if (preparation !== null) return preparation
  const check = plan.checks.find(({ level }) => level === 'fail')
  throw new AppError('migrationNotPossible', {
    params: { vm: seenName, check: check?.id ?? '', reason: check?.reason ?? '' }
  })
}

/** The target is read back: there by its UUID, in the right state, on the disks that were made for it, of the same size. */
async function verify({ servers, preparation, signal }: Work): Promise<void> {
  const { choice, copies, targetUuid, live } = preparation
  // After a live move a cancel comes too late: the VM runs there, and must be verified all the same.
  const waits = {
    signal: live === null ? signal : AbortSignal.timeout(PLAN_DEADLINE_MS),
    deadlineMs: READ_DEADLINE_MS
  }
  const target = portOf(servers.target)
  const there = await target.domain(targetUuid, waits)
  const wanted = live === null ? ['shutOff'] : ['running', 'blocked', 'paused']
  const problem = (reason: string, disk = ''): AppError =>
    new AppError('migrationUnclear', {
      params: {
        vm: preparation.name,
        source: servers.source.record.name,
        target: servers.target.record.name,
        onSource: 'kept',
        onTarget: there.state,
        reason,
        disk
      }
    })
  if (!wanted.includes(there.state) || !there.persistent) throw problem('state')
  if (live !== null) {
    const here = await portOf(servers.source).where(choice.vmUuid, waits)
    if (here.state !== null && here.state !== 'shutOff') throw problem('bothActive')
  }
  for (const copy of copies) {
    const disk = there.facts.disks.find((one) => one.target === copy.target)
    const volume = await target.volume(copy.volume.pool, copy.volume.name, waits)
    if (disk?.path !== copy.path || volume?.path !== copy.path) throw problem('diskPlace', copy.target)
    const isEmpty = copy.allocationBytes > 0 && volume.allocationBytes === 0
    if (volume.capacityBytes !== copy.volume.capacityBytes || isEmpty) throw problem('diskSize', copy.target)
  }
}

/** It runs on the target by now: nothing is undone, and what is where is read back. */
async function asUnclear(work: Work, error: unknown): Promise<unknown> {
  if (error instanceof AppError && error.code === 'migrationUnclear') return error
  const { servers, preparation, clock } = work
  const untilMs = clock.monotonicMs() + UNDO_MS
  const { vmUuid } = preparation.choice
  const [here, there] = await Promise.all([
    whereNow(servers.source, vmUuid, clock, untilMs),
    whereNow(servers.target, vmUuid, clock, untilMs)
  ])
  return unclear(work, here, there, error)
}

/** libvirt leaves the mark behind. Without it the VM is whole all the same: its row in the journal tells that it failed. */
async function keepAutostart(work: Work): Promise<void> {
  const { servers, preparation } = work
  if (!preparation.autostart) return
  await write(work, servers.target, preparation.targetUuid, (port, row) =>
    port.autostart(preparation.targetUuid, row, { signal: AbortSignal.timeout(WRITE_DEADLINE_MS) })
  ).catch((cause: unknown) => work.log.warn('migration.autostartNotKept', { cause }))
}

/** The last step, after the target was verified. false: the definition is still there, off; the VM is whole on the target. */
async function undefineSource(work: Work): Promise<boolean> {
  const { servers, preparation } = work
  const { vmUuid } = preparation.choice
  const waits = { signal: AbortSignal.timeout(WRITE_DEADLINE_MS), deadlineMs: READ_DEADLINE_MS }
  try {
    const here = await portOf(servers.source).where(vmUuid, waits)
    if (here.state === null) return true
    if (here.state !== 'shutOff') return false
    await write(work, servers.source, vmUuid, (port, row) =>
      port.undefine(vmUuid, preparation.hasNvram, row, waits)
    )
    return true
  } catch (cause) {
    // The window says that it is still there; its row in the journal says why.
    work.log.warn('migration.sourceNotUndefined', { cause })
    return false
  }
}

/** Undoes what may be undone, and says what is where. */
async function failed(work: Work, error: unknown): Promise<unknown> {
  if (error instanceof AppError && error.code === 'migrationUnclear') return error
  const left = await undo(work, work.clock.monotonicMs() + UNDO_MS).catch((cause: unknown) => {
    work.log.warn('migration.notUndone', { cause })
    return ['?']
  })
  if (work.signal.aborted && left.length === 0) return new AppError('cancelled', { cause: error })
  if (!(error instanceof AppError) || error.code === 'internal') return error
  const { servers, preparation } = work
  const { stderr, reason, disk } = error.params
  return new AppError('migrationFailed', {
    params: {
      vm: preparation.name,
      source: servers.source.record.name,
      target: servers.target.record.name,
      code: error.code,
      ...(stderr === undefined ? {} : { stderr }),
      ...(reason === undefined ? {} : { reason }),
      ...(disk === undefined ? {} : { disk }),
      ...(left.length === 0 ? {} : { left: left.join(', ').slice(0, 2_000) })
    },
    cause: error
  })
}
