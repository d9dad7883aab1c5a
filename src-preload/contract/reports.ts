/** Reports: what happened in a day, a week, a month or any range, as files to keep, print and send. */
import { z } from 'zod'
import { ClockTime } from './alerts.ts'
import { call, stream, task } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { ExportEvent, ExportResult } from './exports.ts'
import { ChannelId, ReportId, ServerId } from './ids.ts'
import { AtMs } from './units.ts'

export const ReportKind = z.enum(['daily', 'weekly', 'monthly', 'range'])
export type ReportKind = z.infer<typeof ReportKind>

/** The kinds that are made by themselves. */
export const ScheduledKind = z.enum(['daily', 'weekly', 'monthly'])
export type ScheduledKind = z.infer<typeof ScheduledKind>

export const ReportFormat = z.enum(['html', 'pdf', 'csv'])
export type ReportFormat = z.infer<typeof ReportFormat>

const Formats = z.array(ReportFormat).min(1).max(3)

/**
 * A calendar day, week (from Monday) or month by a date within it, in the zone of the settings; or any range. A period that
 * has not ended is reported up to now.
 */
export const ReportPeriod = z.discriminatedUnion('kind', [
  z.object({ kind: ScheduledKind, day: z.iso.date() }),
  z.object({ kind: z.literal('range'), fromAtMs: AtMs, toAtMs: AtMs })
])
export type ReportPeriod = z.infer<typeof ReportPeriod>

export const ReportFile = z.object({
  format: ReportFormat,
  /** Within the report's folder. */
  name: z.string().max(200),
  sizeBytes: z.number()
})
export type ReportFile = z.infer<typeof ReportFile>

/** One row of the archive. */
export const Report = z.object({
  id: ReportId,
  kind: ReportKind,
  fromAtMs: AtMs,
  toAtMs: AtMs,
  /** Whose days they are. */
  zone: z.enum(['local', 'utc']),
  /** Empty = all there were. */
  serverIds: z.array(ServerId).max(2_047),
  /** How many are in it; null = not made yet. */
  serverCount: z.int().nullable(),
  /** By the schedule, or asked for. */
  scheduled: z.boolean(),
  formats: Formats,
  /** `empty`: nothing was measured in the period, so there is nothing to report. */
  state: z.enum(['making', 'done', 'empty', 'failed']),
  startedAtMs: AtMs,
  /** null = not made (yet). */
  madeAtMs: AtMs.nullable(),
  /** Share of the period in which the servers were measured; null = not known (yet). */
  coverageRatio: z.number().nullable(),
  folder: z.string().max(4096),
  /** Those that are whole; of a failed report some may be missing. */
  files: z.array(ReportFile).max(3),
  /** Why it failed, or why it could not be sent. */
  error: ErrorInfo.nullable()
})
export type Report = z.infer<typeof Report>

export const ReportSchedule = z.object({
  daily: z.boolean().default(false),
  weekly: z.boolean().default(false),
  monthly: z.boolean().default(false),
  /** Wall clock of the settings' zone, on the day after the period. */
  at: ClockTime.default('07:00'),
  formats: Formats.default(['html', 'pdf']),
  /** null = `reports` in the data folder. Every report is written there. */
  folder: z.string().min(1).max(4096).nullable().default(null),
  /** Scheduled ones are sent there too (a channel of kind e-mail); null = they are not sent. */
  mailTo: ChannelId.nullable().default(null)
})
export type ReportSchedule = z.infer<typeof ReportSchedule>

export const MAX_REPORTS_SHOWN = 5_000

export const ReportsView = z.object({
  /** The newest period first. */
  reports: z.array(Report).max(MAX_REPORTS_SHOWN),
  leftOut: z.int(),
  schedule: ReportSchedule,
  /** When each kind is made next; null = it is not. */
  next: z.object({ daily: AtMs.nullable(), weekly: AtMs.nullable(), monthly: AtMs.nullable() }),
  defaultFolder: z.string(),
  /** The system has a dialog to choose a folder; else it is typed. */
  canChooseFolder: z.boolean(),
  /** E-mail channels that can take a report; empty = there is none. */
  mailboxes: z.array(z.object({ id: ChannelId, name: z.string().max(120) })).max(100)
})
export type ReportsView = z.infer<typeof ReportsView>

/** What is being done; `doneRatio` of the whole. */
export const ReportProgress = z.object({
  step: z.enum(['figures', 'charts', 'pdf', 'send']),
  doneRatio: z.number()
})
export type ReportProgress = z.infer<typeof ReportProgress>

const ById = z.object({ reportId: ReportId })
const OneFile = ById.extend({ format: ReportFormat })
const Made = z.object({ report: Report })

export const reportsContract = {
  'reports.watch': stream(z.object({}), ReportsView, 'latest'),
  /** What a period is, before it is made. `complete`: it has ended. */
  'reports.bounds': call(
    z.object({ period: ReportPeriod }),
    z.object({ fromAtMs: AtMs, toAtMs: AtMs, complete: z.boolean() })
  ),
  /** Throws invalidInput for a period that is empty or has not begun; fileNotWritable, diskFull, pdfNotPossible. */
  'reports.make': task(
    z.object({
      period: ReportPeriod,
      /** Empty = all. */
      serverIds: z.array(ServerId).max(2_047),
      formats: Formats,
      /** For the list of tasks. */
      seenName: z.string().max(300)
    }),
    ReportProgress,
    Made
  ),
  /** The same report from what the history holds now; its files are replaced. */
  'reports.makeAgain': task(ById.extend({ seenName: z.string().max(300) }), ReportProgress, Made),
  /** Throws fileNotWritable for a folder in which nothing can be written. */
  'reports.setSchedule': call(z.object({ schedule: ReportSchedule }), z.null()),
  /** The system's dialog; null = the operator did not choose. Throws refused where there is none. */
  'reports.chooseFolder': call(z.object({}), z.object({ folder: z.string().nullable() })),
  /** Desktop: opened with the system's own program (null). Browser mode: an address on this console for a new tab. Throws notFound. */
  'reports.open': call(OneFile, z.object({ address: z.string().nullable() })),
  'reports.saveAs': task(OneFile.extend({ fileName: z.string().min(1).max(200) }), ExportEvent, ExportResult),
  /** Its files too. Throws conflict while it is made. */
  'reports.remove': call(ById, z.null())
}
