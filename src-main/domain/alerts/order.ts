/** Which alert stands first, and how many there are. Pure. */
import type { Alert, AlertCounts } from '#contract/alerts.ts'

/** Quiet ones last, RED before AMBER, the newest first. */
export function compareAlerts(a: Alert, b: Alert): number {
  return (
    Number(a.quiet !== null) - Number(b.quiet !== null) ||
    Number(a.level !== 'RED') - Number(b.level !== 'RED') ||
    newestMs(b) - newestMs(a) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  )
}

/** One that was foretold is news again when it becomes RED. */
const newestMs = ({ raisedAtMs, redAtMs }: Alert): number => Math.max(raisedAtMs, redAtMs ?? 0)

/** Of those that last; quiet ones are not counted. */
export function countAlerts(alerts: readonly Pick<Alert, 'level' | 'quiet'>[]): AlertCounts {
  const loud = alerts.filter(({ quiet }) => quiet === null)
  const red = loud.filter(({ level }) => level === 'RED').length
  return { red, amber: loud.length - red }
}
