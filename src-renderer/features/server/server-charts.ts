/** The charts of a server's Overview. Pure: words come in. */
import type { EntityInfo } from '#contract/history.ts'
import type { Capability, ServerView } from '#contract/servers.ts'
import type { CapabilityId } from '#contract/vocabulary.ts'
import {
  formatBitsPerSec,
  formatBytes,
  formatBytesOf,
  formatBytesPerSec,
  formatLoad,
  formatRatio,
  formatWatts
} from '../../format/index.ts'
import type { ChartSpec, LineSpec } from '../history/index.ts'

export interface ChartWords {
  readonly title: (chart: string) => string
  readonly line: (metric: string) => string
  /** The cause in words, for a capability that does not work. */
  readonly missing: (capability: Capability) => string
  noSwap: string
}

const ofServer = (metric: string, label: string, colour: number, shape: LineSpec['shape']): LineSpec => ({
  kind: 'server',
  key: '',
  metric,
  label,
  colour,
  shape
})

const sum = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : one + other

/** At most as many mounts as there are colours; the fullest are those that matter. */
const MOST_MOUNTS = 6

export function serverCharts(
  view: ServerView,
  entities: readonly EntityInfo[],
  words: ChartWords
): ChartSpec[] {
  const missing = (id: CapabilityId): ChartSpec['missing'] => {
    const capability = view.capabilities.find((candidate) => candidate.id === id)
    return capability === undefined || capability.works
      ? null
      : { text: words.missing(capability), fix: capability.fix }
  }
  const host = missing('host') ?? null
  // Where there are values: most servers have no graphics card, and many no meter; those need no empty chart.
  const measured = (metric: 'powerWatts' | 'gpuMemoryTotalBytes', kind: 'power' | 'gpu'): boolean =>
    (view.now?.[metric] ?? null) !== null || entities.some(({ entity }) => entity.kind === kind)
  const line = (metric: string, colour: number, shape: LineSpec['shape'] = 'line') =>
    ofServer(metric, words.line(metric), colour, shape)
  return [
    cpu(words, line, host),
    memory(view, words, line, host),
    load(words, line, host),
    network(words, line, host),
    disks(entities, words, missing('fileSystems') ?? null),
    diskRates(words, line, host),
    swap(view, words, line, host),
    pressure(words, line, missing('pressure') ?? null),
    ...(measured('powerWatts', 'power') ? [power(words, line)] : []),
    ...(measured('gpuMemoryTotalBytes', 'gpu') ? [gpuMemory(view, words, line)] : [])
  ]
}

type Line = (metric: string, colour: number, shape?: LineSpec['shape']) => LineSpec
type Missing = ChartSpec['missing']

const cpu = (words: ChartWords, line: Line, missing: Missing): ChartSpec => ({
  id: 'cpu',
  title: words.title('cpu'),
  unit: 'ratio',
  axisMax: 1,
  missing: missing ?? null,
  lines: [
    line('cpuUserRatio', 0, 'stack'),
    line('cpuNiceRatio', 5, 'stack'),
    line('cpuSystemRatio', 1, 'stack'),
    line('cpuIrqRatio', 4, 'stack'),
    line('cpuSoftirqRatio', 6, 'stack'),
    line('cpuIowaitRatio', 3, 'stack'),
    line('cpuStealRatio', 2, 'stack'),
    line('cpuUsedRatio', 0, 'peak')
  ],
  headline: (read) => formatRatio(read('server', '', 'cpuUsedRatio'))
})

/**
 * Used (total − available) and above it what the kernel would give back: so the two together are the memory that is not
 * free, and nothing is counted twice.
 */
const memory = (view: ServerView, words: ChartWords, line: Line, missing: Missing): ChartSpec => ({
  id: 'memory',
  title: words.title('memory'),
  unit: 'bytes',
  axisMax: view.facts?.memoryTotalBytes ?? view.now?.memoryTotalBytes ?? null,
  missing: missing ?? null,
  lines: [
    line('memoryUsedBytes', 0, 'stack'),
    line('memoryBuffersBytes', 1, 'stack'),
    {
      ...line('memoryCachedBytes', 4, 'stack'),
      derived: {
        metrics: ['memoryTotalBytes', 'memoryUsedBytes', 'memoryFreeBytes', 'memoryBuffersBytes'],
        of: (total = 0, used = 0, free = 0, buffers = 0) => Math.max(0, total - used - free - buffers)
      }
    }
  ],
  headline(read) {
    const shown = formatBytesOf(read('server', '', 'memoryUsedBytes'), read('server', '', 'memoryTotalBytes'))
    return { value: shown.used, unit: `/ ${shown.total} ${shown.unit}` }
  }
})

const load = (words: ChartWords, line: Line, missing: Missing): ChartSpec => ({
  id: 'load',
  title: words.title('load'),
  unit: 'load',
  axisMax: null,
  missing: missing ?? null,
  lines: [line('load1', 0), line('load5', 1), line('load15', 4)],
  headline: (read) => formatLoad(read('server', '', 'load1'))
})

