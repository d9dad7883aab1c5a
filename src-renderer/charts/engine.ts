/** The only place that starts echarts; tests stand something else in for it, since no DOM double has a canvas. */
import { LineChart } from 'echarts/charts'
import { GridComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { TimeOption } from './time-option.ts'

use([LineChart, GridComponent, MarkAreaComponent, MarkLineComponent, CanvasRenderer])

export interface ChartCanvas {
  /** `fresh`: lines came or went, so nothing of the last picture is kept. */
  draw(option: TimeOption, fresh: boolean): void
  /** CSS pixels. */
  resize(width: number, height: number): void
  dispose(): void
}

export function openChart(element: HTMLElement, width: number, height: number): ChartCanvas {
  const chart = init(element, null, { renderer: 'canvas', width, height })
  return {
    draw: (option, fresh) => chart.setOption(option, { notMerge: fresh, lazyUpdate: false, silent: true }),
    resize: (newWidth, newHeight) => chart.resize({ width: newWidth, height: newHeight, silent: true }),
    dispose: () => chart.dispose()
  }
}
