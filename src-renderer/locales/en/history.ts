/** The history of servers and machines. */
import type { EntityKind } from '#contract/metric-catalogue.ts'

export const history = {
  charts: 'Charts',
  chartOf: 'Chart of {series}',
  fileName: 'history',
  goneServer: 'removed server',
  pick: 'Choose series',
  compare: 'Compare',
  compareTip: 'Draw the same metrics of others beside these',
  csvTip: 'Save what is drawn, in this range',
  exportMore: 'Export more: other servers, values, levels…',
  allHidden: 'All lines are hidden. Press a name above to show its line.',
  none: {
    title: 'Nothing is chosen',
    text: 'Choose what this page shows: any metric of this server, or of others.'
  },
  legend: {
    label: 'Series shown',
    show: 'Show the line',
    hide: 'Hide the line',
    remove: 'Take out {series}',
    removeTip: 'Take it out'
  },
  kind: {
    server: 'server',
    vm: 'machine',
    disk: 'disk',
    mount: 'file system',
    interface: 'network interface',
    core: 'CPU thread',
    gpu: 'GPU',
    sensor: 'sensor',
    power: 'power source',
    watch: 'watched processes',
    container: 'container',
    unit: 'unit',
    port: 'port',
    web: 'access log'
  } satisfies Record<EntityKind, string>,
  preset: {
    usual: 'The usual',
    cpu: 'CPU',
    cpuKinds: 'CPU by kind',
    memory: 'Memory',
    network: 'Network',
    disk: 'Disk',
    load: 'Load',
    pressure: 'Pressure'
  },
  dialog: {
    title: 'What the history shows',
    presets: 'Presets',
    search: 'Search metrics',
    searchHint: 'CPU, memory, eth0, /data …',
    server: 'Server',
    noMatch: 'Nothing fits',
    noMatchText:
      'Search for a metric, a disk, an interface, a mount point or a machine of the server chosen at the right.',
    picked: '{count} chosen',
    count: '{count} of {most} lines',
    full: '{most} lines: take one out to choose another.',
    show: 'Show'
  },
  compareDialog: {
    servers: 'Compare with other servers',
    machines: 'Compare with other machines',
    by: 'By {metrics}',
    search: 'Search by name',
    none: 'There is nothing to compare with',
    noMatch: 'No name fits',
    more: '{count} more: search by name | {count} more: search by name',
    room: 'Room for {count} more | Room for {count} more',
    full: 'No room for more: a picture holds {most} lines. | No room for more: a picture holds {most} lines. Choose fewer metrics to compare more.'
  },
  panel: { label: 'Below the charts', statistics: 'Statistics', rows: 'All rows', busy: 'Busy hours' },
  statistics: {
    series: 'Series',
    value: 'Newest',
    mean: 'Mean',
    median: 'Median',
    min: 'Min',
    max: 'Max',
    p95: 'p95',
    count: 'Samples',
    coverage: 'Covered',
    copy: 'Copy the statistics',
    basis: {
      minuteMeans: 'Median and p95 are of the means of each minute: samples are not kept for this long.',
      hourMeans: 'Median and p95 are of the means of each hour: finer values are not kept for this long.',
      dayMeans: 'Median and p95 are of the means of each day: finer values are not kept for this long.'
    }
  },
  rows: {
    level: {
      label: 'How fine',
      charted: 'As charted',
      raw: 'Raw',
      minute: 'Minute',
      hour: 'Hour',
      day: 'Day'
    },
    of: {
      raw: 'raw values',
      minute: 'means of minutes',
      hour: 'means of hours',
      day: 'means of days'
    },
    count: '{count} row, newest first | {count} rows, newest first',
    countSoFar: '{count} rows read, newest first; more as you scroll',
    coarser: 'There are no {asked} of this time any more; these are {given}.',
    newer: 'Newer rows',
    none: {
      title: 'No rows in this range',
      text: 'Nothing was measured then. A gap in the chart tells why.'
    }
  },
  busy: {
    map: 'Map',
    table: 'Table',
    shape: 'Show as',
    series: 'Series',
    weekday: 'Day',
    hour: 'Hour',
    none: 'Busy hours need values of some days; choose a longer range, or come back later.',
    cell: '{hour}: mean {mean}, max {max}',
    summary: 'Busiest: {busiest}, mean {most}. Idlest: {idlest}, {least}.'
  },
  newest: {
    title: 'Newest values',
    open: 'All rows',
    waiting: '{count} newer | {count} newer',
    none: 'No values yet.'
  },
  mark: {
    machineState: '{vm}: {from} → {to}',
    machineNew: '{vm} is new: {to}',
    machineGone: '{vm} was removed',
    serverOnline: 'connected',
    serverOffline: 'not reachable any more',
    serverRebooted: 'rebooted',
    collectingStarted: 'collecting started',
    collectingStopped: 'collecting stopped',
    collectingStartedOf: '{vm}: collecting started',
    collectingStoppedOf: '{vm}: collecting stopped',
    portChanged: 'port {port} {seen}: {from} → {to}',
    portSeen: { direct: 'from here', ssh: 'from inside' },
    portState: { open: 'open', closed: 'closed', filtered: 'filtered' },
    listens: '{who} listens on {place}',
    listensNoMore: '{who} no longer listens on {place}',
    alertLevel: { RED: 'RED', AMBER: 'AMBER' },
    alertRaised: '{level}: {what}',
    alertRecovered: 'recovered: {what}'
  }
}
