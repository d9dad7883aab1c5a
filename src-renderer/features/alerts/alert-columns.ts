/** Columns of the table of past alerts, and of its CSV. Pure: words come in. */
import type { Alert } from '#contract/alerts.ts'
import { formatDuration, formatTime, type Zone } from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import type { AlertWords } from './alert-words.ts'

export interface PastWords {
  readonly t: (key: string) => string
  readonly words: AlertWords
  readonly nowMs: () => number
  readonly zone: Zone
  readonly locale: string
}

const iso = (atMs: number | null): string | null => (atMs === null ? null : new Date(atMs).toISOString())

export function pastColumns({ t, words, nowMs, zone, locale }: PastWords): readonly TableColumn<Alert>[] {
  const header = (id: string): string => t(`alerts.history.column.${id}`)
  const lasted = (alert: Alert): number => (alert.recoveredAtMs ?? nowMs()) - alert.raisedAtMs
  return [
    {
      id: 'level',
      header: header('level'),
      width: '76px',
      sortBy: (alert) => (alert.level === 'RED' ? 0 : 1),
      text: (alert) => alert.level
    },
    {
      id: 'raised',
      header: header('raised'),
      width: '152px',
      sortBy: (alert) => alert.raisedAtMs,
      text: (alert) => formatTime(alert.raisedAtMs, 'full', zone, locale),
      csv: (alert) => iso(alert.raisedAtMs)
    },
    {
      id: 'target',
      header: header('target'),
      width: 'minmax(110px, 1fr)',
      sortBy: words.target,
      text: words.target,
      csv: (alert) => (alert.vmName === null ? alert.serverName : `${alert.vmName} (${alert.serverName})`)
    },
    {
      id: 'what',
      header: header('what'),
      width: 'minmax(130px, 1.2fr)',
      sortBy: words.ruleName,
      text: words.ruleName
    },
    {
      id: 'sentence',
      header: header('sentence'),
      width: 'minmax(180px, 2fr)',
      text: (alert) => words.line(alert, nowMs())
    },
    {
      id: 'lasted',
      header: header('lasted'),
      csvHeader: `${header('lasted')} (s)`,
      align: 'right',
      width: '86px',
      sortBy: lasted,
      text: (alert) => formatDuration(lasted(alert)),
      csv: (alert) => Math.round(lasted(alert) / 1_000)
    },
    {
      id: 'ended',
      header: header('ended'),
      width: 'minmax(86px, 0.6fr)',
      sortBy: (alert) => alert.ended,
      text: (alert) =>
        alert.recoveredAtMs === null
          ? t('alerts.history.lasts')
          : t(`alerts.history.ended.${alert.ended ?? 'recovered'}`)
    },
    {
      id: 'note',
      header: header('note'),
      width: 'minmax(90px, 1fr)',
      sortBy: (alert) => alert.acknowledged?.note ?? null,
      text: (alert) =>
        alert.acknowledged === null ? null : visibleText(alert.acknowledged.note) || t('alerts.now.noNote'),
      missing: () => t('alerts.history.noNote'),
      csv: (alert) => alert.acknowledged?.note ?? null
    }
  ]
}

/** Also in the CSV, for machines rather than eyes. */
export function csvOnlyColumns(t: (key: string) => string): readonly TableColumn<Alert>[] {
  return [
    {
      id: 'recovered',
      header: t('alerts.history.ended.recovered'),
      csv: (alert) => iso(alert.recoveredAtMs)
    },
    { id: 'worst', header: 'worst', csv: (alert) => alert.worst },
    { id: 'threshold', header: 'threshold', csv: (alert) => alert.threshold }
  ]
}