const network = (words: ChartWords, line: Line, missing: Missing): ChartSpec => ({
  id: 'network',
  title: words.title('network'),
  unit: 'bitsPerSec',
  axisMax: null,
  missing: missing ?? null,
  lines: [line('netRxBytesPerSec', 1, 'area'), line('netTxBytesPerSec', 0, 'area')],
  headline: (read) =>
    formatBitsPerSec(sum(read('server', '', 'netRxBytesPerSec'), read('server', '', 'netTxBytesPerSec')))
})

/** Disk use per mount; the whole server's in the heading. */
function disks(entities: readonly EntityInfo[], words: ChartWords, missing: Missing): ChartSpec {
  const mounts = entities
    .filter(({ entity }) => entity.kind === 'mount')
    .sort((one, other) => other.lastAtMs - one.lastAtMs || one.entity.key.localeCompare(other.entity.key))
    .slice(0, MOST_MOUNTS)
    .sort((one, other) => one.entity.key.localeCompare(other.entity.key))
  return {
    id: 'disk',
    title: words.title('disk'),
    unit: 'ratio',
    axisMax: 1,
    missing: missing ?? null,
    lines:
      mounts.length === 0
        ? [ofServer('diskUsedRatio', words.line('diskUsedRatio'), 0, 'line')]
        : mounts.map(({ entity }, place) => ({
            kind: 'mount',
            key: entity.key,
            metric: 'usedRatio',
            label: entity.key,
            colour: place,
            shape: 'line'
          })),
    also: ['diskUsedRatio', 'diskTotalBytes'].map((metric) => ({ kind: 'server', key: '', metric })),
    headline(read) {
      const used = formatRatio(read('server', '', 'diskUsedRatio'))
      const total = formatBytes(read('server', '', 'diskTotalBytes'))
      return { value: used.value, unit: total.unit === '' ? '%' : `% of ${total.value} ${total.unit}` }
    }
  }
}

const diskRates = (words: ChartWords, line: Line, missing: Missing): ChartSpec => ({
  id: 'disk-io',
  title: words.title('diskIo'),
  unit: 'bytesPerSec',
  axisMax: null,
  missing: missing ?? null,
  lines: [line('diskReadBytesPerSec', 1, 'area'), line('diskWriteBytesPerSec', 0, 'area')],
  headline: (read) =>
    formatBytesPerSec(
      sum(read('server', '', 'diskReadBytesPerSec'), read('server', '', 'diskWriteBytesPerSec'))
    )
})

const swap = (view: ServerView, words: ChartWords, line: Line, missing: Missing): ChartSpec => ({
  id: 'swap',
  title: words.title('swap'),
  unit: 'bytes',
  axisMax: view.now?.swapTotalBytes || null,
  missing: missing ?? (view.now?.swapTotalBytes === 0 ? { text: words.noSwap, fix: null } : null),
  lines: [line('swapUsedBytes', 2, 'area')],
  also: [{ kind: 'server', key: '', metric: 'swapTotalBytes' }],
  headline(read) {
    const total = read('server', '', 'swapTotalBytes')
    if (total === 0) return { value: '—', unit: '' }
    const shown = formatBytesOf(read('server', '', 'swapUsedBytes'), total)
    return { value: shown.used, unit: `/ ${shown.total} ${shown.unit}` }
  }
})

/** Share of time in which some (or all) tasks waited for CPU, memory or I/O. */
const pressure = (words: ChartWords, line: Line, missing: Missing): ChartSpec => ({
  id: 'pressure',
  title: words.title('pressure'),
  unit: 'ratio',
  axisMax: null,
  missing: missing ?? null,
  lines: [
    line('pressureCpuSomeRatio', 0),
    line('pressureMemorySomeRatio', 2),
    line('pressureIoSomeRatio', 3),
    line('pressureIoFullRatio', 6)
  ],
  headline(read) {
    const values = ['pressureCpuSomeRatio', 'pressureMemorySomeRatio', 'pressureIoSomeRatio']
      .map((metric) => read('server', '', metric))
      .filter((value) => value !== null)
    return formatRatio(values.length === 0 ? null : Math.max(...values))
  }
})

const power = (words: ChartWords, line: Line): ChartSpec => ({
  id: 'power',
  title: words.title('power'),
  unit: 'watts',
  axisMax: null,
  lines: [line('powerWatts', 3, 'area')],
  headline: (read) => formatWatts(read('server', '', 'powerWatts'))
})

/** Of all cards; the tab of the cards has one line for each. */
const gpuMemory = (view: ServerView, words: ChartWords, line: Line): ChartSpec => ({
  id: 'gpu-memory',
  title: words.title('gpuMemory'),
  unit: 'bytes',
  axisMax: view.now?.gpuMemoryTotalBytes ?? null,
  lines: [line('gpuMemoryUsedBytes', 2, 'area')],
  also: [{ kind: 'server', key: '', metric: 'gpuMemoryTotalBytes' }],
  headline(read) {
    const shown = formatBytesOf(
      read('server', '', 'gpuMemoryUsedBytes'),
      read('server', '', 'gpuMemoryTotalBytes')
    )
    return { value: shown.used, unit: `/ ${shown.total} ${shown.unit}` }
  }
})
