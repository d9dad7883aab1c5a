/** Charts over time of a server's access logs: one line per log. Pure; words come in. */
import { formatBitsPerSec, formatPerSec, formatRatio, formatAs } from '../../format/index.ts'
import type { ChartSpec, Headline, LineSpec, ReadMetric } from '../history/index.ts'

export interface TrafficChartWords {
  readonly title: (chart: string) => string
  readonly metric: (metric: string) => string
  readonly missing: ChartSpec['missing']
}

/** As many as there are colours. */
const MOST_LOGS = 6

export function trafficCharts(paths: readonly string[], words: TrafficChartWords): ChartSpec[] {
  const logs = paths.slice(0, MOST_LOGS)
  const line = (path: string, metric: string, colour: number, label: string): LineSpec => ({
    kind: 'web',
    key: path,
    metric,
    label,
    colour,
    shape: logs.length === 1 ? 'area' : 'line'
  })
  const perLog = (metric: string): LineSpec[] => logs.map((path, place) => line(path, metric, place, path))
  const sum = (read: ReadMetric, metric: string): number | null => {
    const values = logs.map((path) => read('web', path, metric)).filter((value) => value !== null)
    return values.length === 0 ? null : values.reduce((all, value) => all + value, 0)
  }
  const first = (read: ReadMetric, metric: string): number | null =>
    logs.map((path) => read('web', path, metric)).find((value) => value !== null) ?? null
  const chart = (
    id: string,
    unit: ChartSpec['unit'],
    lines: readonly LineSpec[],
    headline: (read: ReadMetric) => Headline
  ): ChartSpec => ({
    id,
    title: words.title(id),
    unit,
    axisMax: null,
    lines,
    headline,
    missing: words.missing ?? null
  })
  const [only] = logs
  const errors =
    logs.length === 1 && only !== undefined
      ? (['clientErrorRatio', 'serverErrorRatio'] as const).map((metric, index) => ({
          ...line(only, metric, index === 0 ? 3 : 6, words.metric(metric)),
          shape: 'line' as const
        }))
      : perLog('serverErrorRatio')
  return [
    chart('requests', 'perSec', perLog('requestsPerSec'), (read) =>
      formatPerSec(sum(read, 'requestsPerSec'))
    ),
    chart('bytes', 'bitsPerSec', perLog('bytesPerSec'), (read) => formatBitsPerSec(sum(read, 'bytesPerSec'))),
    {
      ...chart('hitRatio', 'ratio', perLog('hitRatio'), (read) => formatRatio(first(read, 'hitRatio'))),
      axisMax: 1
    },
    chart('response', 'ms', perLog('responseMs'), (read) => formatAs('ms', first(read, 'responseMs'))),
    chart('errors', 'ratio', errors, (read) => formatRatio(first(read, 'serverErrorRatio')))
  ]
}
