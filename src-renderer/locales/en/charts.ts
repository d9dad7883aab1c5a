/** Charts over time. */
import type { GapReason } from '#contract/vocabulary.ts'

export const charts = {
  chart: 'chart',
  keys: 'Arrow keys move through the values, plus zooms in, minus shows the whole range again. The menu shows the values as a table.',
  all: 'charts',
  csv: 'CSV',
  pageCsvTip: 'Save all charts of this page in this range',
  saveCsv: 'Save as CSV',
  showTable: 'Show as table',
  openHistory: 'Open in History',
  resetZoom: 'Reset zoom',
  menu: 'Actions for {chart}',
  empty: 'No values in this range.',
  noValue: 'No value at this time.',
  old: '{age} old',
  levelTip: 'Each point stands for the mean of its span; the band shows the lowest and highest value in it.',
  level: { raw: 'mean and range', minute: '1 min means', hour: '1 h means', day: '1 d means' },
  moreEvents: 'and {count} more',
  gap: {
    consoleClosed: 'console closed',
    serverOff: 'server off',
    linkLost: 'link lost',
    collectionStopped: 'not collecting',
    rebooted: 'rebooted',
    counterReset: 'counters reset',
    notResponding: 'not responding',
    notSupported: 'not supported',
    storageFull: 'disk of the console full'
  } satisfies Record<GapReason, string>,
  range: {
    label: 'Time range',
    live: 'Live 15 min',
    hour: '1 h',
    sixHours: '6 h',
    day: '24 h',
    week: '7 d',
    month: '30 d',
    year: '1 y',
    custom: 'Custom',
    earlier: 'Earlier',
    later: 'Later',
    customTitle: 'Time range',
    inUtc: 'Times in UTC, as chosen in the settings.',
    inLocal: 'Times of this computer.',
    from: 'From',
    to: 'To',
    show: 'Show',
    problem: 'Type it like 2026-11-20 10:00.',
    reversed: 'The start must lie before the end.'
  },
  table: { time: 'Time', count: '{count} rows, newest first' }
}
