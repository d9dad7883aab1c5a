/** What the storage does by itself: seals, trims, deletes. One thing at a time, in slices, in the order in which it came up. */
import type { Settings } from '#contract/settings.ts'
import { isDiskFull } from '../sqlite.ts'
import type { Report } from '../protocol.ts'
import { Pace } from './pace.ts'
import type { KeptFrom } from './read.ts'
import {
  deleteOld,
  deleteServers,
  keptFrom,
  type RetentionParts,
  sealDue,
  squeezed,
  usedBytes
} from './retention.ts'

/** Between two seals, so that many servers do not hold up reads at the full hour. */
const SEAL_PAUSE_MS = 50

export interface MaintenanceOptions {
  readonly report: Report
  /** The disk is full. */
  readonly onFull: () => void
  /** From now on no more than this is kept. */
  readonly keep: (kept: KeptFrom) => void
}

export class Maintenance {
  private readonly parts: RetentionParts
  private readonly options: MaintenanceOptions
  private readonly stopping = new AbortController()
  private queue: Promise<void> = Promise.resolve()
  private timer: NodeJS.Timeout | null = null
  private nowMs = 0
  private hasSealed = false

  constructor(parts: RetentionParts, options: MaintenanceOptions) {
    this.parts = parts
    this.options = options
  }

  /** Time has gone on: what is due is sealed soon. */
  wake(nowMs: number): void {
    this.nowMs = nowMs
    if (this.timer !== null || this.stopping.signal.aborted || !this.isDue()) return
    this.timer = setTimeout(() => this.inTurn('storage.sealFailed', () => this.step()), SEAL_PAUSE_MS)
  }

  deleteServers(): void {
    if (this.parts.registry.deletingNumbers().length === 0) return
    this.inTurn('storage.deletionStopped', () => deleteServers(this.parts, new Pace(this.stopping.signal)))
  }

  /** Throws cancelled. */
  async applyRetention(
    retention: Settings['retention'],
    now: KeptFrom,
    nowMs: number,
    signal: AbortSignal
  ): Promise<void> {
    const pace = new Pace(AbortSignal.any([signal, this.stopping.signal]))
    const turn = this.queue.then(async () => {
      await sealDue(this.parts, nowMs, pace)
      const wanted = keptFrom(retention, nowMs)
      // What is deleted stays deleted: a longer retention does not bring it back.
      let kept: KeptFrom = {
        raw: Math.max(now.raw, wanted.raw),
        minute: Math.max(now.minute, wanted.minute),
        hour: Math.max(now.hour, wanted.hour),
        day: 0
      }
      this.options.keep(kept)
      await deleteOld(this.parts, kept, pace)
      await this.parts.webTraffic.thin(nowMs, pace)
      const { budgetBytes } = retention
      while (budgetBytes !== null && usedBytes(this.parts.db) > budgetBytes) {
        const less = squeezed(kept, nowMs)
        if (less === null) {
          this.options.report('warn', 'storage.overBudget', { budgetBytes })
          return
        }
        kept = less
        this.options.keep(kept)
        await deleteOld(this.parts, kept, pace)
      }
    })
    // Whoever asked gets the failure; what waits behind goes on.
    this.queue = Promise.allSettled([turn]).then(() => undefined)
    await turn
  }

  /** Nothing runs any more when it resolves; what was cut off goes on at the next start. */
  async stop(): Promise<void> {
    this.stopping.abort()
    if (this.timer !== null) clearTimeout(this.timer)
    await this.queue
  }

  private isDue(): boolean {
    const { sealer, days } = this.parts
    return this.hasSealed || sealer.nextDue(this.nowMs) !== null || days.nextDue(this.nowMs) !== null
  }

  /** One server's hour or day; when there is none, what the tail holds no more need of. */
  private async step(): Promise<void> {
    this.timer = null
    const { sealer, days } = this.parts
    const pace = new Pace(this.stopping.signal)
    const hour = sealer.nextDue(this.nowMs)
    const day = hour === null ? days.nextDue(this.nowMs) : null
    if (hour !== null) {
      await sealer.seal(hour, pace)
      this.hasSealed = true
    } else if (day !== null) await days.seal(day, pace)
    else if (this.hasSealed) {
      await sealer.trimTail(pace)
      this.hasSealed = false
    }
    this.wake(this.nowMs)
  }

  /** A failure is reported; the work comes up again (after the next commit, or at the next start). Nothing is lost. */
  private inTurn(event: string, work: () => Promise<void>): void {
    this.queue = this.queue.then(work).catch((error: unknown) => {
      this.timer = null
      if (isDiskFull(error)) this.options.onFull()
      if (!this.stopping.signal.aborted) this.options.report('warn', event, {}, error)
    })
  }
}
