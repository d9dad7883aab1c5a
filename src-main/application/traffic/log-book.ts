/** How far one log was read and what is known of it, as the storage keeps it. One change at a time. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { LogSpec, PastState } from '#contract/traffic.ts'
import { z } from 'zod'
import type { TrafficCount } from '../../domain/traffic/traffic-counts.ts'
import type { HistoryStore } from '../storage.ts'
import { LogPlace } from './log-walk.ts'

export const LogState = z.object({
  /** Up to where it was read; null = it was not there yet. */
  place: LogPlace.nullable().default(null),
  /** Where counting began; what is older is the past. */
  since: LogPlace.nullable().default(null),
  /** What its lines were last: a log that was rotated just now may hold none to tell. */
  spec: LogSpec.nullable().default(null),
  countedFromAtMs: z.int().nullable().default(null),
  newestAtMs: z.int().nullable().default(null),
  unreadableLines: z.int().default(0),
  lostParts: z.int().default(0),
  past: PastState.default('notCounted'),
  /** Up to where the past was read; null = not begun, or all of it. */
  pastPlace: LogPlace.nullable().default(null)
})
export type LogState = z.infer<typeof LogState>

type Storage = Pick<HistoryStore, 'trafficLog' | 'addTraffic'>

export class LogBook {
  readonly #storage: Storage
  readonly #serverId: ServerId
  readonly #path: string
  #revision: number | null = null
  #state: LogState | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(storage: Storage, serverId: ServerId, path: string) {
    this.#storage = storage
    this.#serverId = serverId
    this.#path = path
  }

  /** Read from the storage at first, and again after a commit that failed. */
  state(): Promise<LogState> {
    return this.#inTurn(() => this.#load())
  }

  /**
   * Adds what was counted and changes the state, in one transaction. Whether a failed one was committed is not known: the state
   * is asked for anew before anything else is done, so that nothing is added twice.
   */
  commit(change: (state: LogState) => LogState, counts: readonly TrafficCount[]): Promise<LogState> {
    return this.#inTurn(async () => {
      const state = change(await this.#load())
      try {
        this.#revision = await this.#storage.addTraffic({
          serverId: this.#serverId,
          path: this.#path,
          revision: this.#revision,
          state: JSON.stringify(state),
          counts
        })
      } catch (error) {
        this.#state = null
        throw error
      }
      this.#state = state
      return state
    })
  }

  async #load(): Promise<LogState> {
    if (this.#state !== null) return this.#state
    const stored = await this.#storage.trafficLog(this.#serverId, this.#path)
    const state = LogState.safeParse(stored === null ? {} : JSON.parse(stored.state))
    // Counting on from an unknown place would count twice.
    if (!state.success) throw new AppError('internal', { cause: state.error })
    this.#revision = stored?.revision ?? null
    this.#state = state.data
    return state.data
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work)
    // The failure belongs to who asked; the next in turn only waits.
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}
