/** Statistics of the fleet over a range. */
export const figures = {
  tableLabel: 'Servers over the range',
  csvName: 'fleet statistics',
  csvTip: 'All figures of the servers in full precision, also medians and extremes that have no column',
  gpuCsvName: 'fleet graphics cards',
  level: {
    raw: 'from samples',
    minute: 'median and p95 by minute',
    hour: 'median and p95 by hour',
    day: 'median and p95 by day'
  },
  levelTip:
    'Mean, lowest and highest are those of the samples. Median and p95 of longer ranges are those of the means by hour or day.',
  summary: {
    label: 'The fleet over the range',
    busiest: 'Busiest server',
    idlest: 'Idlest server',
    cpuMean: '{cpu} CPU, mean',
    cpuMeanPart: '{cpu} CPU · {part} measured',
    hour: 'Busiest hour of the day',
    hourRest: 'by the mean CPU of all servers',
    coverage: 'Measured',
    coverageRest: 'of the range, all servers together',
    energy: 'Energy',
    energyRest: '{known} of {total} servers',
    none: 'Nothing was measured in this range.',
    noPower: 'No server told its power in this range.'
  },
  column: {
    server: 'Server',
    coverage: 'Measured',
    cpuMean: 'CPU mean',
    cpuMedian: 'median',
    cpuMin: 'min',
    cpuMax: 'max',
    cpuP95: 'p95',
    memoryMean: 'Memory',
    diskMean: 'Disk',
    received: 'Net in',
    sent: 'Net out',
    power: 'Power',
    energy: 'Energy',
    uptime: 'Uptime',
    users: 'Users',
    gpuOverFree: 'GPU > 8 GB free',
    gpuUnderUsed: 'GPU < 10 % used'
  },
  missing: {
    none: 'Not measured in this range',
    power: 'Told no power in this range',
    gpu: 'No graphics card was measured in this range'
  },
  none: {
    title: 'Nothing was measured',
    text: 'There are no values of any server in this range. Choose another, or wait until some have come.'
  },
  noServers: {
    title: 'No servers yet',
    text: 'Statistics are made of what the servers of the fleet tell. Add the first one on the Fleet page.'
  },
  trend: {
    title: 'Trend',
    metric: 'Metric',
    label: '{metric} of all servers',
    mean: 'mean of all servers',
    sum: 'sum of all servers',
    lowest: 'lowest server',
    highest: 'highest server',
    shape: 'Show as',
    chart: 'Chart',
    table: 'Table',
    time: 'Time',
    step: 'a value each {step}'
  },
  busy: { title: 'When the week is busy', note: 'CPU of all servers' },
  gpu: {
    title: 'Idle graphics cards',
    label: 'Graphics cards over the range',
    note: 'Share of the measured time with more than 8 GB (8 × 10⁹ bytes) of a card’s memory free, and with less than 10 % of it used. A server’s rate is that of the time of all its cards.',
    absent: 'No server of the fleet told of a graphics card in this range, so there are no idle rates.',
    card: 'Card',
    memory: 'Memory',
    freeMean: 'Free, mean',
    busyMean: 'Busy, mean',
    overFree: '> 8 GB free',
    underUsed: '< 10 % used',
    coverage: 'Measured',
    unknown: 'The card does not tell it'
  }
}
