import { useI18n } from 'vue-i18n'
import type { HardwareChartWords } from './charts.ts'

/** In setup only. */
export function useChartWords(): HardwareChartWords {
  const { t } = useI18n()
  return {
    title: (id) => t(`hardware.chart.${id}`),
    line: (kind, metric) => t(`metrics.${kind}.${metric}`)
  }
}
