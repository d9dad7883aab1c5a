/** What an alert was about, in English. Texts of servers are left as they are: whoever writes the file escapes them. */
import type { Alert } from '#contract/alerts.ts'
import { metricDefinition } from '#contract/metric-catalogue.ts'

const CAUSES: Record<Alert['cause'], string> = {
  threshold: '',
  forecast: 'foretold',
  noData: 'no data',
  serverOff: 'no answer',
  vmNotResponding: 'runs, but does not respond',
  vmOff: 'crashed or is off'
}

/** `memoryUsedRatio` → "memory used". */
const metricText = (metric: string): string =>
  metric
    .replace(/(BytesPerSec|PerSec|Ratio|Bytes|Celsius|Watts|Rpm|Ms|Sec)$/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\b(cpu|gpu)\b/g, (name) => name.toUpperCase())

export function alertMatter(alert: Alert): string {
  const { watch, label, process, cause, worst, value, threshold, direction, ruleName } = alert
  const isShare =
    watch.kind === 'process' ||
    (watch.kind === 'metric' && metricDefinition(watch.entityKind, watch.metric)?.unit === 'ratio')
  const text = (number: number): string =>
    isShare ? `${Math.round(number * 1_000) / 10}\u00a0%` : String(Math.round(number * 10) / 10)
  const reached = worst ?? value
  const parts = [
    ruleName ?? '',
    watch.kind === 'process' ? `process ${process?.name ?? label}` : label,
    watch.kind === 'metric'
      ? metricText(watch.metric)
      : watch.kind === 'process'
        ? metricText(watch.measure)
        : '',
    reached === null ? '' : text(reached),
    threshold === null ? '' : `(${direction} ${text(threshold)})`,
    CAUSES[cause]
  ]
  return parts.filter((part) => part !== '').join(' ')
}
