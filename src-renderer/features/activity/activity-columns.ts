import type { JournalEntry } from '#contract/activity.ts'
import { formatDuration, formatTime, type Zone } from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'

type Translate = (key: string) => string

export function actionWord(entry: JournalEntry, t: Translate, te: (key: string) => boolean): string {
  const key = `activity.actions.${entry.action.replace(/^machine\./, '')}`
  return te(key) ? t(key) : visibleText(entry.action)
}

export function activityColumns(
  t: Translate,
  te: (key: string) => boolean,
  zone: Zone
): readonly TableColumn<JournalEntry>[] {
  return [
    {
      id: 'when',
      header: t('activity.when'),
      width: '156px',
      sortBy: (entry) => entry.atMs,
      text: (entry) => formatTime(entry.atMs, 'full', zone),
      csv: (entry) => new Date(entry.atMs).toISOString()
    },
    {
      id: 'server',
      header: t('activity.server'),
      width: 'minmax(110px, 1fr)',
      sortBy: (entry) => entry.serverName,
      text: (entry) => visibleText(entry.serverName)
    },
    {
      id: 'machine',
      header: t('activity.machine'),
      width: 'minmax(110px, 1fr)',
      sortBy: (entry) => entry.vmName,
      text: (entry) => (entry.vmName === null ? null : visibleText(entry.vmName)),
      missing: () => t('activity.noMachine')
    },
    {
      id: 'action',
      header: t('activity.action'),
      width: '88px',
      sortBy: (entry) => actionWord(entry, t, te),
      text: (entry) => actionWord(entry, t, te)
    },
    {
      id: 'outcome',
      header: t('activity.outcome'),
      width: '92px',
      sortBy: (entry) => entry.outcome,
      text: (entry) => t(`activity.outcomes.${entry.outcome}`)
    },
    {
      id: 'exitCode',
      header: t('activity.exitCode'),
      align: 'right',
      width: '44px',
      sortBy: (entry) => entry.exitCode,
      text: (entry) => (entry.exitCode === null ? null : String(entry.exitCode)),
      missing: () => t('activity.noExit'),
      csv: (entry) => entry.exitCode
    },
    {
      id: 'duration',
      header: t('activity.duration'),
      csvHeader: `${t('activity.duration')} (ms)`,
      align: 'right',
      width: '72px',
      sortBy: (entry) => entry.durationMs,
      text: (entry) => (entry.durationMs === null ? null : formatDuration(entry.durationMs, 1)),
      missing: () => t('activity.noDuration'),
      csv: (entry) => entry.durationMs
    },
    {
      id: 'command',
      header: t('activity.command'),
      width: 'minmax(220px, 2.2fr)',
      text: (entry) => visibleText(entry.command),
      csv: (entry) => entry.command
    }
  ]
}

/** Also in the CSV, but too long for a column on the screen. */
export const stderrColumn = (t: Translate): TableColumn<JournalEntry> => ({
  id: 'stderr',
  header: t('activity.stderr'),
  text: (entry) => entry.stderr,
  csv: (entry) => entry.stderr
})
