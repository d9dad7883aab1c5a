/** Alerts that fit what was typed. Pure: words come in. */
import type { Alert } from '#contract/alerts.ts'
import { matchesFilter, parseFilter, type Filter } from '../filter/index.ts'

export interface FilterWords {
  readonly line: (alert: Alert) => string
  readonly ruleName: (alert: Alert) => string
  readonly location: (alert: Alert) => string
  readonly tags: (alert: Alert) => readonly string[]
}

const FIELDS = ['server', 'machine', 'process', 'rule', 'location', 'tag', 'level'] as const

export const alertFilter = (text: string): Filter => parseFilter(text, { fields: FIELDS, numbers: [] })

export function filterAlerts(alerts: readonly Alert[], filter: Filter, words: FilterWords): readonly Alert[] {
  if (filter.terms.length === 0) return alerts
  return alerts.filter((alert) =>
    matchesFilter(filter, {
      texts: [
        alert.serverName,
        alert.vmName ?? '',
        alert.label,
        alert.process?.name ?? '',
        alert.acknowledged?.note ?? '',
        words.line(alert),
        words.ruleName(alert)
      ],
      fields: {
        server: [alert.serverName],
        machine: [alert.vmName ?? ''],
        process: [alert.process?.name ?? ''],
        rule: [words.ruleName(alert)],
        location: [words.location(alert)],
        tag: words.tags(alert),
        level: [alert.level]
      },
      numbers: {}
    })
  )
}
