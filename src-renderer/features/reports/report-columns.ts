/** Columns of the archive. */
import type { Report } from '#contract/reports.ts'
import { formatBytes, formatRatio, formatTime, quantityText, type Zone } from '../../format/index.ts'
import type { TableColumn } from '../../ui/index.ts'

export function reportColumns(
  t: (key: string) => string,
  zone: Zone,
  nameOf: (report: Report) => string
): readonly TableColumn<Report>[] {
  const missing = (report: Report): string => t(`reports.archive.why.${report.state}`)
  const sizeOf = ({ files }: Report): number => files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return [
    {
      id: 'period',
      header: t('reports.archive.period'),
      width: 'minmax(200px, 2fr)',
      sortBy: (report) => report.fromAtMs,
      text: nameOf
    },
    { id: 'files', header: t('reports.archive.files'), width: 'minmax(176px, 1fr)' },
    {
      id: 'kind',
      header: t('reports.archive.kind'),
      width: 'minmax(120px, 1fr)',
      sortBy: (report) => report.kind,
      text: (report) => t(`reports.kind.${report.kind}`)
    },
    {
      id: 'state',
      header: t('reports.archive.state'),
      width: 'minmax(110px, 1.2fr)',
      sortBy: (report) => report.state,
      text: (report) => t(`reports.state.${report.state}`)
    },
    {
      id: 'made',
      header: t('reports.archive.madeAt'),
      width: 'minmax(110px, 1fr)',
      sortBy: (report) => report.madeAtMs,
      text: (report) => (report.madeAtMs === null ? null : formatTime(report.madeAtMs, 'dayMinute', zone)),
      missing
    },
    {
      id: 'servers',
      header: t('reports.archive.servers'),
      align: 'right',
      width: 'minmax(70px, 0.6fr)',
      sortBy: (report) => report.serverCount,
      text: (report) => (report.serverCount === null ? null : String(report.serverCount)),
      missing
    },
    {
      id: 'coverage',
      header: t('reports.archive.coverage'),
      align: 'right',
      width: 'minmax(90px, 0.7fr)',
      sortBy: (report) => report.coverageRatio,
      text: (report) =>
        report.coverageRatio === null ? null : quantityText(formatRatio(report.coverageRatio)),
      missing
    },
    {
      id: 'size',
      header: t('reports.archive.size'),
      align: 'right',
      width: 'minmax(80px, 0.7fr)',
      sortBy: sizeOf,
      text: (report) => (report.files.length === 0 ? null : quantityText(formatBytes(sizeOf(report)))),
      missing
    },
    { id: 'menu', header: '', width: '28px' }
  ]
}
