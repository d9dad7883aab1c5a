export { default as TimeChart } from './TimeChart.vue'
export { useChartTheme } from './chart-theme.ts'
export { provideCrosshair, useCrosshair, type Crosshair } from './crosshair.ts'
export { GRID, nearestIndex } from './geometry.ts'
export { rowsOf } from './rows.ts'
export { seriesColour, type ChartTheme } from './theme.ts'
export {
  emptyChartData,
  type ChartData,
  type ChartGap,
  type ChartLine,
  type ChartMark,
  type ChartRange
} from './types.ts'
