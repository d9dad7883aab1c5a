/** The echarts option of a chart over time. Pure: the same input gives the same picture. */
import type { LineSeriesOption } from 'echarts/charts'
import type {
  GridComponentOption,
  MarkAreaComponentOption,
  MarkLineComponentOption
} from 'echarts/components'
import type { ComposeOption } from 'echarts/core'
import type { DisplayUnit, Zone } from '../format/index.ts'
import { gapBands } from './gap-bands.ts'
import { GRID } from './geometry.ts'
import { highestOf, pointsOf, rowsOf, rowsOfLine, type Row } from './rows.ts'
import { isDashed, seriesColour, type ChartTheme } from './theme.ts'
import { timeTicks } from './time-axis.ts'
import type { ChartData, ChartGap, ChartLine, ChartMark, ChartRange } from './types.ts'
import { valueAxis, type ValueAxis } from './value-axis.ts'

export type TimeOption = ComposeOption<
  LineSeriesOption | GridComponentOption | MarkAreaComponentOption | MarkLineComponentOption
>

export interface TimeOptionInput {
  readonly data: ChartData
  readonly unit: DisplayUnit
  readonly theme: ChartTheme
  readonly range: ChartRange
  readonly gaps: readonly ChartGap[]
  readonly marks: readonly ChartMark[]
  /** Where the value axis ends by its nature; null = by the data. */
  readonly axisMax: number | null
  /** Of the lines of the right axis; null = there is none. */
  readonly rightUnit?: DisplayUnit | null
  /** Room kept at the right for an axis, in CSS pixels: of this chart, or of one it lines up with. */
  readonly rightRoom?: number
  readonly zone: Zone
  readonly locale: string
  /** Of the box without `rightRoom`, in CSS pixels. */
  readonly width: number
}

const FRAME = 'frame'
const LABELS = 'frame labels'

