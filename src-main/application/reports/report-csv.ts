/** The figures of a report as CSV: a row per server, per card, and of all together. Values as they are, units in the headers. */
import type { CsvCell } from '#contract/exports.ts'
import type { Figures, GpuFigures, ServerFigures } from '#contract/fleet-figures.ts'
import { csvLine, isoTime } from '../export/csv.ts'
import type { ReportData } from './report-data.ts'
import { fleetMean, fleetSum, sumOf } from './summary-section.ts'

interface Column {
  readonly name: string
  readonly server: (figures: ServerFigures) => CsvCell
  readonly card?: (figures: GpuFigures) => CsvCell
  readonly all?: (data: ReportData) => CsvCell
}

const statistics = (
  name: string,
  unit: string,
  of: (server: ServerFigures) => Figures,
  ofCard?: (card: GpuFigures) => Figures
): Column[] =>
  (['mean', 'median', 'min', 'max'] as const).map((which) => ({
    name: `${name} ${which} [${unit}]`,
    server: (server) => of(server)[which],
    ...(ofCard !== undefined && { card: (card: GpuFigures) => ofCard(card)[which] })
  }))

const NONE: Figures = { count: 0, mean: null, median: null, min: null, max: null, p95: null }
const none = (): Figures => NONE

const COLUMNS: readonly Column[] = [
  {
    name: 'Measured [share of period]',
    server: (one) => one.coverageRatio,
    card: (card) => card.coverageRatio,
    all: (data) => data.coverageRatio
  },
  ...withAll(
    statistics('CPU used', 'ratio', (one) => one.cpuUsedRatio),
    (data) => fleetMean(data.figures, 'cpuUsedRatio')
  ),
  ...withAll(
    statistics('Memory used', 'ratio', (one) => one.memoryUsedRatio),
    (data) => fleetMean(data.figures, 'memoryUsedRatio')
  ),
  ...statistics('Memory used', 'bytes', (one) => one.memoryUsedBytes),
  {
    name: 'Memory total [bytes]',
    server: (one) => one.memoryTotalBytes,
    card: (card) => card.memoryTotalBytes,
    all: (data) => sumOf(data.figures.servers.map((one) => one.memoryTotalBytes))
  },
  ...withAll(
    statistics('Disk used', 'ratio', (one) => one.diskUsedRatio),
    (data) => fleetMean(data.figures, 'diskUsedRatio')
  ),
  ...statistics('Disk used', 'bytes', (one) => one.diskUsedBytes),
  {
    name: 'Disk total [bytes]',
    server: (one) => one.diskTotalBytes,
    all: (data) => sumOf(data.figures.servers.map((one) => one.diskTotalBytes))
  },
  ...statistics('Network received', 'bytes/s', (one) => one.netRxBytesPerSec),
  ...statistics('Network sent', 'bytes/s', (one) => one.netTxBytesPerSec),
  {
    name: 'Received [bytes]',
    server: (one) => one.netRxBytes,
    all: (data) => fleetSum(data.figures, 'netRxBytes')
  },
  {
    name: 'Sent [bytes]',
    server: (one) => one.netTxBytes,
    all: (data) => fleetSum(data.figures, 'netTxBytes')
  },
  ...statistics('Power', 'W', (one) => one.powerWatts),
  {
    name: 'Energy [Wh]',
    server: (one) => one.energyWattHours,
    all: (data) => fleetSum(data.figures, 'energyWattHours')
  },
  ...statistics('Users logged in', 'count', (one) => one.usersLoggedIn),
  ...statistics('VMs running', 'count', (one) => one.machinesRunning),
  ...statistics('GPU memory free', 'bytes', none, (card) => card.memoryFreeBytes),
  ...statistics('GPU busy', 'ratio', none, (card) => card.utilisationRatio),
  {
    name: 'GPU idle, more than 8 GB free [share of measured time]',
    server: (one) => one.gpuIdleOverFreeRatio,
    card: (card) => card.idleOverFreeRatio
  },
  {
    name: 'GPU idle, less than 10 % used [share of measured time]',
    server: (one) => one.gpuIdleUnderUsedRatio,
    card: (card) => card.idleUnderUsedRatio
  }
]

/** The first of the columns (the mean) has a value of all servers together. */
function withAll([mean, ...others]: Column[], all: (data: ReportData) => CsvCell): Column[] {
  return mean === undefined ? [] : [{ ...mean, all }, ...others]
}

/** Line by line, the header first. */
export function* reportCsv(data: ReportData): Generator<string> {
  const { figures, span, zone } = data
  const period = [isoTime(span.fromAtMs, zone), isoTime(span.toAtMs, zone)]
  const names = COLUMNS.map(({ name }) => name)
  yield csvLine(['From', 'To', 'Of', 'Server', 'Location', 'Card', ...names])
  for (const one of figures.servers) {
    const values = COLUMNS.map(({ server }) => server(one))
    yield csvLine([...period, 'server', one.name, one.location, null, ...values])
    for (const card of one.gpus) {
      const ofCard = COLUMNS.map((column) => column.card?.(card) ?? null)
      yield csvLine([
        ...period,
        'card',
        one.name,
        one.location,
        card.name === '' ? card.key : card.name,
        ...ofCard
      ])
    }
  }
  yield csvLine([
    ...period,
    'all servers',
    null,
    null,
    null,
    ...COLUMNS.map(({ all }) => all?.(data) ?? null)
  ])
}
