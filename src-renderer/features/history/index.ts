export { default as BusyHours } from './BusyHours.vue'
export { default as BusyWeek } from './BusyWeek.vue'
export { default as ChartPage } from './ChartPage.vue'
export { default as HistoryPage } from './HistoryPage.vue'
export { default as NewestValues } from './NewestValues.vue'
export { default as RangeBar } from './RangeBar.vue'
export { newestReader, type ChartSpec, type Headline, type LineSpec, type ReadMetric } from './chart-spec.ts'
export type { SeriesId, Subject } from './choice.ts'
export { displayUnit } from './display-unit.ts'
export { historyLink } from './history-link.ts'
export {
  boundsOf,
  rangeFields,
  rangeFrom,
  settledBounds,
  settleStepMs,
  type TimeRange
} from './time-range.ts'
export { useEntities, type Entities } from './use-entities.ts'
export { useHistory, type History, type HistoryOptions } from './use-history.ts'
export { useQuestion, type Question } from './use-question.ts'
export { useRange } from './use-range.ts'
export { gapsInWords } from './gap-words.ts'
