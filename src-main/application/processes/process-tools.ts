/** What the lane of processes needs of a server beside /proc/PID/stat. Implemented by `remote/processes`. */
import type { ProcessRef, ProcessSignal } from '#contract/processes.ts'
import type { IoReading, ProcessUnits } from '../../domain/processes/derive-processes.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'
import type { Connection } from '../servers/connection.ts'
import type { Clock } from '../clock.ts'
import type { Tools } from '../telemetry/tools.ts'

/** What changes seldom: read when a connection came up, and from time to time. */
export interface ServerTerms {
  readonly units: ProcessUnits
  readonly memoryTotalBytes: number | null
  /** Names by uid, of passwd(5). */
  readonly users: ReadonlyMap<number, string>
}

/** Files that can hang (a process in the midst of exec, memory under pressure): all of this runs beside the fast lane. */
export interface ProcessTools {
  terms(tools: Tools, signal: AbortSignal): Promise<ServerTerms>
  /** Names of users that passwd(5) does not have (LDAP, SSSD), by getent where it is installed. */
  userNames(tools: Tools, uids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, string>>
  /** '' = it has none. A pid that has ended is not in the answer. */
  commandLines(
    tools: Tools,
    pids: readonly number[],
    signal: AbortSignal
  ): Promise<ReadonlyMap<number, string>>
  /** Of the processes whose counters the login user (or sudo) may read. */
  io(tools: Tools, sudo: '' | 'sudo -n ', signal: AbortSignal): Promise<IoReading>
}

export interface ProcessActionDeps {
  readonly connection: Connection
  readonly clock: Clock
  readonly sudo: '' | 'sudo -n '
}

export type ProcessAct =
  | { readonly kind: 'signal'; readonly signal: ProcessSignal }
  | { readonly kind: 'renice'; readonly nice: number }

/**
 * Acts on one process; its start is looked at on the server right before. `ended`: it is gone now; `sent`: it still runs a
 * moment later (it may be cleaning up); `done`: its niceness is as asked; `gone`: nothing was sent, it had ended before.
 * Throws commandFailed (`stderr`: the server's words), deadlineExceeded, disconnected.
 */
export type ActOnProcess = (
  deps: ProcessActionDeps,
  process: ProcessRef,
  act: ProcessAct,
  journal: ActionJournal,
  signal: AbortSignal
) => Promise<'ended' | 'sent' | 'done' | 'gone'>
