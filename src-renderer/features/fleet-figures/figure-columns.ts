/** Columns of the table of servers, and the whole of the figures for a CSV. Pure, given the words. */
import type { CsvCell } from '#contract/exports.ts'
import type { Figures, GpuFigures, ServerFigures } from '#contract/fleet-figures.ts'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRatio,
  formatWatts,
  type Quantity
} from '../../format/index.ts'
import { visibleText, type TableColumn } from '../../ui/index.ts'
import { formatEnergy } from '../power/index.ts'

type Words = (key: string) => string
const JOULES_PER_WATT_HOUR = 3_600

/** A card with its server: one row of the table of cards. */
export interface CardRow extends GpuFigures {
  readonly server: ServerFigures
}

function numbers<T>(t: Words) {
  return (
    id: string,
    value: (row: T) => number | null,
    format: (value: number | null) => Quantity,
    missing = 'none',
    width = '62px'
  ): TableColumn<T> => ({
    id,
    header: t(`figures.column.${id}`),
    align: 'right',
    width,
    sortBy: value,
    text: (row) => (value(row) === null ? null : format(value(row)).value),
    unitText: (row) => format(value(row)).unit,
    missing: () => t(`figures.missing.${missing}`)
  })
}

const percent = (value: number | null): Quantity => formatRatio(value, 1)
const whole = (value: number | null): Quantity => formatRatio(value, 0)

/** @param hasGpus of a fleet without cards nothing is said of their idle time */
export function serverColumns(t: Words, hasGpus: boolean): readonly TableColumn<ServerFigures>[] {
  const number = numbers<ServerFigures>(t)
  const cpu = (part: keyof Figures) => (row: ServerFigures) => row.cpuUsedRatio[part]
  return [
    {
      id: 'server',
      header: t('figures.column.server'),
      width: 'minmax(116px, 1.4fr)',
      sortBy: (row) => row.name,
      text: (row) => visibleText(row.name)
    },
    number('cpuMean', cpu('mean'), percent, 'none', '84px'),
    number('cpuMedian', cpu('median'), percent),
    number('cpuMin', cpu('min'), percent),
    number('cpuMax', cpu('max'), percent),
    number('cpuP95', cpu('p95'), percent),
    number('memoryMean', (row) => row.memoryUsedRatio.mean, percent),
    number('diskMean', (row) => row.diskUsedRatio.mean, percent),
    number('received', (row) => row.netRxBytes, formatBytes, 'none', '78px'),
    number('sent', (row) => row.netTxBytes, formatBytes, 'none', '78px'),
    number('power', (row) => row.powerWatts.mean, formatWatts, 'power', '66px'),
    number('energy', (row) => row.energyWattHours, energy, 'power', '78px'),
    ...(hasGpus
      ? [
          number('gpuOverFree', (row) => row.gpuIdleOverFreeRatio, whole, 'gpu', '98px'),
          number('gpuUnderUsed', (row) => row.gpuIdleUnderUsedRatio, whole, 'gpu', '98px')
        ]
      : []),
    number('users', (row) => row.usersLoggedIn.mean, mean, 'none', '52px'),
    number('uptime', (row) => row.uptimeSec, uptime, 'none', '60px'),
    number('coverage', (row) => row.coverageRatio, percent, 'none', '70px')
  ]
}

const energy = (wattHours: number | null): Quantity =>
  formatEnergy(wattHours === null ? null : wattHours * JOULES_PER_WATT_HOUR)
const mean = (value: number | null): Quantity =>
  value === null ? formatCount(null) : { value: value.toFixed(1), unit: '' }
const uptime = (seconds: number | null): Quantity => ({
  value: formatDuration(seconds === null ? null : seconds * 1_000, 1),
  unit: ''
})

