/** Reports: made now or by the schedule, kept in an archive, opened, saved and sent. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { VirthelmContract } from '#contract/index.ts'
import {
  MAX_REPORTS_SHOWN,
  type Report,
  type ReportFile,
  type ReportFormat,
  type ReportPeriod,
  type ReportsView
} from '#contract/reports.ts'
import { calendarSpan, type Span } from '../../domain/reports/calendar.ts'
import type { Clock } from '../clock.ts'
import { errorInfoOf } from '../error-info.ts'
import { safeFileName } from '../export/file-name.ts'
import { writeOut } from '../export/write-out.ts'
import type { ExportTarget, Log } from '../platform/platform.ts'
import type { BlobStore } from '../storage.ts'
import { createTopic } from '../streams.ts'
import { ReportArchive } from './report-archive.ts'
import type { ReportDesk, ReportFiles } from './report-desk.ts'
import { reportHeadline, type ReportMeta } from './report-document.ts'
import { ReportJobs } from './report-jobs.ts'
import { ReportScheduler } from './report-schedule.ts'
import type { ReportMailer, ReportSources } from './report-sources.ts'
import type { ReportStore } from './report-store.ts'

export interface ReportsDeps {
  readonly sources: ReportSources
  readonly store: ReportStore
  readonly blobs: BlobStore
  readonly files: ReportFiles
  readonly desk: ReportDesk
  readonly mailer: ReportMailer
  readonly target: ExportTarget
  readonly clock: Clock
  readonly log: Log
  readonly zone: () => 'local' | 'utc'
  readonly meta: Pick<ReportMeta, 'version' | 'demo'>
}

type ReportHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `reports.${string}`>>

export interface Reports {
  readonly handlers: ReportHandlers
  /** Reads the archive and the schedule. */
  open(): Promise<void>
  /** The schedule was written past this. */
  reload(): Promise<void>
  /** From now on reports are made when they are due. */
  start(): void
  close(): Promise<void>
}

const TYPES: Record<ReportFormat, string> = { html: 'text/html', pdf: 'application/pdf', csv: 'text/csv' }

export function createReports(deps: ReportsDeps): Reports {
  const { files, clock, log, zone } = deps
  const changed = createTopic<null>(null)
  const archive = new ReportArchive(deps.store, changed)
  const folder = (): string => scheduler.schedule.folder ?? files.defaultFolder
  const jobs = new ReportJobs({ ...deps, archive, folder })
  const scheduler: ReportScheduler = new ReportScheduler({
    ...deps,
    archive,
    jobs,
    changed,
    onMade: (report, signal) => mail(deps, archive, scheduler, report, signal)
  })
  const fileOf = ({ files: made }: Report, format: ReportFormat): ReportFile => {
    const file = made.find((one) => one.format === format)
    if (file === undefined) throw new AppError('notFound', { params: { what: 'reportFile' } })
    return file
  }
  const view = async (): Promise<ReportsView> => {
    const reports = archive.list()
    return {
      reports: reports.slice(0, MAX_REPORTS_SHOWN),
      leftOut: Math.max(0, reports.length - MAX_REPORTS_SHOWN),
      schedule: scheduler.schedule,
      next: scheduler.next(),
      defaultFolder: files.defaultFolder,
      canChooseFolder: deps.desk.chooseFolder !== null,
      mailboxes: [...(await deps.mailer.mailboxes())]
    }
  }
  const handlers: ReportHandlers = {
    async *'reports.watch'(_input, { signal }) {
      for await (const _ of changed.latest(signal)) yield await view()
    },
    'reports.bounds': async ({ period }) => boundsOf(period, zone(), clock.nowMs()),
    async 'reports.make'({ period, serverIds, formats }, context) {
      const { fromAtMs, toAtMs } = boundsOf(period, zone(), clock.nowMs())
      const report = await jobs.make(
        { kind: period.kind, span: { fromAtMs, toAtMs }, serverIds, formats, scheduleKey: null },
        context
      )
      return { report }
    },
    'reports.makeAgain': async ({ reportId }, context) => ({ report: await jobs.again(reportId, context) }),
    async 'reports.setSchedule'({ schedule }) {
      await files.check(schedule.folder ?? files.defaultFolder)
      await scheduler.set(schedule)
      return null
    },
    async 'reports.chooseFolder'() {
      if (deps.desk.chooseFolder === null) throw new AppError('refused', { params: { what: 'chooseFolder' } })
      return { folder: await deps.desk.chooseFolder() }
    },
    async 'reports.open'({ reportId, format }) {
      const report = archive.get(reportId)
      const path = await files.pathOf(report.folder, fileOf(report, format).name)
      return { address: await deps.desk.open(path, format) }
    },
    'reports.saveAs'({ reportId, format, fileName }, context) {
      const report = archive.get(reportId)
      const { name, sizeBytes } = fileOf(report, format)
      const open = (): ReturnType<ExportTarget['open']> =>
        deps.target.open(safeFileName(fileName), context.signal)
      return writeOut(chunksOf(files.read(report.folder, name), sizeBytes), open, context, {
        utf8Mark: false
      })
    },
    async 'reports.remove'({ reportId }) {
      const report = archive.get(reportId)
      if (report.state === 'making') throw new AppError('conflict', { params: { what: 'report' } })
      for (const { name } of report.files) await files.remove(report.folder, name)
      await archive.remove(reportId)
      return null
    }
  }
  return {
    handlers,
    async open() {
      await scheduler.open()
      await archive.open()
    },
    reload: () => scheduler.reload(),
    start() {
      scheduler.start()
    },
    async close() {
      await scheduler.close()
      log.debug('reports.closed')
    }
  }
}

