/** One row of the operation journal: opened before a write is sent, closed with its result. */
import type { JournalEntry } from '#contract/activity.ts'
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { ServerRecord } from '#contract/servers.ts'
import type { Clock } from '../clock.ts'
import type { ActionJournal, HypervisorSession } from '../machines/hypervisor.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import type { JournalStore } from '../storage.ts'

export interface JournalDeps {
  readonly journal: JournalStore
  readonly clock: Clock
  readonly onJournal: (entry: JournalEntry) => void
}

/** What the operator does, as the journal names it. */
export interface Operation {
  /** `machine.start`, `volume.delete`, … */
  readonly action: string
  readonly record: Pick<ServerRecord, 'id' | 'name'>
  /** null: the write concerns no VM (a pool, a network). */
  readonly vm: { readonly uuid: VmUuid; readonly name: string } | null
}

/** Takes any number of writes of one operation, one after the other: each becomes a row of its own. */
export class JournalRow implements ActionJournal {
  readonly #operation: Operation
  readonly #deps: JournalDeps
  #openId: number | null = null

  constructor(operation: Operation, deps: JournalDeps) {
    this.#operation = operation
    this.#deps = deps
  }

  async beforeSend(command: string): Promise<void> {
    const { action, record, vm } = this.#operation
    const entry = await this.#deps.journal.begin({
      atMs: this.#deps.clock.nowMs(),
      serverId: record.id,
      serverName: record.name,
      vmUuid: vm?.uuid ?? null,
      vmName: vm?.name ?? null,
      action,
      command
    })
    this.#openId = entry.id
    this.#deps.onJournal(entry)
  }

  async afterSend({
    exitCode,
    stderr,
    durationMs,
    wasTaken = false
  }: Parameters<ActionJournal['afterSend']>[0]): Promise<void> {
    // Without an exit code the answer never came, also where the state was read back since.
    const unanswered = wasTaken ? 'done' : 'unknown'
    const outcome = exitCode === null ? unanswered : exitCode === 0 ? 'done' : 'failed'
    await this.#end({ exitCode, stderr, durationMs, outcome })
  }

  /** An answer that never came leaves the outcome unknown; it is not called a failure. */
  async lost(): Promise<void> {
    await this.#end({ outcome: 'unknown', exitCode: null, stderr: '', durationMs: null })
  }

  async #end(result: Pick<JournalEntry, 'outcome' | 'exitCode' | 'stderr' | 'durationMs'>): Promise<void> {
    if (this.#openId === null) return
    const id = this.#openId
    this.#openId = null
    this.#deps.onJournal(await this.#deps.journal.end(id, result))
  }
}

/** The session to read by. Throws disconnected. */
export function sessionOf(runtime: ServerRuntime): HypervisorSession {
  const { record, session } = runtime
  if (!session) throw new AppError('disconnected', { params: { server: record.name }, retryable: true })
  return session
}

/** The session to write by. Throws refused (look-only), disconnected. */
export function writableSessionOf(runtime: ServerRuntime): HypervisorSession {
  const { record } = runtime
  if (record.lookOnly) throw new AppError('refused', { params: { what: 'lookOnly', server: record.name } })
  return sessionOf(runtime)
}

/**
 * Runs one journalled operation. Its errors name the server (and the VM as the operator saw it); a write whose answer was
 * lost is closed as `unknown`.
 */
export async function journalled<T>(
  operation: Operation,
  deps: JournalDeps,
  work: (journal: ActionJournal) => Promise<T>
): Promise<T> {
  const row = new JournalRow(operation, deps)
  try {
    return await work(row)
  } catch (error) {
    await row.lost()
    if (!(error instanceof AppError)) throw error
    const { code, params, retryable, cause } = error
    const names = {
      server: operation.record.name,
      ...(operation.vm === null ? {} : { vmName: operation.vm.name })
    }
    throw new AppError(code, { params: { ...params, ...names }, retryable, cause })
  }
}
