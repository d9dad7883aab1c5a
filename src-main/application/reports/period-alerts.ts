/** Alerts of a period, page by page. */
import type { Alert, AlertHistoryQuery } from '#contract/alerts.ts'
import type { AlertsOfPeriod } from './report-sources.ts'
import { matterWords } from '../alert-channels/alert-words.ts'

const PAGE = 1_000
/** A report lists fewer; of more the count alone is told, and a year of noise must not fill the memory. */
const MOST = 20_000

export type ReadPage = (query: AlertHistoryQuery) => Promise<readonly Alert[]>

export function periodAlerts(readPage: ReadPage): AlertsOfPeriod {
  return {
    async read(range, signal) {
      const all: Alert[] = []
      for (;;) {
        const last = all.at(-1)
        const before = last === undefined ? {} : { before: { raisedAtMs: last.raisedAtMs, id: last.id } }
        signal.throwIfAborted()
        const alerts = await readPage({ ...range, ...before, limit: PAGE })
        all.push(...alerts)
        if (alerts.length < PAGE || all.length >= MOST) return all
      }
    },
    words: (alert, zone) => {
      const matter = matterWords(alert, zone)
      return alert.ruleName === null ? matter : `${alert.ruleName}: ${matter}`
    }
  }
}
