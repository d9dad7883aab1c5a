/** Makes reports one after another, and keeps the archive's word of each. */
import { randomUUID } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import { ReportId, type ServerId } from '#contract/ids.ts'
import type { Report, ReportFormat, ReportKind } from '#contract/reports.ts'
import { reportFileName, type Span } from '../../domain/reports/calendar.ts'
import type { Clock } from '../clock.ts'
import { errorInfoOf } from '../error-info.ts'
import type { Log } from '../platform/platform.ts'
import { makeReport, type MadeReport, type MakeContext, type MakeDeps } from './make-report.ts'
import type { ReportArchive } from './report-archive.ts'
import type { ReportMeta } from './report-document.ts'

export interface ReportJobDeps extends MakeDeps {
  readonly archive: ReportArchive
  readonly clock: Pick<Clock, 'nowMs'>
  readonly log: Log
  readonly meta: Omit<ReportMeta, 'madeAtMs' | 'alertWords'>
  readonly zone: () => 'local' | 'utc'
  readonly folder: () => string
}

export interface NewReport {
  readonly kind: ReportKind
  readonly span: Span
  readonly serverIds: readonly ServerId[]
  readonly formats: readonly ReportFormat[]
  /** Set: made by the schedule, once. */
  readonly scheduleKey: string | null
}

export class ReportJobs {
  readonly #deps: ReportJobDeps
  /** Two at a time would only take each other's history. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: ReportJobDeps) {
    this.#deps = deps
  }

  /**
   * Throws conflict when the schedule's period was made before, cancelled (nothing is kept then), and what it failed by (kept in
   * the archive).
   */
  async make(wanted: NewReport, context: MakeContext): Promise<Report> {
    const { archive, clock, zone, folder } = this.#deps
    const report: Report = {
      id: ReportId.parse(randomUUID()),
      kind: wanted.kind,
      ...wanted.span,
      zone: zone(),
      serverIds: [...wanted.serverIds],
      serverCount: null,
      scheduled: wanted.scheduleKey !== null,
      formats: [...wanted.formats],
      state: 'making',
      startedAtMs: clock.nowMs(),
      madeAtMs: null,
      coverageRatio: null,
      folder: folder(),
      files: [],
      error: null
    }
    await archive.insert(report, wanted.scheduleKey)
    return this.#run(report, null, context)
  }

  /** As `make`; cancelled, the archive says what it said before. Throws conflict while it is being made. */
  async again(reportId: ReportId, context: MakeContext): Promise<Report> {
    const { archive, clock } = this.#deps
    const former = archive.get(reportId)
    if (former.state === 'making') throw new AppError('conflict', { params: { what: 'report' } })
    const report: Report = { ...former, state: 'making', startedAtMs: clock.nowMs(), error: null }
    await archive.update(report)
    return this.#run(report, former, context)
  }

  #run(report: Report, former: Report | null, context: MakeContext): Promise<Report> {
    const turn = this.#last.then(() => this.#make(report, former, context))
    // The next one comes whatever became of this one.
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #make(report: Report, former: Report | null, context: MakeContext): Promise<Report> {
    const { archive } = this.#deps
    try {
      const made = await this.#files(report, context)
      const ended = this.#ended(report, made)
      await archive.update(ended)
      if (made.failure !== null) throw made.failure
      return ended
    } catch (error) {
      if (context.signal.aborted) {
        await this.#forget(report, former)
        throw new AppError('cancelled')
      }
      if (archive.get(report.id).state === 'making')
        await archive.update({ ...report, state: 'failed', error: this.#errorOf(report, error) })
      throw error
    }
  }

  #files(report: Report, context: MakeContext): Promise<MadeReport> {
    const { clock, meta, sources } = this.#deps
    const { kind, zone, serverIds, formats, folder, id, scheduled } = report
    const span = { fromAtMs: report.fromAtMs, toAtMs: report.toAtMs }
    const name = reportFileName(kind, span, zone)
    const madeAtMs = clock.nowMs()
    return makeReport(
      this.#deps,
      {
        kind,
        span,
        zone,
        serverIds,
        formats,
        folder,
        complete: report.toAtMs <= report.startedAtMs - 1_000 || kind === 'range',
        // Several of one period may be asked for; the schedule makes one.
        name: scheduled ? name : `${name}-${id.slice(0, 4)}`,
        meta: { ...meta, madeAtMs, alertWords: sources.alerts }
      },
      context
    )
  }

  #ended(report: Report, { data, empty, files, failure }: MadeReport): Report {
    return {
      ...report,
      state: failure !== null ? 'failed' : empty ? 'empty' : 'done',
      madeAtMs: empty ? null : this.#deps.clock.nowMs(),
      serverCount: data.figures.servers.length,
      coverageRatio: data.coverageRatio,
      files: [...files],
      error: failure === null ? null : this.#errorOf(report, failure)
    }
  }

  #errorOf(report: Report, error: unknown): Report['error'] {
    return errorInfoOf(error, this.#deps.log, 'reports.notMade', { reportId: report.id, kind: report.kind })
  }

  async #forget(report: Report, former: Report | null): Promise<void> {
    const { archive, files } = this.#deps
    if (former !== null) {
      await archive.update(former)
      return
    }
    const span = { fromAtMs: report.fromAtMs, toAtMs: report.toAtMs }
    const name = reportFileName(report.kind, span, report.zone)
    for (const format of report.formats)
      await files.remove(
        report.folder,
        `${report.scheduled ? name : `${name}-${report.id.slice(0, 4)}`}.${format}`
      )
    await archive.remove(report.id)
  }
}
