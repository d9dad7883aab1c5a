/** What the steps of a migration share: both servers as they are now, journal rows, and what was made so far. */
import { AppError } from '#contract/errors.ts'
import type { MigrationProgress } from '#contract/migration.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { Clock } from '../clock.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'
import type { Log } from '../platform/platform.ts'
import { type JournalDeps, journalled, writableSessionOf } from '../operations/journal-row.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import type { MigrationPort, NewVolume, Where } from './migration-port.ts'
import type { MigrationServers, Preparation } from './plan.ts'

export interface Work {
  readonly servers: MigrationServers
  readonly preparation: Preparation
  readonly journal: JournalDeps
  readonly clock: Clock
  readonly log: Log
  /** The operator's cancel. What is undone afterwards does not stop for it. */
  readonly signal: AbortSignal
  readonly made: Made
  progress(progress: MigrationProgress): void
}

/** What this migration made on the target, and so may take away again. */
export interface Made {
  /** `isSure` false: its answer was lost. */
  readonly volumes: { readonly volume: NewVolume; isSure: boolean }[]
  isDefinitionSent: boolean
}

/** The server's port for writing, through the connection that it has now. Throws refused, disconnected. */
export const portOf = (runtime: ServerRuntime): MigrationPort => writableSessionOf(runtime).migration

/** One write of the migration: a row of the journal of its own. */
export function write<T>(
  { preparation, journal }: Pick<Work, 'preparation' | 'journal'>,
  runtime: ServerRuntime,
  uuid: VmUuid,
  send: (port: MigrationPort, row: ActionJournal) => Promise<T>
): Promise<T> {
  const name = runtime.record.id === preparation.choice.serverId ? preparation.name : preparation.targetName
  const operation = { action: 'machine.migrate', record: runtime.record, vm: { uuid, name } }
  const port = portOf(runtime)
  return journalled(operation, journal, (row) => send(port, row))
}

/** The answer was lost: nobody knows whether it was done. */
export const isLost = (error: unknown): boolean =>
  error instanceof AppError && (error.code === 'disconnected' || error.code === 'deadlineExceeded')

/** For short waits that a cancel does not end. */
export const forever: AbortSignal = new AbortController().signal

const READ_AGAIN_MS = 500
const READ_DEADLINE_MS = 10_000

/** Waits for the server to be back and reads where the VM is; null when it does not come back in time. */
export async function whereNow(
  runtime: ServerRuntime,
  uuid: VmUuid,
  clock: Clock,
  untilMs: number
): Promise<Where | null> {
  for (;;) {
    const { session } = runtime
    if (session !== null) {
      const signal = AbortSignal.timeout(READ_DEADLINE_MS)
      const where = await session.migration
        .where(uuid, { signal, deadlineMs: READ_DEADLINE_MS })
        // Not answered is asked again until `untilMs`; null tells the caller that it never was.
        .catch(() => null)
      if (where !== null) return where
    }
    if (clock.monotonicMs() >= untilMs) return null
    await clock.sleep(READ_AGAIN_MS, forever)
  }
}

/** Makes the target's empty disks. */
export async function createVolumes(work: Work): Promise<void> {
  const { servers, preparation, made } = work
  for (const { volume } of preparation.copies) {
    const entry = { volume, isSure: false }
    try {
      await write(work, servers.target, preparation.targetUuid, (port, row) =>
        port.createVolume(volume, row, { signal: work.signal })
      )
      entry.isSure = true
      made.volumes.push(entry)
    } catch (error) {
      // Refused: whatever lies there now is somebody else's. Lost: it is looked at before it is taken away.
      if (isLost(error) || work.signal.aborted) made.volumes.push(entry)
      throw error
    }
  }
}
