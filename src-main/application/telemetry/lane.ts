/**
 * What a server is asked for beside the fast lane, each at a pace of its own: processes, sensors, GPUs, users, … A lane that
 * fails or hangs costs only itself; the capability list says so.
 */
import type { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { Capability, ServerFacts } from '#contract/servers.ts'
import type { SudoCommand } from '../../domain/capabilities/sudo.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { HostSampling } from '../sampling/host-sampler.ts'
import type { Connection } from '../servers/connection.ts'
import type { Tick } from '../storage.ts'
import type { Tools } from './tools.ts'

/** What one reading brought. Details that are no series go to the lane's own board (detail-board.ts). */
export interface LaneReading {
  /**
   * Into the history and the live charts. Values of the server itself (kind `server`, key '') go onto its card too. An entity
   * may hold some of its metrics only: other lanes bring the rest.
   */
  readonly entities: readonly EntityValues[]
  /** Names for people, of new entities: a GPU's model, a container's image. */
  readonly labels?: Tick['labels']
  /** What of this lane works, with causes. Replaces what the lane said before. */
  readonly capabilities: readonly Capability[]
  /** Facts that only this lane can read; they stand beside those of the connection. */
  readonly facts?: FirmwareFacts
}

/** What the firmware's tables tell, with root's rights only. */
export type FirmwareFacts = Pick<ServerFacts, 'serialNumber' | 'memoryModules' | 'memorySlots'>

export interface LaneContext {
  readonly serverId: ServerId
  readonly connection: Connection
  /** The fast lane's shell: for what must be cheap and cannot hang. */
  readonly sampling: HostSampling
  /** For everything else. Closed with the connection. */
  readonly tools: Tools
  readonly clock: Clock
  readonly log: Log
  /** `sudo -n ` where the operator allows it for this server, else ''. Goes before a constant command. */
  readonly sudo: () => '' | 'sudo -n '
  /** Aborts when the connection is gone. */
  readonly signal: AbortSignal
}

export interface TelemetryLane {
  /** Unique; for the log. */
  readonly id: string
  /** Asked before each pause. */
  everyMs(serverId: ServerId): number
  /** How long after the connection came up the first reading waits, so that cards come alive first. Default 0. */
  readonly firstAfterMs?: number
  /** Resolves when a reading is wanted before its time, or when the signal aborts (see lane-bell.ts). */
  wanted?(serverId: ServerId, signal: AbortSignal): Promise<void>
  /** Every command that the lane ever puts `sudo` before: the operator is shown exactly these to allow. */
  readonly sudoCommands?: readonly SudoCommand[]
  /** Nothing is asked of the server yet. */
  open(context: LaneContext): LaneSession
  /** What the panel says when a reading failed with this error. */
  capabilitiesOf(error: AppError): readonly Capability[]
}

/** A lane on one connection. Never read twice at once. */
export interface LaneSession {
  /** Bounded by deadlines of its own. Throws AppError; the next reading is tried all the same. */
  read(signal: AbortSignal): Promise<LaneReading>
  close(): void
}
