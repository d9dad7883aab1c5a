/** Adds up the energy of every source and of every server by the day, and hands it to the storage about once a minute. */
import type { ServerId } from '#contract/ids.ts'
import { dayOf, joulesBetween, type PowerPoint } from '../../domain/gpu-power/energy.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { DayTotal, HistoryStore } from '../storage.ts'

/** The name under which a day's energy is kept: of each source (kind `power`), and of the server (kind `server`, key ''). */
export const ENERGY = 'energyJoules'

const WRITE_EVERY_MS = 60_000

export interface EnergyReading {
  /** null: the server itself. */
  readonly source: string | null
  readonly watts: number
  /** What the source counted since its reading before; null = the mean of both readings is taken. */
  readonly joules: number | null
}

export interface EnergyLedgerDeps {
  readonly history: Pick<HistoryStore, 'addDayTotals'>
  readonly clock: Clock
  readonly log: Log
  readonly zone: () => 'local' | 'utc'
}

export class EnergyLedger {
  readonly #deps: EnergyLedgerDeps
  readonly #last = new Map<ServerId, Map<string, PowerPoint>>()
  #waiting = new Map<string, DayTotal>()
  readonly #life = new AbortController()
  readonly #writing: Promise<void>

  constructor(deps: EnergyLedgerDeps) {
    this.#deps = deps
    this.#writing = this.#writeNowAndThen()
  }

  /** Takes one reading of a server; what a source drew since its last one counts for the day on which it ends. */
  take(serverId: ServerId, atMs: number, readings: readonly EnergyReading[]): void {
    const before = this.#last.get(serverId) ?? new Map<string, PowerPoint>()
    const now = new Map<string, PowerPoint>()
    const day = dayOf(atMs, this.#deps.zone())
    for (const { source, watts, joules } of readings) {
      const key = source ?? ''
      const kind = source === null ? 'server' : 'power'
      const point = { atMs, watts }
      now.set(`${kind} ${key}`, point)
      const total = joulesBetween(before.get(`${kind} ${key}`), point, joules)
      if (total !== null && total > 0) this.#add({ serverId, kind, key, name: ENERGY, day, total })
    }
    this.#last.set(serverId, now)
  }

  forget(serverId: ServerId): void {
    this.#last.delete(serverId)
    for (const [id, total] of this.#waiting) if (total.serverId === serverId) this.#waiting.delete(id)
  }

  /** Hands over what waits. Never rejects: what could not be kept is tried again with the next. */
  async flush(): Promise<void> {
    const totals = this.#waiting
    if (totals.size === 0) return
    this.#waiting = new Map()
    try {
      await this.#deps.history.addDayTotals([...totals.values()])
    } catch (cause) {
      this.#deps.log.error('energy.notKept', cause)
      for (const total of totals.values()) this.#add(total)
    }
  }

  async close(): Promise<void> {
    this.#life.abort()
    await this.#writing
    await this.flush()
  }

  #add(total: DayTotal): void {
    const id = JSON.stringify([total.serverId, total.kind, total.key, total.day])
    const known = this.#waiting.get(id)
    this.#waiting.set(id, known === undefined ? total : { ...known, total: known.total + total.total })
  }

  async #writeNowAndThen(): Promise<void> {
    const { signal } = this.#life
    while (!signal.aborted) {
      await sleepUnlessAborted(this.#deps.clock, WRITE_EVERY_MS, signal)
      if (!signal.aborted) await this.flush()
    }
  }
}
