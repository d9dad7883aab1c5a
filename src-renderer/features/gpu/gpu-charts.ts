/** The charts of a server's graphics cards: one line for each. Pure: words come in. */
import type { EntityInfo } from '#contract/history.ts'
import { formatBytes, formatRatio, formatWatts, formatAs, type DisplayUnit } from '../../format/index.ts'
import type { ChartSpec, Headline, LineSpec, ReadMetric } from '../history/index.ts'

export interface GpuLine {
  readonly key: string
  readonly label: string
}

/** Cards and slices of the history, newest names first; more lines than colours would be a tangle. */
const MOST_LINES = 16

/** A slice's key is its own UUID, which begins with MIG. */
export const isSliceKey = (key: string): boolean => key.startsWith('MIG-')

/**
 * Lines of the cards that are there, in their order; else of those that were measured last.
 * @param shown cards of the newest reading
 */
export function gpuLines(
  entities: readonly EntityInfo[],
  shown: readonly GpuLine[],
  slices: boolean
): GpuLine[] {
  if (shown.length > 0) return shown.slice(0, MOST_LINES)
  return entities
    .filter(({ entity }) => entity.kind === 'gpu' && isSliceKey(entity.key) === slices)
    .sort((one, other) => other.lastAtMs - one.lastAtMs || one.entity.key.localeCompare(other.entity.key))
    .slice(0, MOST_LINES)
    .map(({ entity, label }, at) => ({
      key: entity.key,
      label: label === '' ? entity.key : `${at} ${label}`
    }))
}

type Metric = 'memoryUsedBytes' | 'utilisationRatio' | 'temperatureCelsius' | 'powerWatts'

const lineOf =
  (metric: Metric) =>
  ({ key, label }: GpuLine, at: number): LineSpec => ({
    kind: 'gpu',
    key,
    metric,
    label,
    colour: at,
    shape: 'line'
  })

const valuesOf = (read: ReadMetric, lines: readonly GpuLine[], metric: Metric): number[] =>
  lines.flatMap(({ key }) => read('gpu', key, metric) ?? [])
const total = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0)

export function gpuCharts(
  cards: readonly GpuLine[],
  slices: readonly GpuLine[],
  title: (chart: 'memory' | 'busy' | 'temperature' | 'power' | 'slices') => string
): ChartSpec[] {
  const chart = (
    id: 'memory' | 'busy' | 'temperature' | 'power' | 'slices',
    unit: DisplayUnit,
    metric: Metric,
    lines: readonly GpuLine[],
    headline: (values: readonly number[]) => Headline
  ): ChartSpec => ({
    id: `gpu-${id}`,
    title: title(id),
    unit,
    axisMax: unit === 'ratio' ? 1 : null,
    lines: lines.map(lineOf(metric)),
    headline: (read) => headline(valuesOf(read, lines, metric))
  })
  const specs = [
    chart('memory', 'bytes', 'memoryUsedBytes', cards, (values) => formatBytes(total(values))),
    chart('busy', 'ratio', 'utilisationRatio', cards, (values) =>
      formatRatio(values.length === 0 ? null : (total(values) ?? 0) / values.length)
    ),
    chart('temperature', 'celsius', 'temperatureCelsius', cards, (values) =>
      formatAs('celsius', values.length === 0 ? null : Math.max(...values))
    ),
    chart('power', 'watts', 'powerWatts', cards, (values) => formatWatts(total(values)))
  ]
  if (slices.length > 0)
    specs.push(chart('slices', 'bytes', 'memoryUsedBytes', slices, (values) => formatBytes(total(values))))
  return specs
}