export function cardColumns(t: Words): readonly TableColumn<CardRow>[] {
  const number = (
    id: string,
    value: (row: CardRow) => number | null,
    format: (value: number | null) => Quantity
  ): TableColumn<CardRow> => ({
    id,
    header: t(`figures.gpu.${id}`),
    align: 'right',
    width: '104px',
    sortBy: value,
    text: (row) => (value(row) === null ? null : format(value(row)).value),
    unitText: (row) => format(value(row)).unit,
    missing: () => t('figures.gpu.unknown')
  })
  return [
    {
      id: 'server',
      header: t('figures.column.server'),
      width: 'minmax(110px, 1fr)',
      sortBy: (row) => row.server.name,
      text: (row) => visibleText(row.server.name)
    },
    {
      id: 'card',
      header: t('figures.gpu.card'),
      width: 'minmax(150px, 1.6fr)',
      sortBy: (row) => row.name,
      text: (row) => visibleText(row.name)
    },
    number('memory', (row) => row.memoryTotalBytes, formatBytes),
    number('freeMean', (row) => row.memoryFreeBytes.mean, formatBytes),
    number('busyMean', (row) => row.utilisationRatio.mean, percent),
    number('overFree', (row) => row.idleOverFreeRatio, percent),
    number('underUsed', (row) => row.idleUnderUsedRatio, percent),
    number('coverage', (row) => row.coverageRatio, percent)
  ]
}

interface CsvTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly CsvCell[])[]
}

const PARTS = ['count', 'mean', 'median', 'min', 'max', 'p95'] as const
const SERVER_FIGURES = [
  ['CPU used (ratio)', 'cpuUsedRatio'],
  ['Memory used (ratio)', 'memoryUsedRatio'],
  ['Memory used (bytes)', 'memoryUsedBytes'],
  ['Disk used (ratio)', 'diskUsedRatio'],
  ['Disk used (bytes)', 'diskUsedBytes'],
  ['Network in (bytes/s)', 'netRxBytesPerSec'],
  ['Network out (bytes/s)', 'netTxBytesPerSec'],
  ['Power (W)', 'powerWatts'],
  ['Users logged in', 'usersLoggedIn'],
  ['Machines running', 'machinesRunning']
] as const
const SERVER_VALUES = [
  ['Measured (ratio)', 'coverageRatio'],
  ['Uptime (s)', 'uptimeSec'],
  ['Memory (bytes)', 'memoryTotalBytes'],
  ['Disk (bytes)', 'diskTotalBytes'],
  ['Network in (bytes)', 'netRxBytes'],
  ['Network out (bytes)', 'netTxBytes'],
  ['Energy (Wh)', 'energyWattHours'],
  ['GPU idle: more than 8 GB free (ratio)', 'gpuIdleOverFreeRatio'],
  ['GPU idle: less than 10 % used (ratio)', 'gpuIdleUnderUsedRatio']
] as const

/** Every figure of every server, in full precision and base units. */
export function serverCsv(servers: readonly ServerFigures[], range: readonly [string, string]): CsvTable {
  const figures = SERVER_FIGURES.flatMap(([name]) => PARTS.map((part) => `${name} ${part}`))
  return {
    columns: ['Server', 'Location', 'From', 'To', ...SERVER_VALUES.map(([name]) => name), ...figures],
    rows: servers.map((row) => [
      row.name,
      row.location,
      ...range,
      ...SERVER_VALUES.map(([, id]) => row[id]),
      ...SERVER_FIGURES.flatMap(([, id]) => PARTS.map((part) => row[id][part]))
    ])
  }
}

const CARD_FIGURES = [
  ['Memory free (bytes)', 'memoryFreeBytes'],
  ['Busy (ratio)', 'utilisationRatio']
] as const
const CARD_VALUES = [
  ['Memory (bytes)', 'memoryTotalBytes'],
  ['Idle: more than 8 GB free (ratio)', 'idleOverFreeRatio'],
  ['Idle: less than 10 % used (ratio)', 'idleUnderUsedRatio'],
  ['Measured (ratio)', 'coverageRatio']
] as const

export function cardCsv(cards: readonly CardRow[], range: readonly [string, string]): CsvTable {
  const figures = CARD_FIGURES.flatMap(([name]) => PARTS.map((part) => `${name} ${part}`))
  return {
    columns: ['Server', 'Card', 'Key', 'From', 'To', ...CARD_VALUES.map(([name]) => name), ...figures],
    rows: cards.map((row) => [
      row.server.name,
      row.name,
      row.key,
      ...range,
      ...CARD_VALUES.map(([, id]) => row[id]),
      ...CARD_FIGURES.flatMap(([, id]) => PARTS.map((part) => row[id][part]))
    ])
  }
}