/** `{ animation: false, … }` with one series per line, an envelope where there is one, and a frame series for bands and marks. */
export function buildTimeOption(input: TimeOptionInput): TimeOption {
  const { data, theme, range } = input
  const rows = rowsOf(data, input.gaps)
  const axis = valueAxis(
    input.unit,
    Math.max(highestOf(data), ...input.marks.map((mark) => mark.value)),
    input.axisMax
  )
  const ticks = timeTicks(range, input.width, input.zone, input.locale)
  const tickLabels = new Map(ticks.map((tick) => [tick.atMs, tick.label]))
  const right =
    input.rightUnit === null || input.rightUnit === undefined
      ? null
      : valueAxis(input.rightUnit, highestOf(data, 'right'))
  const text = { color: theme.text3, fontFamily: theme.font, fontSize: 11 }
  return {
    animation: false,
    textStyle: { fontFamily: theme.font },
    grid: { ...GRID, right: GRID.right + (input.rightRoom ?? 0), outerBoundsMode: 'none' },
    xAxis: {
      type: 'value',
      min: range.fromAtMs,
      max: range.toAtMs,
      axisLine: { show: true, onZero: false, lineStyle: { color: theme.line } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: {
        ...text,
        margin: 7,
        hideOverlap: false,
        customValues: ticks.map((tick) => tick.atMs),
        formatter: (atMs: number) => tickLabels.get(atMs) ?? ''
      }
    },
    yAxis: [
      valueAxisOption(axis, theme, 'left'),
      ...(right === null ? [] : [valueAxisOption(right, theme, 'right')])
    ],
    series: [
      frameSeries(input),
      ...data.lines.flatMap((line) => lineSeries(line, rowsOfLine(line, rows, input.gaps), theme)),
      labelSeries(input)
    ]
  }
}

/** Only the left axis has lines across the plot: two sets of them could not be told apart. */
function valueAxisOption(axis: ValueAxis, theme: ChartTheme, position: 'left' | 'right') {
  const labels = axis.ticks.map((tick) => tick.label)
  return {
    type: 'value' as const,
    position,
    min: 0,
    max: axis.max,
    axisLine: { show: false },
    axisTick: { show: false, customValues: axis.ticks.map((tick) => tick.value) },
    splitLine: { show: position === 'left', lineStyle: { color: theme.line, width: 1 } },
    axisLabel: {
      color: theme.text3,
      fontFamily: theme.font,
      fontSize: 11,
      margin: 8,
      hideOverlap: false,
      customValues: axis.ticks.map((tick) => tick.value),
      formatter: (_value: number, index: number) => labels[index] ?? ''
    }
  }
}

/** Holds the bands of gaps and the lines of marks, so that they are drawn even when there are no values. */
function frameSeries(input: TimeOptionInput): LineSeriesOption {
  const { theme } = input
  const tone = { red: theme.red, amber: theme.amber, neutral: theme.text3 }
  return {
    id: FRAME,
    type: 'line',
    silent: true,
    data: [],
    z: 1,
    markArea: {
      silent: true,
      animation: false,
      itemStyle: { color: theme.band },
      label: { show: false },
      data: bandsOf(input).map((band) => [{ xAxis: band.fromAtMs }, { xAxis: band.toAtMs }])
    },
    markLine: {
      silent: true,
      animation: false,
      symbol: 'none',
      data: input.marks.map((mark) => ({
        yAxis: mark.value,
        lineStyle: { color: tone[mark.tone], type: 'dashed', width: 1 },
        label: {
          position: mark.labelAt === 'start' ? ('insideStartTop' as const) : ('insideEndTop' as const),
          formatter: () => mark.label,
          color: theme.text3,
          fontFamily: theme.font,
          fontSize: 10
        }
      }))
    }
  }
}

/** The reasons of gaps, above the lines: a chart that is full up to the top must not hide them. */
function labelSeries(input: TimeOptionInput): LineSeriesOption {
  const { theme } = input
  return {
    id: LABELS,
    type: 'line',
    silent: true,
    data: [],
    markArea: {
      silent: true,
      animation: false,
      z: 6,
      itemStyle: { color: 'transparent' },
      label: {
        position: 'insideTop',
        distance: 2,
        padding: [2, 4],
        borderRadius: 4,
        backgroundColor: theme.band,
        color: theme.text3,
        fontFamily: theme.font,
        fontSize: 10
      },
      data: bandsOf(input)
        .filter((band) => band.label !== '')
        .map((band) => [
          { xAxis: band.fromAtMs, label: { formatter: () => band.label } },
          { xAxis: band.toAtMs }
        ])
    }
  }
}

const bandsOf = ({ gaps, range, width }: TimeOptionInput) => gapBands(gaps, range, width)

function lineSeries(line: ChartLine, rows: readonly Row[], theme: ChartTheme): LineSeriesOption[] {
  const colour = seriesColour(theme, line.colour)
  const points = pointsOf(rows, (index) => line.values[index] ?? null)
  const series: LineSeriesOption = {
    id: line.id,
    type: 'line',
    silent: true,
    symbol: 'none',
    // Symbols cost as much as the line, also where there are none.
    showSymbol: points.some((point) => !Array.isArray(point)),
    yAxisIndex: line.axis === 'right' ? 1 : 0,
    itemStyle: { color: colour },
    lineStyle: {
      color: colour,
      type: isDashed(theme, line.colour) ? [5, 3] : 'solid',
      width: line.shape === 'peak' || line.shape === 'stack' ? 1 : 1.5,
      opacity: line.shape === 'peak' ? 0.6 : 1,
      join: 'round'
    },
    z: line.shape === 'peak' ? 2 : 3,
    data: points
  }
  if (line.shape === 'stack') series.stack = 'stack'
  if (line.shape === 'stack' || line.shape === 'area')
    series.areaStyle = {
      color: colour,
      opacity: line.shape === 'stack' ? theme.fillOpacity * 1.4 : theme.fillOpacity * 0.7
    }
  return [series, ...envelopeSeries(line, rows, colour)]
}

/** The band between the lowest and the highest of each bucket: two invisible lines, the second stacked on the first. */
function envelopeSeries(line: ChartLine, rows: readonly Row[], colour: string): LineSeriesOption[] {
  const { min, max } = line
  if (min === undefined || max === undefined || min.length === 0 || line.shape === 'stack') return []
  const hidden = {
    type: 'line',
    silent: true,
    symbol: 'none',
    showSymbol: false,
    stack: `envelope ${line.id}`,
    yAxisIndex: line.axis === 'right' ? 1 : 0,
    lineStyle: { width: 0, opacity: 0 },
    z: 2
  } as const
  const spread = (index: number): number | null => {
    const low = min[index] ?? null
    const high = max[index] ?? null
    return low === null || high === null ? null : high - low
  }
  return [
    { ...hidden, id: `low ${line.id}`, data: pointsOf(rows, (index) => min[index] ?? null, false) },
    {
      ...hidden,
      id: `high ${line.id}`,
      areaStyle: { color: colour, opacity: 0.24 },
      data: pointsOf(rows, spread, false)
    }
  ]
}

/** Two options with the same structure can be merged; otherwise the chart is drawn anew. */
export const structureOf = (data: ChartData): string =>
  data.lines
    .map(
      (line) => `${line.id} ${line.shape} ${line.axis ?? 'left'} ${line.min === undefined ? '' : 'envelope'}`
    )
    .join('\n')
