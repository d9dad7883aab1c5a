/** Charts of a chosen disk, file system, interface or CPU thread. Pure: words come in. */
import type { Disk, FileSystem, NetworkInterface } from '#contract/hardware.ts'
import type { EntityKind } from '#contract/metric-catalogue.ts'
import {
  formatAs,
  formatBitsPerSec,
  formatBytes,
  formatBytesPerSec,
  formatPerSec,
  formatRatio,
  type DisplayUnit
} from '../../format/index.ts'
import { formatWait } from './disk-columns.ts'
import type { ChartSpec, Headline, LineSpec, ReadMetric } from '../history/index.ts'

export interface HardwareChartWords {
  readonly title: (chart: string) => string
  /** `metrics.<kind>.<metric>` */
  readonly line: (kind: EntityKind, metric: string) => string
}

interface Lines {
  readonly kind: EntityKind
  readonly key: string
  readonly words: HardwareChartWords
}

type Line = readonly [metric: string, colour: number, shape?: LineSpec['shape']]

function chart(
  { kind, key, words }: Lines,
  id: string,
  unit: DisplayUnit,
  lines: readonly Line[],
  { axisMax = null, headline }: { axisMax?: number | null; headline?: ChartSpec['headline'] } = {}
): ChartSpec {
  const first = lines[0]?.[0] ?? ''
  return {
    id,
    title: words.title(id),
    unit,
    axisMax,
    lines: lines.map(([metric, colour, shape = 'line']) => ({
      kind,
      key,
      metric,
      label: words.line(kind, metric),
      colour,
      shape
    })),
    headline: headline ?? ((read) => formatAs(unit, read(kind, key, first)))
  }
}

const sumOf =
  (kind: EntityKind, key: string, one: string, other: string, format: (value: number | null) => Headline) =>
  (read: ReadMetric): Headline => {
    const values = [read(kind, key, one), read(kind, key, other)]
    return format(
      values.every((value) => value !== null) ? values.reduce((sum, value) => sum + value, 0) : null
    )
  }

export function diskCharts({ name, smart }: Disk, words: HardwareChartWords): ChartSpec[] {
  const of: Lines = { kind: 'disk', key: name, words }
  const rates = chart(
    of,
    'diskRate',
    'bytesPerSec',
    [
      ['readBytesPerSec', 1, 'area'],
      ['writeBytesPerSec', 0, 'area']
    ],
    {
      headline: sumOf('disk', name, 'readBytesPerSec', 'writeBytesPerSec', formatBytesPerSec)
    }
  )
  const ops = chart(
    of,
    'diskOps',
    'perSec',
    [
      ['readOpsPerSec', 1],
      ['writeOpsPerSec', 0]
    ],
    {
      headline: sumOf('disk', name, 'readOpsPerSec', 'writeOpsPerSec', formatPerSec)
    }
  )
  const health =
    smart.report === null
      ? []
      : [
          chart(of, 'diskTemperature', 'celsius', [['temperatureCelsius', 3]]),
          chart(of, 'diskWear', 'ratio', [['wearUsedRatio', 2]])
        ]
  return [
    rates,
    ops,
    chart(of, 'diskBusy', 'ratio', [['utilisationRatio', 0, 'area']], { axisMax: 1 }),
    chart(of, 'diskWait', 'ms', [['awaitMs', 3]], {
      headline: (read) => formatWait(read('disk', name, 'awaitMs'))
    }),
    chart(of, 'diskQueue', 'load', [['queueLength', 2]]),
    ...health.filter(({ id }) => id !== 'diskWear' || smart.report?.wearUsedRatio !== null)
  ]
}

export function mountCharts(
  { mountPoint, sizeBytes, inodesUsedRatio }: FileSystem,
  words: HardwareChartWords
): ChartSpec[] {
  const of: Lines = { kind: 'mount', key: mountPoint, words }
  return [
    chart(of, 'mountUse', 'ratio', [['usedRatio', 0, 'area']], { axisMax: 1 }),
    chart(
      of,
      'mountSpace',
      'bytes',
      [
        ['usedBytes', 0, 'area'],
        ['availableBytes', 1]
      ],
      {
        axisMax: sizeBytes,
        headline: (read) => formatBytes(read('mount', mountPoint, 'availableBytes'))
      }
    ),
    ...(inodesUsedRatio === null
      ? []
      : [chart(of, 'inodes', 'ratio', [['inodesUsedRatio', 2, 'area']], { axisMax: 1 })])
  ]
}

export function interfaceCharts({ name }: NetworkInterface, words: HardwareChartWords): ChartSpec[] {
  const of: Lines = { kind: 'interface', key: name, words }
  return [
    chart(
      of,
      'netRate',
      'bitsPerSec',
      [
        ['rxBytesPerSec', 1, 'area'],
        ['txBytesPerSec', 0, 'area']
      ],
      {
        headline: sumOf('interface', name, 'rxBytesPerSec', 'txBytesPerSec', formatBitsPerSec)
      }
    ),
    chart(
      of,
      'netProblems',
      'perSec',
      [
        ['rxErrorsPerSec', 2],
        ['txErrorsPerSec', 5],
        ['rxDropsPerSec', 3],
        ['txDropsPerSec', 6]
      ],
      {
        headline: (read) => {
          const values = ['rxErrorsPerSec', 'txErrorsPerSec', 'rxDropsPerSec', 'txDropsPerSec'].map(
            (metric) => read('interface', name, metric)
          )
          return formatPerSec(
            values.some((value) => value === null)
              ? null
              : values.reduce<number>((sum, value) => sum + (value ?? 0), 0)
          )
        }
      }
    ),
    chart(
      of,
      'netTotals',
      'bytes',
      [
        ['rxBytes', 1],
        ['txBytes', 0]
      ],
      {
        headline: sumOf('interface', name, 'rxBytes', 'txBytes', formatBytes)
      }
    )
  ]
}

export function coreCharts(key: string, name: string, words: HardwareChartWords): ChartSpec[] {
  const spec = chart({ kind: 'core', key, words }, 'core', 'ratio', [['cpuUsedRatio', 0, 'area']], {
    axisMax: 1,
    headline: (read) => formatRatio(read('core', key, 'cpuUsedRatio'))
  })
  return [{ ...spec, title: name }]
}
