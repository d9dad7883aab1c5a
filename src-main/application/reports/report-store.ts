/** The archive as it is kept. */
import type { ReportId } from '#contract/ids.ts'
import type { Report } from '#contract/reports.ts'

export interface StoredReport {
  readonly report: Report
  /** Names the period of a scheduled one (`weekly:2026-11-23`); null = it was asked for. */
  readonly scheduleKey: string | null
}

export interface ReportStore {
  list(): Promise<readonly StoredReport[]>
  /** Throws conflict when the period of the key was made already. */
  insert(report: Report, scheduleKey: string | null): Promise<void>
  /** Throws notFound. */
  update(report: Report): Promise<void>
  remove(reportId: ReportId): Promise<void>
}
