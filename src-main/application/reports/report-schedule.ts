/** Makes reports when their time has come: each period once, whatever restarts, clock steps and summer time do. */
import { z } from 'zod'
import { AppError } from '#contract/errors.ts'
import { ReportSchedule, ScheduledKind, type Report, type ReportsView } from '#contract/reports.ts'
import { calendarSpan, duePeriods, nextDueAt, type DuePeriod } from '../../domain/reports/calendar.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore } from '../storage.ts'
import type { Topic } from '../streams.ts'
import type { ReportArchive } from './report-archive.ts'
import type { ReportJobs } from './report-jobs.ts'

export interface ScheduleDeps {
  readonly archive: ReportArchive
  readonly jobs: ReportJobs
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
  readonly zone: () => 'local' | 'utc'
  readonly changed: Pick<Topic<null>, 'publish'>
  /** A scheduled one is made. What it throws is kept with the report. */
  readonly onMade: (report: Report, signal: AbortSignal) => Promise<void>
}

export const SCHEDULE_BLOB = 'reports:schedule'
const LOOK_EVERY_MS = 20_000
/** A folder that cannot be written now may be there again. */
const RETRY_AFTER_MS = 3_600_000

/** Since when each kind is wanted: what was due before is not made up for. */
export const KeptSchedule = z.object({
  schedule: ReportSchedule,
  sinceAtMs: z.partialRecord(ScheduledKind, z.int())
})
type Kept = z.infer<typeof KeptSchedule>

/** With another schedule: what was wanted already is wanted since then, what is new since now. */
export function keptFrom(before: Kept, schedule: ReportSchedule, nowMs: number): Kept {
  const sinceAtMs: Kept['sinceAtMs'] = {}
  for (const kind of ScheduledKind.options) {
    if (!schedule[kind]) continue
    const since = before.schedule[kind] ? before.sinceAtMs[kind] : undefined
    sinceAtMs[kind] = since ?? nowMs
  }
  return { schedule, sinceAtMs }
}

export class ReportScheduler {
  readonly #deps: ScheduleDeps
  readonly #life = new AbortController()
  #kept: Kept = { schedule: ReportSchedule.parse({}), sinceAtMs: {} }
  #running: Promise<void> = Promise.resolve()

  constructor(deps: ScheduleDeps) {
    this.#deps = deps
  }

  get schedule(): ReportSchedule {
    return this.#kept.schedule
  }

  async open(): Promise<void> {
    const bytes = await this.#deps.blobs.get(SCHEDULE_BLOB)
    if (bytes === null) return
    try {
      this.#kept = KeptSchedule.parse(JSON.parse(Buffer.from(bytes).toString()))
    } catch (error) {
      // Nothing is made by itself then, and the window shows that all is off.
      this.#deps.log.error('reports.scheduleUnreadable', error)
    }
  }

  /** The schedule was written past this. */
  async reload(): Promise<void> {
    this.#kept = { schedule: ReportSchedule.parse({}), sinceAtMs: {} }
    await this.open()
    this.#deps.changed.publish(null)
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#life.abort()
    await this.#running
  }

  async set(schedule: ReportSchedule): Promise<void> {
    const kept = keptFrom(this.#kept, schedule, this.#deps.clock.nowMs())
    await this.#deps.blobs.set(SCHEDULE_BLOB, Buffer.from(JSON.stringify(kept)))
    this.#kept = kept
    this.#deps.changed.publish(null)
  }

  next(): ReportsView['next'] {
    const { schedule } = this.#kept
    const { clock, zone } = this.#deps
    const of = (kind: ScheduledKind): number | null =>
      schedule[kind] ? nextDueAt(kind, schedule.at, zone(), clock.nowMs()) : null
    return { daily: of('daily'), weekly: of('weekly'), monthly: of('monthly') }
  }

  /** Periods that are to be made now, the oldest first. */
  due(): DuePeriod[] {
    const { clock, zone, archive } = this.#deps
    const { schedule, sinceAtMs } = this.#kept
    const nowMs = clock.nowMs()
    return ScheduledKind.options
      .filter((kind) => schedule[kind])
      .flatMap((kind) => duePeriods(kind, schedule.at, zone(), sinceAtMs[kind] ?? nowMs, nowMs))
      .filter(({ key }) => mayBeMade(archive.ofKey(key), nowMs))
  }

  async #run(): Promise<void> {
    const { signal } = this.#life
    while (!signal.aborted) {
      for (const period of this.due()) {
        if (signal.aborted) return
        await this.#make(period, signal)
      }
      await sleepUnlessAborted(this.#deps.clock, LOOK_EVERY_MS, signal)
    }
  }

  async #make({ kind, key, first }: DuePeriod, signal: AbortSignal): Promise<void> {
    const { archive, jobs, log, zone, onMade } = this.#deps
    const { formats } = this.#kept.schedule
    const context = { signal, progress: () => undefined }
    try {
      const former = archive.ofKey(key)
      const report =
        former === null
          ? await jobs.make(
              { kind, span: calendarSpan(kind, first, zone()), serverIds: [], formats, scheduleKey: key },
              context
            )
          : await jobs.again(former.id, context)
      log.info('reports.made', { key, state: report.state })
      if (report.state === 'done') await onMade(report, signal)
    } catch (error) {
      // It is kept with the report, where the operator sees it; the next look tries again what may be tried again.
      if (signal.aborted) return
      const code = error instanceof AppError ? error.code : 'internal'
      log.warn('reports.scheduledNotMade', { key, code, cause: error })
    }
  }
}

function mayBeMade(report: Report | null, nowMs: number): boolean {
  if (report === null) return true
  if (report.state !== 'failed' || report.error?.retryable !== true) return false
  // A console that ended in the middle goes on at once; a clock that was set back does not make it wait for ever.
  return report.error.code === 'cancelled' || Math.abs(nowMs - report.startedAtMs) >= RETRY_AFTER_MS
}
