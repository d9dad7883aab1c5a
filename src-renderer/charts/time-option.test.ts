import { LineChart } from 'echarts/charts'
import { GridComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { describe, expect, it } from 'vitest'
import { GRID, plotWidth, timeToX } from './geometry.ts'
import { darkTheme, lightTheme } from './theme.ts'
import { buildTimeOption, structureOf, type TimeOptionInput } from './time-option.ts'
import type { ChartData } from './types.ts'

use([LineChart, GridComponent, MarkAreaComponent, MarkLineComponent, SVGRenderer])

const from = Date.UTC(2026, 10, 20, 10, 2, 10)
const range = { fromAtMs: from, toAtMs: from + 900_000 }
const width = 520
const height = 150

const input = (data: ChartData, change: Partial<TimeOptionInput> = {}): TimeOptionInput => ({
  data,
  unit: 'ratio',
  theme: darkTheme,
  range,
  gaps: [],
  marks: [],
  axisMax: 1,
  zone: 'utc',
  locale: 'en',
  width,
  ...change
})

function draw(given: TimeOptionInput): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption(buildTimeOption(given))
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

const atMs = Array.from({ length: 180 }, (_, index) => from + index * 5_000)
const flat = (value: number): (number | null)[] => atMs.map(() => value)
const line = (
  id: string,
  values: (number | null)[],
  shape: 'line' | 'stack' | 'area' = 'line',
  colour = 0
) => ({
  id,
  label: id,
  colour,
  shape,
  values
})

/** Strokes of a colour: each `M` starts a piece of the line anew. */
function pieces(svg: string, colour: string): number {
  const paths = svg.match(/<path [^>]*>/g) ?? []
  return paths
    .filter((path) => path.includes(`stroke="${colour}"`) && path.includes('fill="none"'))
    .reduce((sum, path) => sum + (/ d="([^"]*)"/.exec(path)?.[1]?.match(/M/g)?.length ?? 0), 0)
}

describe('buildTimeOption', () => {
  it('labels both axes in the chosen zone and unit', () => {
    const svg = draw(input({ atMs, lines: [line('used', flat(0.4))] }))
    for (const label of ['10:04', '10:16', '0 %', '100 %']) expect(svg).toContain(`>${label}</text>`)
  })

  it('leaves a recorded gap open and names its reason', () => {
    const gap = { fromAtMs: from + 300_000, toAtMs: from + 420_000, label: 'link lost 2 min' }
    const values = atMs.map((time) => (time > gap.fromAtMs && time < gap.toAtMs ? null : 0.3))
    const whole = draw(input({ atMs, lines: [line('used', flat(0.3))] }))
    const open = draw(input({ atMs, lines: [line('used', values)] }, { gaps: [gap] }))
    expect(pieces(whole, darkTheme.series[0] ?? '')).toBe(1)
    expect(pieces(open, darkTheme.series[0] ?? '')).toBe(2)
    expect(open).toContain('>link lost 2 min</text>')
    expect(open).toContain(`fill="${darkTheme.band}"`)
  })

  it('stacks kinds on top of each other', () => {
    const svg = draw(
      input({ atMs, lines: [line('user', flat(0.25), 'stack', 0), line('system', flat(0.25), 'stack', 1)] })
    )
    const heightOf = (colour: string): number => {
      const path = (svg.match(/<path [^>]*>/g) ?? []).find(
        (candidate) => candidate.includes(`stroke="${colour}"`) && candidate.includes('fill="none"')
      )
      return Number(/ d="M[\d.]+ ([\d.]+)/.exec(path ?? '')?.[1])
    }
    const plot = height - GRID.top - GRID.bottom
    expect(heightOf(darkTheme.series[0] ?? '')).toBeCloseTo(GRID.top + plot * 0.75, 0)
    expect(heightOf(darkTheme.series[1] ?? '')).toBeCloseTo(GRID.top + plot * 0.5, 0)
  })

  it('draws the band between lowest and highest, so that a peak inside a bucket is seen', () => {
    const peak = { ...line('used', flat(0.2)), min: flat(0.1), max: flat(0.9) }
    const svg = draw(input({ atMs, lines: [peak] }))
    expect(svg).toMatch(/fill-opacity="0.24"/)
    expect(draw(input({ atMs, lines: [line('used', flat(0.2))] }))).not.toMatch(/fill-opacity="0.24"/)
  })

  it('draws thresholds with their words', () => {
    const svg = draw(
      input(
        { atMs, lines: [line('used', flat(0.4))] },
        { marks: [{ value: 0.8, label: 'RED 80 %', tone: 'red' }] }
      )
    )
    expect(svg).toContain('>RED 80 %</text>')
    expect(svg).toContain(`stroke="${darkTheme.red}"`)
  })

  it('shows hostile names as text only', () => {
    const svg = draw(
      input({ atMs, lines: [line('x', flat(0.4))] }, { gaps: [{ ...range, label: '<b>x</b> $(id)' }] })
    )
    expect(svg).not.toContain('<b>')
  })

  it('draws an empty chart, and a chart that is all gap', () => {
    for (const theme of [darkTheme, lightTheme]) {
      const svg = draw(
        input({ atMs: [], lines: [] }, { theme, gaps: [{ ...range, toAtMs: null, label: 'server off' }] })
      )
      expect(svg).toContain('server off')
      expect(svg).toContain('100 %')
    }
  })

  it('draws the plot exactly where geometry says, so that a pixel is a time', () => {
    const values = atMs.map((_, index) => (index === 0 || index === 179 ? 1 : 0))
    const svg = draw(input({ atMs, lines: [line('edge', values)] }))
    const path = (svg.match(/<path [^>]*>/g) ?? []).find(
      (candidate) =>
        candidate.includes(`stroke="${darkTheme.series[0]}"`) && candidate.includes('fill="none"')
    )
    const firstX = Number(/ d="M([\d.]+)/.exec(path ?? '')?.[1])
    const lastX = Number(/L([\d.]+) [\d.]+"/.exec(path ?? '')?.[1])
    expect(firstX).toBeCloseTo(GRID.left, 0)
    expect(lastX).toBeCloseTo(timeToX(atMs[179] ?? 0, range, width), 0)
    expect(plotWidth(width)).toBe(width - GRID.left - GRID.right)
  })
})

describe('structureOf', () => {
  it('changes when lines come or go, not when values do', () => {
    const one = { atMs, lines: [line('a', flat(1))] }
    expect(structureOf(one)).toBe(structureOf({ atMs, lines: [line('a', flat(2))] }))
    expect(structureOf(one)).not.toBe(structureOf({ atMs, lines: [line('b', flat(1))] }))
  })
})
