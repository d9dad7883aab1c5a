/** Which series share a chart, and by which axis each is measured. Pure. */
import type { ChartAxis, ChartData, ChartLine } from '../../charts/index.ts'
import type { DisplayUnit } from '../../format/index.ts'
import type { ServerId } from '#contract/ids.ts'
import { chosenKey, type Chosen } from './choice.ts'
import { displayUnit } from './display-unit.ts'
import { seriesKey, type SeriesData } from './series-data.ts'

export interface ChartGroup {
  readonly left: DisplayUnit
  readonly right: DisplayUnit | null
  readonly series: readonly Chosen[]
}

const unitOf = ({ entity, metric }: Chosen): DisplayUnit => displayUnit(entity.kind, metric)

/**
 * The first unit has the left axis of the first chart, the second its right one; each further unit gets a chart of its
 * own. By the order of the choice, hidden ones too: an axis does not wander when a line is hidden.
 */
export function chartGroups(chosen: readonly Chosen[]): ChartGroup[] {
  const [first, second, ...others] = [...new Set(chosen.map(unitOf))]
  if (first === undefined) return []
  const of = (...units: readonly (DisplayUnit | undefined)[]) =>
    chosen.filter((each) => units.includes(unitOf(each)))
  return [
    { left: first, right: second ?? null, series: of(first, second) },
    ...others.map((unit) => ({ left: unit, right: null, series: of(unit) }))
  ]
}

/** Whose gaps break a line: its server's, and those of the VM alone. */
export const gapSource = (serverId: ServerId, vmUuid: string | null): string =>
  vmUuid === null ? serverId : `${serverId}/${vmUuid}`

/** The lines of a group, those that are hidden left out. A server that was not read yet has no lines. */
export function groupData(
  group: ChartGroup,
  data: ReadonlyMap<ServerId, SeriesData>,
  hidden: ReadonlySet<number>,
  label: (chosen: Chosen) => string
): ChartData {
  const lines: ChartLine[] = []
  for (const chosen of group.series) {
    const { entity, metric, colour } = chosen
    const of = data.get(entity.serverId)
    const column = of?.columns.get(seriesKey(entity.kind, entity.key, metric))
    if (of === undefined || column === undefined || hidden.has(colour)) continue
    const axis: ChartAxis = unitOf(chosen) === group.left ? 'left' : 'right'
    lines.push({
      id: chosenKey(chosen),
      label: label(chosen),
      colour,
      shape: 'line',
      values: column.mean,
      ...(of.aggregated ? { min: column.min, max: column.max } : {}),
      atMs: of.atMs,
      axis,
      sources: [
        gapSource(entity.serverId, null),
        ...(entity.kind === 'vm' ? [gapSource(entity.serverId, entity.key)] : [])
      ]
    })
  }
  return { atMs: [], lines }
}
