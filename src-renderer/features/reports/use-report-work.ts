/** What can be done with reports; each tells the operator how it ended. In setup only. */
import { AppError } from '#contract/errors.ts'
import type { ExportEvent } from '#contract/exports.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Report, ReportFormat, ReportPeriod, ReportSchedule } from '#contract/reports.ts'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts } from '../../ui/index.ts'
import { follow } from '../export/index.ts'
import { useSettings } from '../settings/index.ts'
import { periodName } from './period-names.ts'

export interface NewReportChoice {
  readonly period: ReportPeriod
  /** Empty = all. */
  readonly serverIds: readonly ServerId[]
  readonly formats: readonly ReportFormat[]
}

export interface ReportWork {
  readonly nameOf: (report: Pick<Report, 'kind' | 'fromAtMs' | 'toAtMs' | 'zone'>) => string
  make(choice: NewReportChoice, name: string): Promise<void>
  again(report: Report): Promise<void>
  open(report: Report, format: ReportFormat): Promise<void>
  saveAs(report: Report, format: ReportFormat): Promise<void>
  remove(report: Report): Promise<void>
  /** False when it could not be set; the operator has been told why. */
  setSchedule(schedule: ReportSchedule): Promise<boolean>
}

/** A page of this console in a tab of its own. Anything else is refused. */
function openTab(path: string): void {
  const address = new URL(path, window.location.href)
  if (address.origin !== window.location.origin)
    throw new AppError('refused', { params: { what: address.origin } })
  window.open(address.href, '_blank', 'noopener')
}

export function useReportWork(): ReportWork {
  const rpc = useRpc()
  const toasts = useToasts()
  const dialogs = useDialogs()
  const settings = useSettings()
  const errorWords = useErrorWords()
  const { t, locale } = useI18n()

  const nameOf: ReportWork['nameOf'] = (report) =>
    periodName(report.kind, report, settings.zone, locale.value)
  async function attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      const words = errorWords(error)
      if (words.code === 'cancelled') return false
      toasts.show({ tone: 'red', title: words.title, text: words.detail || words.next })
      return false
    }
  }
  const told = (report: Report): void => {
    const name = nameOf(report)
    if (report.state === 'empty')
      toasts.show({
        tone: 'amber',
        title: t('reports.archive.emptyMade', { name }),
        text: t('reports.archive.emptyMadeText')
      })
    else toasts.show({ tone: 'ok', title: t('reports.archive.made', { name }), text: report.folder })
  }

  return {
    nameOf,
    async make({ period, serverIds, formats }, seenName) {
      await attempt(async () => {
        const input = { period, serverIds: [...serverIds], formats: [...formats], seenName }
        told((await rpc.task('reports.make', input).result).report)
      })
    },
    async again(report) {
      await attempt(async () => {
        const input = { reportId: report.id, seenName: nameOf(report) }
        told((await rpc.task('reports.makeAgain', input).result).report)
      })
    },
    async open(report, format) {
      await attempt(async () => {
        const { address } = await rpc.call('reports.open', { reportId: report.id, format })
        if (address !== null) openTab(address)
      })
    },
    async saveAs(report, format) {
      const fileName = report.files.find((file) => file.format === format)?.name ?? `report.${format}`
      const onProgress = (event: ExportEvent): void => {
        if (event.kind === 'address') follow(event.path)
      }
      await attempt(async () => {
        const input = { reportId: report.id, format, fileName }
        const result = await rpc.task('reports.saveAs', input, { onProgress }).result
        const text = result.kind === 'file' ? result.path : fileName
        toasts.show({ tone: 'ok', title: t('reports.archive.saved'), text })
      })
    },
    async remove(report) {
      const sure = await dialogs.confirm({
        title: t('reports.archive.removeTitle', { name: nameOf(report) }),
        text: t('reports.archive.removeText', { count: report.files.length }, report.files.length),
        confirmLabel: t('reports.archive.remove'),
        danger: true
      })
      if (!sure) return
      await attempt(async () => {
        await rpc.call('reports.remove', { reportId: report.id })
      })
    },
    setSchedule: (schedule) =>
      attempt(async () => {
        await rpc.call('reports.setSchedule', { schedule })
        toasts.show({ tone: 'ok', title: t('reports.schedule.kept'), text: '' })
      })
  }
}
