/** The operator acts on a VM: allowed?, journalled before it is sent, then done by UUID. */
import type { JournalEntry } from '#contract/activity.ts'
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import type { Clock } from '../clock.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import type { JournalStore } from '../storage.ts'
import type { ActionJournal } from './hypervisor.ts'

export interface ActRequest {
  readonly runtime: ServerRuntime
  readonly vmUuid: VmUuid
  readonly action: MachineAction
  readonly seenName: string
}

export interface ActDeps {
  readonly journal: JournalStore
  readonly clock: Clock
  readonly onJournal: (entry: JournalEntry) => void
}

/** Throws refused (look-only), disconnected, vmNotFound, vmChanged, vmNotResponding, vmActionNotPossible, libvirtFailed. */
export async function actOnMachine(
  request: ActRequest,
  deps: ActDeps,
  signal: AbortSignal
): Promise<'done' | 'already'> {
  const { runtime, vmUuid, action, seenName } = request
  const { record, session } = runtime
  if (record.lookOnly) throw new AppError('refused', { params: { what: 'lookOnly', server: record.name } })
  if (!session) throw new AppError('disconnected', { params: { server: record.name }, retryable: true })
  const row = new JournalRow(request, deps)
  try {
    return await session.act({ uuid: vmUuid, action, seenName }, row, signal)
  } catch (error) {
    await row.lost()
    throw error instanceof AppError ? named(error, record.name, seenName) : error
  }
}

/** The words of an error name the VM as the operator saw it, and its server. */
function named(error: AppError, server: string, vmName: string): AppError {
  const { code, params, retryable, cause } = error
  return new AppError(code, { params: { ...params, server, vmName }, retryable, cause })
}

class JournalRow implements ActionJournal {
  readonly #request: ActRequest
  readonly #deps: ActDeps
  #openId: number | null = null

  constructor(request: ActRequest, deps: ActDeps) {
    this.#request = request
    this.#deps = deps
  }

  async beforeSend(command: string): Promise<void> {
    const { runtime, vmUuid, action, seenName } = this.#request
    const entry = await this.#deps.journal.begin({
      atMs: this.#deps.clock.nowMs(),
      serverId: runtime.record.id,
      serverName: runtime.record.name,
      vmUuid,
      vmName: seenName,
      action: `machine.${action}`,
      command
    })
    this.#openId = entry.id
    this.#deps.onJournal(entry)
  }

  async afterSend(result: { exitCode: number | null; stderr: string; durationMs: number }): Promise<void> {
    const { exitCode } = result
    // Without an exit code the answer never came, also where the state was read back since.
    const outcome = exitCode === null ? 'unknown' : exitCode === 0 ? 'done' : 'failed'
    await this.#end({ ...result, outcome })
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
