/** The charts of a VM's Overview. Pure: words come in. */
import type { MachineView } from '#contract/machines.ts'
import { formatBitsPerSec, formatBytesOf, formatBytesPerSec, formatRatio } from '../../format/index.ts'
import type { ChartSpec, LineSpec, ReadMetric } from '../history/index.ts'

export interface MachineChartWords {
  readonly title: (chart: string) => string
  readonly line: (metric: string) => string
  readonly ofVcpus: (count: number) => string
  /** Why there is nothing at all: it is off. */
  readonly missing: ChartSpec['missing']
  /** Why memory is not known, or null when it is. */
  memoryMissing: ChartSpec['missing']
}

export function machineCharts(view: MachineView, words: MachineChartWords): ChartSpec[] {
  const key = view.ref.vmUuid
  const line = (metric: string, colour: number, shape: LineSpec['shape'] = 'line'): LineSpec => ({
    kind: 'vm',
    key,
    metric,
    label: words.line(metric),
    colour,
    shape
  })
  const sum = (read: ReadMetric, one: string, other: string): number | null => {
    const values = [read('vm', key, one), read('vm', key, other)]
    return values.every((value) => value !== null) ? values.reduce((total, value) => total + value, 0) : null
  }
  return [
    {
      id: 'cpu',
      title: words.title('cpu'),
      unit: 'ratio',
      axisMax: 1,
      missing: words.missing ?? null,
      lines: [{ ...line('cpuUsedRatio', 0, 'area') }],
      headline(read) {
        const used = formatRatio(read('vm', key, 'cpuUsedRatio'))
        return { value: used.value, unit: view.vcpus === null ? '%' : words.ofVcpus(view.vcpus) }
      }
    },
    {
      id: 'memory',
      title: words.title('memory'),
      unit: 'bytes',
      axisMax: view.memoryMaxBytes,
      missing: words.memoryMissing ?? null,
      lines: [line('memoryUsedBytes', 0, 'area'), line('memoryBalloonBytes', 4, 'line')],
      headline(read) {
        const shown = formatBytesOf(
          read('vm', key, 'memoryUsedBytes'),
          read('vm', key, 'memoryBalloonBytes') ?? view.memoryMaxBytes
        )
        return { value: shown.used, unit: `/ ${shown.total} ${shown.unit}` }
      }
    },
    {
      id: 'disk-io',
      title: words.title('diskIo'),
      unit: 'bytesPerSec',
      axisMax: null,
      missing: words.missing ?? null,
      lines: [line('diskReadBytesPerSec', 1, 'area'), line('diskWriteBytesPerSec', 0, 'area')],
      headline: (read) => formatBytesPerSec(sum(read, 'diskReadBytesPerSec', 'diskWriteBytesPerSec'))
    },
    {
      id: 'network',
      title: words.title('network'),
      unit: 'bitsPerSec',
      axisMax: null,
      missing: words.missing ?? null,
      lines: [line('netRxBytesPerSec', 1, 'area'), line('netTxBytesPerSec', 0, 'area')],
      headline: (read) => formatBitsPerSec(sum(read, 'netRxBytesPerSec', 'netTxBytesPerSec'))
    }
  ]
}
