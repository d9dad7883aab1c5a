/** All lanes of the engine, and what each subject does when a server comes to the list or leaves it. */
import type { ServerId } from '#contract/ids.ts'
import type { TelemetryLane } from './lane.ts'

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
  readonly lanes: readonly TelemetryLane[]

  constructor(subjects: readonly TelemetrySubject[]) {
    this.#subjects = subjects
    this.lanes = subjects.flatMap((subject) => subject.lanes)
  }

  async load(serverId: ServerId): Promise<void> {
    await Promise.all(this.#subjects.map(async (subject) => subject.load?.(serverId)))
  }

  async forget(serverId: ServerId): Promise<void> {
    await Promise.all(this.#subjects.map(async (subject) => subject.forget?.(serverId)))
  }

  async close(): Promise<void> {
    await Promise.all(this.#subjects.map(async (subject) => subject.close?.()))
  }
}
