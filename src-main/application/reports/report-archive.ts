/** The archive: what was made, in memory as it is kept. */
import { AppError } from '#contract/errors.ts'
import type { ReportId } from '#contract/ids.ts'
import type { Report } from '#contract/reports.ts'
import type { Topic } from '../streams.ts'
import type { ReportStore, StoredReport } from './report-store.ts'

export class ReportArchive {
  readonly #changed: Pick<Topic<null>, 'publish'>
  readonly #store: ReportStore
  readonly #reports = new Map<ReportId, StoredReport>()

  constructor(store: ReportStore, changed: Pick<Topic<null>, 'publish'>) {
    this.#store = store
    this.#changed = changed
  }

  /** What a former run did not finish has failed. */
  async open(): Promise<void> {
    for (const stored of await this.#store.list()) this.#reports.set(stored.report.id, stored)
    for (const { report } of this.#reports.values())
      if (report.state === 'making')
        await this.update({
          ...report,
          state: 'failed',
          error: new AppError('cancelled', { retryable: true }).toInfo()
        })
  }

  /** The newest period first; of the same one the newest first. */
  list(): Report[] {
    return [...this.#reports.values()]
      .map(({ report }) => report)
      .toSorted((a, b) => b.fromAtMs - a.fromAtMs || b.toAtMs - a.toAtMs || b.startedAtMs - a.startedAtMs)
  }

  /** Throws notFound. */
  get(reportId: ReportId): Report {
    const stored = this.#reports.get(reportId)
    if (stored === undefined) throw new AppError('notFound', { params: { what: 'report' } })
    return stored.report
  }

  ofKey(scheduleKey: string): Report | null {
    for (const stored of this.#reports.values()) if (stored.scheduleKey === scheduleKey) return stored.report
    return null
  }

  /** Throws conflict when the period of the key is taken. */
  async insert(report: Report, scheduleKey: string | null): Promise<void> {
    await this.#store.insert(report, scheduleKey)
    this.#reports.set(report.id, { report, scheduleKey })
    this.#changed.publish(null)
  }

  async update(report: Report): Promise<void> {
    const stored = this.#reports.get(report.id)
    await this.#store.update(report)
    this.#reports.set(report.id, { report, scheduleKey: stored?.scheduleKey ?? null })
    this.#changed.publish(null)
  }

  async remove(reportId: ReportId): Promise<void> {
    await this.#store.remove(reportId)
    this.#reports.delete(reportId)
    this.#changed.publish(null)
  }
}
