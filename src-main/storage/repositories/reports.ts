/** The archive of reports: what was made, when and where it is. The files themselves are not here. */
import { AppError } from '#contract/errors.ts'
import type { ReportId } from '#contract/ids.ts'
import { Report } from '#contract/reports.ts'
import type { StoredReport } from '../../application/reports/report-store.ts'
import type { Report as Tell } from '../protocol.ts'
import type { Database } from '../sqlite.ts'

interface SqlRow {
  id: string
  schedule_key: string | null
  record: string
}

export class ReportRepository {
  private readonly db: Database
  private readonly tell: Tell

  constructor(db: Database, tell: Tell) {
    this.db = db
    this.tell = tell
  }

  /** One that cannot be read is left out, and its period stays taken. */
  list(): StoredReport[] {
    const rows = this.db.prepare<[], SqlRow>('SELECT id, schedule_key, record FROM report').all()
    return rows.flatMap((row) => {
      const parsed = Report.safeParse(JSON.parse(row.record))
      if (parsed.success) return [{ report: parsed.data, scheduleKey: row.schedule_key }]
      this.tell('warn', 'storage.reportUnreadable', { id: row.id })
      return []
    })
  }

  insert(report: Report, scheduleKey: string | null): void {
    const { changes } = this.db
      .prepare(
        'INSERT INTO report (id, schedule_key, record) VALUES (?, ?, ?) ON CONFLICT (schedule_key) DO NOTHING'
      )
      .run(report.id, scheduleKey, JSON.stringify(report))
    if (changes === 0) throw new AppError('conflict', { params: { what: 'report' } })
  }

  update(report: Report): void {
    const { changes } = this.db
      .prepare('UPDATE report SET record = ? WHERE id = ?')
      .run(JSON.stringify(report), report.id)
    if (changes === 0) throw new AppError('notFound', { params: { what: 'report' } })
  }

  remove(reportId: ReportId): void {
    this.db.prepare('DELETE FROM report WHERE id = ?').run(reportId)
  }
}
