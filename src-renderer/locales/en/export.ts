/** The dialog that exports history, and what is said when an export has ended. */
import type { EntityKind } from '#contract/metric-catalogue.ts'

export const exports = {
  done: 'Saved {rows} rows as CSV.',
  title: 'Export history as CSV',
  fleetName: 'history',
  servers: 'Servers',
  allServers: 'All {count}',
  someServers: 'Chosen',
  filterServers: 'Find a server',
  noServers: 'Choose at least one server.',
  what: 'Values',
  series: 'As in the chart',
  seriesCount: '{count} metric | {count} metrics',
  byKind: 'By kind',
  kind: {
    server: 'Server',
    disk: 'Disks',
    interface: 'Network interfaces',
    mount: 'File systems',
    core: 'CPU threads',
    gpu: 'GPUs',
    sensor: 'Sensors',
    power: 'Power sources',
    watch: 'Watched processes',
    container: 'Containers',
    unit: 'Units',
    port: 'Ports',
    web: 'Access logs',
    vm: 'Machines'
  } satisfies Record<EntityKind, string>,
  allMetrics: 'all {count}',
  someMetrics: '{chosen} of {count}',
  chooseMetrics: 'Choose the metrics of: {kind}',
  nothingChosen: 'Choose at least one metric.',
  range: 'Range',
  custom: 'Custom',
  level: 'Level',
  levels: { raw: 'Every sample', minute: 'Minutes', hour: 'Hours', day: 'Days' },
  levelHint: {
    raw: 'One value per sample.',
    minute: 'Mean, minimum and maximum of each minute.',
    hour: 'Mean, minimum and maximum of each hour.',
    day: 'Mean, minimum and maximum of each day.'
  },
  since: 'Kept since {time}.',
  form: 'Form',
  forms: { wide: 'Wide', long: 'Long' },
  formHint: {
    wide: 'A row per time, a column per metric: for spreadsheets.',
    long: 'A row per value, with server, entity, metric and unit: for databases and scripts.'
  },
  counting: 'Counting …',
  size: 'About {rows} rows, {size}',
  sizeWide: 'About {rows} rows of {columns} columns, {size}',
  empty: 'Nothing was measured there.',
  tooWide: '{columns} columns are more than a spreadsheet takes ({max}). Choose the long form.',
  sizeUnknown: 'The size could not be estimated.',
  start: 'Export'
}
