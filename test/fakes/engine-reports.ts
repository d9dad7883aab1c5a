/** The archive of the engine in memory: one report of each state, and whatever is asked for is made at once. */
import { randomUUID } from 'node:crypto'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { ReportId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { ReportSchedule, type Report } from '#contract/reports.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type ReportHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `reports.${string}`>>

const DAY_MS = 86_400_000

export const fakeReport = (change: Partial<Report> = {}): Report => {
  const toAtMs = new Date().setHours(0, 0, 0, 0)
  return {
    id: ReportId.parse(randomUUID()),
    kind: 'daily',
    fromAtMs: toAtMs - DAY_MS,
    toAtMs,
    zone: 'local',
    serverIds: [],
    serverCount: 9,
    scheduled: true,
    formats: ['html', 'pdf'],
    state: 'done',
    startedAtMs: toAtMs + 7 * 3_600_000,
    madeAtMs: toAtMs + 7 * 3_600_000 + 2_000,
    coverageRatio: 0.984,
    folder: '/home/operator/reports',
    files: [
      { format: 'html', name: 'virthelm-report-day.html', sizeBytes: 412_000 },
      { format: 'pdf', name: 'virthelm-report-day.pdf', sizeBytes: 388_000 }
    ],
    error: null,
    ...change
  }
}

export const fakeReportList = (): Report[] => {
  const first = fakeReport()
  const earlier = (days: number): Pick<Report, 'fromAtMs' | 'toAtMs'> => ({
    fromAtMs: first.fromAtMs - days * DAY_MS,
    toAtMs: first.toAtMs - days * DAY_MS
  })
  return [
    first,
    fakeReport({ ...earlier(1), state: 'empty', files: [], madeAtMs: null, coverageRatio: 0 }),
    fakeReport({
      ...earlier(2),
      state: 'failed',
      files: [],
      madeAtMs: null,
      coverageRatio: null,
      serverCount: null,
      error: new AppError('diskFull', {
        params: { path: '/home/operator/reports' },
        retryable: true
      }).toInfo()
    })
  ]
}

/** @param seen told of each write, as the engine was asked for it */
export const fakeReports = (
  seen: (name: string, input: unknown) => void = () => undefined,
  initial: readonly Report[] = fakeReportList()
): ReportHandlers => {
  let reports = [...initial]
  let schedule = ReportSchedule.parse({ daily: true })
  const changed = createTopic<null>(null)
  const put = (report: Report): { report: Report } => {
    reports = [report, ...reports.filter(({ id }) => id !== report.id)]
    changed.publish(null)
    return { report }
  }
  const find = (reportId: ReportId): Report => {
    const found = reports.find(({ id }) => id === reportId)
    if (found === undefined) throw new AppError('notFound', { params: { what: 'report' } })
    return found
  }
  return {
    async *'reports.watch'(_input, { signal }) {
      for await (const _ of changed.latest(signal))
        yield {
          reports,
          leftOut: 0,
          schedule,
          next: {
            daily: schedule.daily ? new Date().setHours(31, 0, 0, 0) : null,
            weekly: schedule.weekly ? new Date().setHours(31, 0, 0, 0) + 3 * DAY_MS : null,
            monthly: null
          },
          defaultFolder: '/home/operator/.local/share/virthelm/reports',
          canChooseFolder: false,
          mailboxes: []
        }
    },
    'reports.bounds': async () => ({ fromAtMs: 0, toAtMs: 1, complete: true }),
    async 'reports.make'(input, { progress }) {
      seen('reports.make', input)
      progress({ step: 'figures', doneRatio: 0.5 })
      const { period, formats } = input
      return put(fakeReport({ kind: period.kind, scheduled: false, formats: [...formats] }))
    },
    async 'reports.makeAgain'(input) {
      seen('reports.makeAgain', input)
      return put({ ...find(input.reportId), ...fakeReport({ id: input.reportId }) })
    },
    async 'reports.setSchedule'(input) {
      seen('reports.setSchedule', input)
      schedule = input.schedule
      changed.publish(null)
      return null
    },
    'reports.chooseFolder': async () => ({ folder: null }),
    async 'reports.open'(input) {
      seen('reports.open', input)
      return { address: `/report/${input.format}` }
    },
    async 'reports.saveAs'(input) {
      seen('reports.saveAs', input)
      return { kind: 'download', rows: 0 }
    },
    async 'reports.remove'(input) {
      seen('reports.remove', input)
      reports = reports.filter(({ id }) => id !== input.reportId)
      changed.publish(null)
      return null
    }
  }
}