/** Throws invalidInput for a period that has not begun. */
function boundsOf(period: ReportPeriod, zone: 'local' | 'utc', nowMs: number): Span & { complete: boolean } {
  const whole =
    period.kind === 'range'
      ? { fromAtMs: period.fromAtMs, toAtMs: period.toAtMs }
      : calendarSpan(period.kind, period.day, zone)
  const toAtMs = Math.min(whole.toAtMs, nowMs)
  if (whole.fromAtMs >= toAtMs) throw new AppError('invalidInput', { params: { what: 'period' } })
  return { fromAtMs: whole.fromAtMs, toAtMs, complete: toAtMs === whole.toAtMs }
}

async function* chunksOf(
  pieces: AsyncIterable<Uint8Array>,
  sizeBytes: number
): AsyncGenerator<{ bytes: Uint8Array; rows: number; doneRatio: number }> {
  let sent = 0
  for await (const bytes of pieces) {
    sent += bytes.byteLength
    yield { bytes, rows: 0, doneRatio: sizeBytes > 0 ? Math.min(1, sent / sizeBytes) : 1 }
  }
}

/** Mail larger than this is refused by many servers. */
const MAIL_MAX_BYTES = 15 * 1024 * 1024

/** A report that is made stays made when it cannot be sent; the archive says why it was not. */
async function mail(
  { mailer, files, log }: ReportsDeps,
  archive: ReportArchive,
  scheduler: ReportScheduler,
  report: Report,
  signal: AbortSignal
): Promise<void> {
  const mailbox = scheduler.schedule.mailTo
  if (mailbox === null) return
  try {
    const span = { fromAtMs: report.fromAtMs, toAtMs: report.toAtMs }
    const { title, subtitle } = reportHeadline({ kind: report.kind, span, zone: report.zone, complete: true })
    const attachments: { name: string; type: string; bytes: Uint8Array }[] = []
    let bytes = 0
    for (const { name, format, sizeBytes } of report.files) {
      bytes += sizeBytes
      if (bytes > MAIL_MAX_BYTES) break
      attachments.push({ name, type: TYPES[format], bytes: await allOf(files.read(report.folder, name)) })
    }
    const left = report.files.length - attachments.length
    const text =
      `${title}: ${subtitle}.\n\n` +
      (left === 0 ? '' : `${left} of its files would be too large for a mail. `) +
      `All files are kept by the console in ${report.folder}.\n`
    await mailer.send(mailbox, { subject: `[Virthelm] ${title}: ${subtitle}`, text, attachments }, signal)
  } catch (error) {
    if (signal.aborted) return
    await archive.update({
      ...report,
      error: errorInfoOf(error, log, 'reports.notSent', { reportId: report.id })
    })
  }
}

async function allOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}
