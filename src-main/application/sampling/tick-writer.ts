/** Writes the ticks of one server and accounts for what is missing between them. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import type { Log } from '../platform/platform.ts'
import type { HistoryStore, Tick } from '../storage.ts'

/** More lanes than these do not come in one millisecond. */
const RECENT = 64

export class TickWriter {
  readonly #serverId: ServerId
  readonly #history: HistoryStore
  readonly #log: Log
  #lastStoredAtMs: number | null
  #openGap: GapReason | null = null
  #failing = false
  readonly #underWay = new Set<Promise<unknown>>()
  #recentAtMs: readonly number[] = []

  constructor(deps: { serverId: ServerId; history: HistoryStore; log: Log; lastStoredAtMs: number | null }) {
    this.#serverId = deps.serverId
    this.#history = deps.history
    this.#log = deps.log
    this.#lastStoredAtMs = deps.lastStoredAtMs
  }

  /**
   * The time under which a tick is shown and kept. Lanes may ask in the same millisecond, and a row is named by its server and
   * time: whoever comes later gets the next one.
   */
  claim(atMs: number): number {
    let time = atMs
    while (this.#recentAtMs.includes(time)) time++
    this.#recentAtMs = [...this.#recentAtMs.slice(1 - RECENT), time]
    return time
  }

  /**
   * Never rejects: a full disk must not stop the live view. What could not be kept becomes a gap with its reason.
   * @param tick its time is a claimed one
   * Resolves with the time under which the tick is kept, or null.
   */
  write(tick: Tick): Promise<number | null> {
    const written = this.#write(tick)
    this.#underWay.add(written)
    void written.finally(() => this.#underWay.delete(written))
    return written
  }

  /** Resolves when all that was given so far is kept, or known not to be. Never rejects. */
  async settle(): Promise<void> {
    if (this.#underWay.size === 0) return
    try {
      await this.#history.flush()
    } catch (cause) {
      // Then it takes a little longer.
      this.#log.error('history.flushFailed', cause, { serverId: this.#serverId })
    }
    await Promise.all(this.#underWay)
  }

  async #write(tick: Tick): Promise<number | null> {
    if (this.#failing && this.#openGap !== 'storageFull') await this.#beginGap('storageFull')
    try {
      await this.#history.append(tick)
    } catch (cause) {
      if (!this.#failing) this.#log.error('history.appendFailed', cause, { serverId: this.#serverId })
      this.#failing = true
      return null
    }
    this.#failing = false
    if (this.#openGap !== null) await this.#close(tick.atMs)
    this.#lastStoredAtMs = Math.max(this.#lastStoredAtMs ?? 0, tick.atMs)
    return tick.atMs
  }

  /** From the last kept tick on there is nothing, for this reason. A server without any data yet has no gap. */
  async gap(reason: GapReason): Promise<void> {
    // A commit may take its time; what it holds is no part of the gap.
    await this.settle()
    await this.#beginGap(reason)
  }

  async #beginGap(reason: GapReason): Promise<void> {
    if (this.#lastStoredAtMs === null || this.#openGap === reason) return
    try {
      await this.#history.beginGap(this.#serverId, this.#lastStoredAtMs, reason)
      this.#openGap = reason
    } catch (cause) {
      if (!(cause instanceof AppError && cause.code === 'diskFull')) {
        this.#log.error('history.gapFailed', cause, { serverId: this.#serverId, reason })
      }
    }
  }

  async #close(atMs: number): Promise<void> {
    this.#openGap = null
    try {
      await this.#history.endGap(this.#serverId, atMs)
    } catch (cause) {
      this.#log.error('history.gapFailed', cause, { serverId: this.#serverId })
    }
  }
}
