/** The charts of power and sensors. Pure: words come in. */
import type { EntityInfo } from '#contract/history.ts'
import type { EntityKind } from '#contract/metric-catalogue.ts'
import { formatAs, formatWatts, type DisplayUnit } from '../../format/index.ts'
import type { ChartSpec, LineSpec, ReadMetric } from '../history/index.ts'

export interface PowerChartWords {
  readonly title: (chart: 'power' | 'sources' | 'temperature' | 'fans') => string
  readonly server: string
  /** The name of a source by its key. */
  readonly source: (key: string) => string
}

/** More lines than that are a tangle; the table has them all. */
const MOST_LINES = 12
/** What was not measured for this long, before the newest, is gone from the charts of now. */
const GONE_MS = 24 * 3_600_000

export interface SensorLine {
  readonly key: string
  readonly label: string
}

/** @param sensors those to draw, the most interesting first */
export function powerCharts(
  entities: readonly EntityInfo[],
  temperatures: readonly SensorLine[],
  fans: readonly SensorLine[],
  words: PowerChartWords
): ChartSpec[] {
  const sources = present(entities, 'power').filter(({ entity }) => !entity.key.startsWith('battery:'))
  const specs: ChartSpec[] = [
    {
      id: 'power',
      title: words.title('power'),
      unit: 'watts',
      axisMax: null,
      lines: [
        { kind: 'server', key: '', metric: 'powerWatts', label: words.server, colour: 3, shape: 'area' }
      ],
      headline: (read) => formatWatts(read('server', '', 'powerWatts'))
    }
  ]
  if (sources.length > 1) {
    specs.push({
      id: 'power-sources',
      title: words.title('sources'),
      unit: 'watts',
      axisMax: null,
      lines: sources.slice(0, MOST_LINES).map(({ entity }, at) => ({
        kind: 'power',
        key: entity.key,
        metric: 'powerWatts',
        label: words.source(entity.key),
        colour: at,
        shape: 'line'
      })),
      headline: (read) => formatWatts(read('server', '', 'powerWatts'))
    })
  }
  if (temperatures.length > 0)
    specs.push(
      sensorChart('temperature', words, 'celsius', temperatures, 'temperatureCelsius', (read) =>
        formatAs('celsius', read('server', '', 'temperatureMaxCelsius'))
      )
    )
  if (fans.length > 0)
    specs.push(
      sensorChart('fans', words, 'rpm', fans, 'fanRpm', (read) => {
        const turns = fans.flatMap(({ key }) => read('sensor', key, 'fanRpm') ?? [])
        return formatAs('rpm', turns.length === 0 ? null : Math.max(...turns))
      })
    )
  return specs
}

function sensorChart(
  id: 'temperature' | 'fans',
  words: PowerChartWords,
  unit: DisplayUnit,
  sensors: readonly SensorLine[],
  metric: 'temperatureCelsius' | 'fanRpm',
  headline: (read: ReadMetric) => { value: string; unit: string }
): ChartSpec {
  const lines = sensors.slice(0, MOST_LINES).map(({ key, label }, at): LineSpec => ({
    kind: 'sensor',
    key,
    metric,
    label,
    colour: at,
    shape: 'line'
  }))
  return {
    id,
    title: words.title(id),
    unit,
    axisMax: null,
    lines,
    also: id === 'temperature' ? [{ kind: 'server', key: '', metric: 'temperatureMaxCelsius' }] : [],
    headline
  }
}

const present = (entities: readonly EntityInfo[], kind: EntityKind): EntityInfo[] => {
  const all = entities.filter(({ entity }) => entity.kind === kind)
  const newest = Math.max(0, ...all.map(({ lastAtMs }) => lastAtMs))
  return all
    .filter(({ lastAtMs }) => newest - lastAtMs < GONE_MS)
    .sort((one, other) => one.entity.key.localeCompare(other.entity.key, undefined, { numeric: true }))
}
