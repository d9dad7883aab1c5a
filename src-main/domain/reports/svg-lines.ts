/** A line chart as SVG text: no script, no outside font, readable in black and white. */
import type { LineChart } from './document.ts'
import { escapeText } from './escape.ts'
import { quantity, scaleOf, type ReportUnit } from './quantity.ts'

const HEIGHT = 132
const NARROW = 340
const WIDE = 696
const LEFT = 50
const RIGHT = 10
const TOP = 10
const BOTTOM = 20
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM

/** An axis never ends below this, so that noise around zero does not look like load. */
const LEAST_MAX: Record<ReportUnit, number> = {
  ratio: 0.1,
  bytes: 1024 ** 2,
  bitsPerSec: 1_250,
  watts: 10,
  wattHours: 10,
  count: 4,
  amount: 4,
  points: 0.1
}
/** A share that comes near to the whole is shown against the whole. */
const NEAR_WHOLE = 0.7

interface Axis {
  readonly max: number
  readonly ticks: readonly { readonly value: number; readonly label: string }[]
}

/** The smallest round step of which at most `count` are needed. */
function roundStep(span: number, count: number, powersOfTwo: boolean): number {
  const least = span / count
  if (powersOfTwo) return 2 ** Math.ceil(Math.log2(least) - 1e-9)
  const decade = 10 ** Math.floor(Math.log10(least))
  return decade * ([1, 2, 2.5, 5].find((factor) => decade * factor >= least * (1 - 1e-9)) ?? 10)
}

export function axisOf(unit: ReportUnit, dataMax: number, natural: number | null): Axis {
  const whole = natural ?? (unit === 'ratio' && dataMax > NEAR_WHOLE ? 1 : null)
  const fixed = whole !== null && whole > 0 && dataMax <= whole * 1.001 ? whole : null
  const wanted = fixed ?? Math.max(dataMax * 1.05, LEAST_MAX[unit])
  const scale = scaleOf(unit, wanted)
  const end = wanted / scale.divisor
  const step = roundStep(end, 4, unit === 'bytes')
  const steps = fixed === null ? Math.ceil(end / step - 1e-9) : Math.floor(end / step + 1e-9)
  const decimals = Number.isInteger(step) ? 0 : Math.min(3, Math.ceil(-Math.log10(step % 1) + 0.2))
  const ticks = Array.from({ length: steps + 1 }, (_, index) => {
    const text = (index * step).toFixed(decimals)
    const withUnit = scale.unit !== '' && (index === steps || scale.unit === '%')
    return { value: index * step * scale.divisor, label: withUnit ? `${text} ${scale.unit}` : text }
  })
  return { max: fixed ?? steps * step * scale.divisor, ticks }
}

const place = (value: number): string => String(Math.round(value * 10) / 10)

/** `summary` says in words what the picture shows. */
export function linesSvg(chart: LineChart, summary: string, wide = false): string {
  const width = wide ? WIDE : NARROW
  const [from = 0, to = 1] = [chart.edgesAtMs[0], chart.edgesAtMs.at(-1)]
  const known = chart.series.flatMap(({ values }) => values.filter((value) => value !== null))
  const axis = axisOf(chart.unit, Math.max(0, ...known), chart.max)
  const x = (atMs: number): number => LEFT + ((atMs - from) / (to - from)) * (width - LEFT - RIGHT)
  const y = (value: number): number => TOP + PLOT_HEIGHT * (1 - Math.min(1, Math.max(0, value) / axis.max))
  const parts = [
    `<svg viewBox="0 0 ${width} ${HEIGHT}" role="img"><title>${escapeText(summary)}</title>`,
    gaps(chart, x),
    axis.ticks.map(({ value, label }) => valueTick(width, y(value), label, value === 0)).join(''),
    chart.ticks.map(({ atMs, label }) => timeTick(x(atMs), label, width)).join(''),
    ...chart.series.map(({ values }, index) => line(chart, values, index, x, y)),
    '</svg>'
  ]
  return parts.join('')
}

function valueTick(width: number, at: number, label: string, isBase: boolean): string {
  const y = place(at)
  return (
    `<path class="${isBase ? 'base' : 'grid'}" d="M${LEFT} ${y}H${width - RIGHT}"/>` +
    `<text x="${LEFT - 6}" y="${place(at + 3)}" text-anchor="end">${escapeText(label)}</text>`
  )
}

function timeTick(at: number, label: string, width: number): string {
  const bottom = HEIGHT - BOTTOM
  const anchor = at > width - 17 ? 'end' : 'middle'
  return (
    `<path class="base" d="M${place(at)} ${bottom}v3"/>` +
    `<text x="${place(at)}" y="${bottom + 13}" text-anchor="${anchor}">${escapeText(label)}</text>`
  )
}

/** Steps in which no line has a value: grey, so that they are not taken for nothing happening. */
function gaps(chart: LineChart, x: (atMs: number) => number): string {
  const { edgesAtMs, series } = chart
  const steps = edgesAtMs.length - 1
  const isEmpty = (step: number): boolean => series.every(({ values }) => (values[step] ?? null) === null)
  let drawn = ''
  for (let step = 0; step < steps; step++) {
    if (!isEmpty(step)) continue
    const first = step
    while (step + 1 < steps && isEmpty(step + 1)) step++
    const left = x(edgesAtMs[first] ?? 0)
    const right = x(edgesAtMs[step + 1] ?? 0)
    drawn += `<rect class="gap" x="${place(left)}" y="${TOP}" width="${place(right - left)}" height="${PLOT_HEIGHT}"/>`
  }
  return drawn
}

function line(
  { edgesAtMs, series }: LineChart,
  values: readonly (number | null)[],
  index: number,
  x: (atMs: number) => number,
  y: (value: number) => number
): string {
  const middle = (step: number): number => x(((edgesAtMs[step] ?? 0) + (edgesAtMs[step + 1] ?? 0)) / 2)
  const stretches: string[][] = []
  let open: string[] | null = null
  for (const [step, value] of values.entries()) {
    if (value === null) {
      open = null
      continue
    }
    if (open === null) {
      open = []
      stretches.push(open)
    }
    open.push(`${place(middle(step))} ${place(y(value))}`)
  }
  const style = index % 4
  const base = HEIGHT - BOTTOM
  let drawn = ''
  for (const points of stretches) {
    const [first = '', last = ''] = [points[0], points.at(-1)]
    if (points.length === 1) {
      const [cx = '0', cy = '0'] = first.split(' ')
      drawn += `<circle class="dot s${style}" cx="${cx}" cy="${cy}" r="1.8"/>`
      continue
    }
    if (series.length === 1)
      drawn += `<path class="area" d="M${first}L${points.slice(1).join(' ')} ${last.split(' ')[0] ?? '0'} ${base} ${first.split(' ')[0] ?? '0'} ${base}Z"/>`
    drawn += `<path class="line s${style}" d="M${first}L${points.slice(1).join(' ')}"/>`
  }
  return drawn
}

/** The least and the most of a line, in words: for those who cannot see it. */
export function linesSummary(chart: LineChart, title: string, noValues: string): string {
  const said = chart.series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null)
    if (known.length === 0) return `${name}: ${noValues}`
    return `${name}: ${quantity(chart.unit, Math.min(...known))} – ${quantity(chart.unit, Math.max(...known))}`
  })
  return `${title}. ${said.join('; ')}`
}
