/**
 * Carries a planned create out, step by step, or takes it away again.
 *
 * Every name that is written holds the machine's UUID, so that after a lost answer the server itself tells whether the write
 * was done: nothing is sent twice that could be there twice. Before the first write the record is on the disk.
 */
import { AppError, type ErrorCode } from '#contract/errors.ts'
import type { CreateProgress } from '#contract/create.ts'
import { journalled, type JournalDeps, writableSessionOf } from '../operations/journal-row.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'
import type { CreateAction, CreationSession } from './creation.ts'
import type { CreateLedger, CreateRecord } from './create-ledger.ts'

export interface CreateRunDeps extends JournalDeps {
  readonly ledger: CreateLedger
}

/** How long a server that went away is waited for. */
const RECONNECT_MS = 60_000
const RETRY_MS = 200
/** A write that was sent just before the link was cut may be carried out a moment later. */
const SETTLE_MS = 2_000
const MAX_SENDS = 3
/** How long libvirtd may go on with a volume that nobody waits for any more. */
const BUILDING_MS = 10 * 60_000
const UNDO_MS = 15 * 60_000

/** libvirt's own answer: it was not done. After all others it may have been. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'libvirtFailed',
  'libvirtDenied',
  'libvirtMissing',
  'vmNotFound',
  'invalidInput',
  'refused',
  'internal'
])
const isRefusal = (error: unknown): boolean => !(error instanceof AppError) || REFUSALS.has(error.code)
const isBuilding = (error: unknown): boolean =>
  error instanceof AppError && /being allocated|in use/i.test(String(error.params['stderr'] ?? ''))

export class CreateRun {
  readonly #runtime: ServerRuntime
  readonly #deps: CreateRunDeps
  #record: CreateRecord
  /** An answer was lost: what was sent may still arrive. */
  #wasLost = false

  constructor(record: CreateRecord, runtime: ServerRuntime, deps: CreateRunDeps) {
    this.#record = record
    this.#runtime = runtime
    this.#deps = deps
  }

  get record(): CreateRecord {
    return this.#record
  }

  /** Does what is not done yet. `isResumed`: an earlier console may have done more than is known. */
  async forward(
    signal: AbortSignal,
    progress: (progress: CreateProgress) => void,
    isResumed = false
  ): Promise<void> {
    const { steps } = this.#record
    await this.#keep({ error: null })
    await this.#asOperation('machine.create', async (journal) => {
      for (const [index, { step, action }] of steps.entries()) {
        if (index < this.#record.done) continue
        signal.throwIfAborted()
        progress({ step, doneRatio: index / steps.length })
        if (step !== this.#record.step) await this.#keep({ step })
        if (!isResumed || !(await this.#isDone(action, signal))) await this.#send(action, journal, signal)
        await this.#keep({ done: index + 1 })
      }
    })
    signal.throwIfAborted()
  }

  /**
   * Takes away what this create made, by its UUID and the names that only it has. Throws when something had to be left;
   * the record stays then.
   */
  async undo(progress: (progress: CreateProgress) => void): Promise<void> {
    // Not the operator's cancel: what was begun is taken back to its end.
    const signal = AbortSignal.timeout(UNDO_MS)
    progress({ step: 'undo', doneRatio: 0 })
    await this.#asOperation('machine.createUndo', async (journal) => {
      await this.#takeAway(journal, signal)
      if (!this.#wasLost) return
      await this.#deps.clock.sleep(SETTLE_MS, signal)
      await this.#takeAway(journal, signal)
    })
    await this.#deps.ledger.remove(this.#record.ref)
  }

  /** Whether the last step is done: then it is a machine like any other, and no longer ours to undo. */
  async isComplete(signal: AbortSignal): Promise<boolean> {
    const last = this.#record.steps.at(-1)?.action
    if (last === undefined) return false
    const { vmUuid } = this.#record.ref
    const { session } = this.#runtime
    const domain = session === null ? null : await session.creation.domain(vmUuid, signal)
    return domain !== null && (last.kind !== 'start' || (domain.isActive && !domain.isStarting))
  }

  /** Keeps why it stopped. */
  async fail(error: AppError): Promise<void> {
    await this.#keep({ error: error.toInfo() })
  }

  async #keep(change: Partial<CreateRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change }
    await this.#deps.ledger.put(this.#record)
  }

  #asOperation<T>(action: string, work: (journal: ActionJournal) => Promise<T>): Promise<T> {
    const { ref, vmName } = this.#record
    const vm = { uuid: ref.vmUuid, name: vmName }
    return journalled({ action, record: this.#runtime.record, vm }, this.#deps, work)
  }

  /** Sends until it is known to be done, or was refused. */
  async #send(action: CreateAction, journal: ActionJournal, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const buildingUntilMs = clock.monotonicMs() + BUILDING_MS
    for (let sends = 1; ;) {
      try {
        await writableSessionOf(this.#runtime).creation.run(action, journal, signal)
        return
      } catch (error) {
        if (isRefusal(error)) {
          if (this.#wasLost && (await this.#isDone(action, signal))) return
          if (!isBuilding(error) || clock.monotonicMs() > buildingUntilMs) throw error
          await clock.sleep(1_000, signal)
          continue
        }
        this.#wasLost = true
        if (await this.#isDone(action, signal)) return
        await clock.sleep(SETTLE_MS, signal)
        if (await this.#isDone(action, signal)) return
        if (sends++ >= MAX_SENDS) throw error
      }
    }
  }

  /** Asks the server, waiting for it to come back. What cannot be asked about is done again: it changes nothing then. */
  async #isDone(action: CreateAction, signal: AbortSignal): Promise<boolean> {
    const { vmUuid } = this.#record.ref
    return this.#ask(signal, async (creation) => {
      switch (action.kind) {
        case 'createVolume':
        case 'copyVolume':
          return creation.hasVolume(action.volume.poolUuid, action.volume.name, signal)
        case 'deleteVolume':
          return !(await creation.hasVolume(action.poolUuid, action.name, signal))
        case 'define':
          return (await creation.domain(vmUuid, signal)) !== null
        case 'start': {
          const domain = await creation.domain(vmUuid, signal)
          // Neither yes nor no yet: asked again, as after a lost answer.
          if (domain?.isStarting === true) throw new AppError('deadlineExceeded')
          return domain?.isActive ?? false
        }
        case 'forceOff':
          return !((await creation.domain(vmUuid, signal))?.isActive ?? false)
        case 'undefine':
          return (await creation.domain(vmUuid, signal)) === null
        case 'growVolume':
        case 'uploadVolume':
        case 'autostart':
          return false
      }
    })
  }

  async #ask<T>(signal: AbortSignal, question: (creation: CreationSession) => Promise<T>): Promise<T> {
    const { clock } = this.#deps
    const untilMs = clock.monotonicMs() + RECONNECT_MS
    for (;;) {
      signal.throwIfAborted()
      try {
        return await question(writableSessionOf(this.#runtime).creation)
      } catch (error) {
        if (isRefusal(error) || clock.monotonicMs() > untilMs) throw error
        await clock.sleep(RETRY_MS, signal)
      }
    }
  }

  async #takeAway(journal: ActionJournal, signal: AbortSignal): Promise<void> {
    const { ref, vmName, volumes } = this.#record
    const { vmUuid } = ref
    const domain = await this.#ask(signal, (creation) => creation.domain(vmUuid, signal))
    if (domain !== null) {
      // Renamed meanwhile: somebody has taken it into use.
      if (domain.name !== vmName || domain.hasNamesake)
        throw new AppError('vmChanged', { params: { seenName: vmName, name: domain.name } })
      if (domain.isActive) await this.#send({ kind: 'forceOff', vmUuid }, journal, signal)
      await this.#send({ kind: 'undefine', vmUuid }, journal, signal)
    }
    for (const { poolUuid, name } of volumes.toReversed()) {
      if (await this.#ask(signal, (creation) => creation.hasVolume(poolUuid, name, signal)))
        await this.#send({ kind: 'deleteVolume', poolUuid, name }, journal, signal)
    }
  }
}
