/** Columns of the table of statistics. Pure: words come in. */
import type { SeriesStatistics } from '#contract/history.ts'
import { metricDefinition } from '#contract/metric-catalogue.ts'
import { formatAs, formatCount, formatRatio } from '../../format/index.ts'
import type { TableColumn } from '../../ui/index.ts'
import type { Chosen } from './choice.ts'
import { displayUnit } from './display-unit.ts'

export interface StatisticsRow {
  readonly chosen: Chosen
  readonly label: string
  readonly statistics: SeriesStatistics
  /** At the time pointed at, or the newest. */
  readonly value: number | null
}

export interface StatisticsWords {
  readonly header: (id: string) => string
  /** Why there are no statistics. */
  readonly none: string
  readonly noValue: string
}

const FIGURES = ['mean', 'median', 'min', 'max', 'p95'] as const

export function statisticsColumns(words: StatisticsWords): TableColumn<StatisticsRow>[] {
  const unit = (row: StatisticsRow) => displayUnit(row.chosen.entity.kind, row.chosen.metric)
  const figure = (
    id: string,
    read: (row: StatisticsRow) => number | null,
    missing: string
  ): TableColumn<StatisticsRow> => ({
    id,
    header: words.header(id),
    align: 'right',
    width: 'minmax(78px, 1fr)',
    sortBy: read,
    text: (row) => (read(row) === null ? null : formatAs(unit(row), read(row)).value),
    unitText: (row) => formatAs(unit(row), read(row)).unit,
    missing: () => missing,
    csv: read
  })
  return [
    {
      id: 'series',
      header: words.header('series'),
      width: 'minmax(150px, 3fr)',
      sortBy: (row) => row.label,
      text: (row) => row.label,
      // A pasted figure without its unit is a riddle: copies are in the base unit.
      csv: (row) =>
        `${row.label} [${metricDefinition(row.chosen.entity.kind, row.chosen.metric)?.unit ?? ''}]`
    },
    figure('value', (row) => row.value, words.noValue),
    ...FIGURES.map((id) => figure(id, (row) => row.statistics[id], words.none)),
    {
      id: 'count',
      header: words.header('count'),
      align: 'right',
      width: 'minmax(64px, 1fr)',
      sortBy: (row) => row.statistics.count,
      text: (row) => formatCount(row.statistics.count).value,
      csv: (row) => row.statistics.count
    },
    {
      id: 'coverage',
      header: words.header('coverage'),
      align: 'right',
      width: 'minmax(76px, 1fr)',
      sortBy: (row) => row.statistics.coverageRatio,
      text: (row) => formatRatio(row.statistics.coverageRatio, 0).value,
      unitText: () => '%',
      csv: (row) => row.statistics.coverageRatio
    }
  ]
}
