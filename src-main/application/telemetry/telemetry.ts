/** All lanes of the engine, and what each subject does when a server comes to the list or leaves it. */
import type { ServerId } from '#contract/ids.ts'
import type { TelemetryLane } from './lane.ts'
import { Nudge } from './nudge.ts'
import type { SudoCommand } from '../../domain/capabilities/sudo.ts'

/** One subject: its lane (or none), what it loads before a server connects, and what it forgets with it. */
export interface TelemetrySubject {
  readonly lanes: readonly TelemetryLane[]
  load?(serverId: ServerId): Promise<void>
  forget?(serverId: ServerId): Promise<void>
  /** Ends what runs by itself (schedules, sums on their way). Never rejects. */
  close?(): Promise<void>
}

export class Telemetry {
  readonly #subjects: readonly TelemetrySubject[]
  readonly #nudges = new Map<ServerId, Nudge>()
  readonly lanes: readonly TelemetryLane[]

  constructor(subjects: readonly TelemetrySubject[]) {
    this.#subjects = subjects
    this.lanes = subjects.flatMap((subject) => subject.lanes)
  }

  /** All that the lanes ask with root's rights, where the operator allows it. */
  get sudoCommands(): readonly SudoCommand[] {
    return this.lanes.flatMap((lane) => lane.sudoCommands ?? [])
  }

  /** What ends the pauses of this server's lanes. */
  nudgeOf(serverId: ServerId): Nudge {
    const known = this.#nudges.get(serverId)
    if (known !== undefined) return known
    const nudge = new Nudge()
    this.#nudges.set(serverId, nudge)
    return nudge
  }

  /** All lanes of this server read now instead of at their next turn. One that is reading goes on with that. */
  readNow(serverId: ServerId): void {
    this.#nudges.get(serverId)?.give()
  }

  async load(serverId: ServerId): Promise<void> {
    await Promise.all(this.#subjects.map(async (subject) => subject.load?.(serverId)))
  }

  async forget(serverId: ServerId): Promise<void> {
    this.#nudges.delete(serverId)
    await Promise.all(this.#subjects.map(async (subject) => subject.forget?.(serverId)))
  }

  async close(): Promise<void> {
    await Promise.all(this.#subjects.map(async (subject) => subject.close?.()))
  }
}
