/** A running VM goes to another server and goes on running. */
import { AppError } from '#contract/errors.ts'
import type { DomainState } from '#contract/vocabulary.ts'
import type { Where } from './migration-port.ts'
import { inPhase, Pace } from './pace.ts'
import { createVolumes, forever, portOf, whereNow, write, type Work } from './work.ts'

const POLL_MS = 1_000
/** Nothing has moved for so long: it is given up, and the VM stays where it is. */
const STALL_MS = 300_000
const ABORT_DEADLINE_MS = 20_000
/** After an abort, and for a server to be back after a link was cut. */
const SETTLE_MS = 90_000
/** An incoming VM that lost its sender is ended by libvirt by itself. */
const AGREE_MS = 30_000

/**
 * Resolves when the VM runs on the target and no longer on the source, also when the answer to that was lost. Rejects when
 * it stays on the source (`moved: false` has been read back there), with migrationUnclear when that is not certain.
 */
export async function moveLive(work: Work): Promise<void> {
  const { servers, preparation } = work
  const { live } = preparation
  if (live === null) throw new AppError('internal')
  work.progress(inPhase('preparing'))
  await createVolumes(work)
  const target = portOf(servers.target)
  const ended = new AbortController()
  // The cancel does not end the command: it ends the job, and the command then says how it ended.
  const sending = write(work, servers.source, live.uuid, (port, row) =>
    port.moveLive(live, target, row, { signal: ended.signal })
  )
  const failure = await watch(work, sending)
  ended.abort()
  if (failure === null) return
  await settle(work, failure.error)
}

/** Follows the job until the command has ended; null: well. */
async function watch(work: Work, sending: Promise<void>): Promise<{ readonly error: unknown } | null> {
  const { servers, preparation, clock } = work
  const pace = new Pace(() => clock.monotonicMs())
  const state: { end: { readonly error: unknown } | 'done' | null } = { end: null }
  const ending = sending.then(
    () => void (state.end = 'done'),
    (error: unknown) => void (state.end = { error })
  )
  const cancelled = aborted(work.signal)
  let moved = { bytes: 0, atMs: clock.monotonicMs() }
  let abortedAtMs: number | null = null
  while (state.end === null) {
    const tick = clock.sleep(POLL_MS, forever)
    await Promise.race(abortedAtMs === null ? [ending, tick, cancelled] : [ending, tick])
    if (state.end !== null) break
    const nowMs = clock.monotonicMs()
    if (abortedAtMs === null && (work.signal.aborted || nowMs - moved.atMs > STALL_MS)) {
      abortedAtMs = nowMs
      work.progress(inPhase('undoing'))
      await abort(work)
    }
    // The command does not end although it was told to: what is where is read back by the caller.
    if (abortedAtMs !== null && nowMs - abortedAtMs > SETTLE_MS)
      return { error: new AppError('deadlineExceeded') }
    const job = await servers.source.session?.migration
      .job(preparation.choice.vmUuid, { signal: AbortSignal.timeout(POLL_MS * 5) })
      // A progress that is not told is asked again in a second; one that stands still for long ends the move.
      .catch(() => null)
    if (!job?.isActive || abortedAtMs !== null) continue
    if (job.processedBytes !== moved.bytes) moved = { bytes: job.processedBytes, atMs: nowMs }
    work.progress(pace.progress('copying', job.processedBytes, job.processedBytes + job.remainingBytes))
  }
  return state.end === 'done' ? null : state.end
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

async function abort(work: Work): Promise<void> {
  const { servers, preparation } = work
  const signal = AbortSignal.timeout(ABORT_DEADLINE_MS)
  // It may have ended just now; then there is no job any more, and the command says how it ended.
  await write(work, servers.source, preparation.choice.vmUuid, (port, row) =>
    port.abortJob(preparation.choice.vmUuid, row, { signal, deadlineMs: ABORT_DEADLINE_MS })
  ).catch((cause: unknown) => work.log.info('migration.abortRefused', { cause }))
}

const RUNS: ReadonlySet<DomainState> = new Set(['running', 'blocked'])
const ACTIVE: ReadonlySet<DomainState> = new Set([
  'running',
  'blocked',
  'paused',
  'shuttingDown',
  'suspended'
])
const isIn = (states: ReadonlySet<DomainState>, where: Where): boolean =>
  where.state !== null && states.has(where.state)

/** The command failed or its answer was lost: both servers are read, until they agree on where the VM is. */
async function settle(work: Work, error: unknown): Promise<void> {
  const { servers, preparation, clock } = work
  const { vmUuid } = preparation.choice
  const backByMs = clock.monotonicMs() + SETTLE_MS
  let agreeByMs: number | null = null
  for (;;) {
    const [here, there] = await Promise.all([
      whereNow(servers.source, vmUuid, clock, backByMs),
      whereNow(servers.target, vmUuid, clock, backByMs)
    ])
    if (here === null || there === null) throw unclear(work, here, there, error)
    if (there.state === null) {
      await stayed(work, here, error)
      return
    }
    if (isIn(RUNS, there) && !isIn(ACTIVE, here)) return
    // From server to server it goes on without the console. A job that cannot be read is taken for none.
    const job = await servers.source.session?.migration
      .job(vmUuid, { signal: AbortSignal.timeout(POLL_MS * 5) })
      .catch(() => null)
    if (job?.isActive === true) agreeByMs = null
    else agreeByMs ??= clock.monotonicMs() + AGREE_MS
    if (agreeByMs !== null && clock.monotonicMs() > agreeByMs) throw unclear(work, here, there, error)
    await clock.sleep(POLL_MS, forever)
  }
}

/** It is not on the target: it goes on where it was. */
async function stayed(work: Work, here: Where, error: unknown): Promise<never> {
  const { servers, preparation } = work
  const { vmUuid } = preparation.choice
  if (here.state === 'paused')
    // libvirt does so by itself when it can; a source that lost its client in the last moment is left paused.
    await write(work, servers.source, vmUuid, (port, row) =>
      port.resume(vmUuid, row, { signal: AbortSignal.timeout(ABORT_DEADLINE_MS) })
    )
  else if (!isIn(RUNS, here)) throw unclear(work, here, { state: null, persistent: false }, error)
  throw error
}

export function unclear(work: Work, here: Where | null, there: Where | null, cause: unknown): AppError {
  const word = (where: Where | null): string => (where === null ? 'notReached' : (where.state ?? 'absent'))
  const stderr = cause instanceof AppError ? cause.params.stderr : undefined
  return new AppError('migrationUnclear', {
    params: {
      vm: work.preparation.name,
      source: work.servers.source.record.name,
      target: work.servers.target.record.name,
      onSource: word(here),
      onTarget: word(there),
      ...(stderr === undefined ? {} : { stderr })
    },
    cause
  })
}
