export { default as TimeChart } from './TimeChart.vue'
export { useChartTheme } from './chart-theme.ts'
export { provideCrosshair, useCrosshair, type Crosshair } from './crosshair.ts'
export { GRID, nearestIndex } from './geometry.ts'
export { rowsOf } from './rows.ts'
export { isDashed, seriesColour, type ChartTheme } from './theme.ts'
export { default as SeriesSwatch } from './SeriesSwatch.vue'
export {
  emptyChartData,
  type ChartAxis,
  type ChartData,
  type ChartEvent,
  type ChartGap,
  type ChartLine,
  type ChartMark,
  type ChartRange
} from './types.ts'
