/** Columns of the tables of totals. Pure; words come in. */
import type { TrafficBy, TrafficTotal } from '#contract/traffic.ts'
import { formatAs, formatBytes, formatCount, formatRatio } from '../../format/index.ts'
import type { TableColumn } from '../../ui/index.ts'
import { errorRatio, hitRatio, meanMs, shareOf } from './totals.ts'

export interface TotalWords {
  readonly column: (id: string) => string
  readonly csv: (id: string) => string
  /** Of the key: a folded one, one without a domain, a status without a number. */
  readonly name: (row: TrafficTotal) => string
  readonly noHits: string
  readonly noTimes: string
}

export function totalColumns(
  by: TrafficBy,
  total: TrafficTotal,
  words: TotalWords
): TableColumn<TrafficTotal>[] {
  const { column, csv, name } = words
  const number = (
    id: string,
    width: string,
    of: (row: TrafficTotal) => number | null,
    shown: (value: number | null) => { value: string; unit: string },
    more: Partial<TableColumn<TrafficTotal>> = {}
  ): TableColumn<TrafficTotal> => ({
    id,
    header: column(id),
    align: 'right',
    width,
    sortBy: of,
    text: (row) => (of(row) === null ? null : shown(of(row)).value),
    unitText: (row) => shown(of(row)).unit,
    csv: of,
    ...more
  })
  return [
    { id: 'key', header: column(by), width: 'minmax(170px, 2.4fr)', sortBy: name, text: name },
    number('visits', 'minmax(84px, 0.8fr)', ({ visits }) => visits, formatCount),
    number(
      'share',
      'minmax(72px, 0.7fr)',
      (row) => shareOf(row, total),
      (value) => formatRatio(value),
      {
        csvHeader: csv('share')
      }
    ),
    number('bytes', 'minmax(92px, 0.8fr)', ({ bytes }) => bytes, formatBytes),
    number('hitRatio', 'minmax(88px, 0.7fr)', hitRatio, (value) => formatRatio(value), {
      missing: () => words.noHits,
      csvHeader: csv('hitRatio')
    }),
    number('responseMs', 'minmax(108px, 0.8fr)', meanMs, (value) => formatAs('ms', value), {
      missing: () => words.noTimes,
      csvHeader: csv('responseMs')
    }),
    number('errors', 'minmax(76px, 0.7fr)', errorRatio, (value) => formatRatio(value))
  ]
}
