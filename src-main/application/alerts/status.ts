/** The state of the fleet in one word, from what is kept: for the command line. Pure. */
import { z } from 'zod'
import type { Alert, AlertCounts } from '#contract/alerts.ts'
import { AtMs } from '#contract/units.ts'
import { compareAlerts, countAlerts } from '../../domain/alerts/order.ts'
import { quietFor } from '../../domain/alerts/quiet.ts'
import type { StoredServer } from '../storage.ts'
import type { AlertsKept } from './alert-store.ts'
import { scopeTargetOf } from './fleet-sight.ts'
import { maintenanceViews } from './quiet-book.ts'

/** When the console looked last. */
const Looked = z.object({
  atMs: AtMs,
  /** It was closed then. */
  isClosing: z.boolean(),
  ownNetworkLost: z.object({ sinceAtMs: AtMs }).nullable()
})
type Looked = z.infer<typeof Looked>

export const looked = (look: Looked): string => JSON.stringify(look satisfies Looked)

/** A running console writes every minute; twice may be late. */
const RUNNING_WITHIN_MS = 180_000

export interface FleetStatus {
  readonly colour: 'GREEN' | 'AMBER' | 'RED'
  readonly counts: AlertCounts
  /** Kept quiet: not counted. */
  readonly quiet: number
  /** Those that last, in the order of the window. */
  readonly alerts: readonly Alert[]
  readonly servers: number
  /** When the console looked last; null = it never has. */
  readonly lookedAtMs: number | null
  readonly isRunning: boolean
  readonly ownNetworkLost: { readonly sinceAtMs: number } | null
}

export function fleetStatus(
  kept: AlertsKept,
  servers: readonly Pick<StoredServer, 'record'>[],
  nowMs: number
): FleetStatus {
  const look = lookedOf(kept.memory['looked'])
  const records = new Map(servers.map(({ record }) => [record.id, record]))
  const quiet = {
    silences: kept.silences,
    maintenances: maintenanceViews(kept.maintenances, nowMs)
  }
  const alerts = kept.alerts
    .map(({ alert }) => alert)
    .filter((alert) => alert.recoveredAtMs === null)
    .map((alert) => {
      const record = records.get(alert.serverId)
      if (record === undefined) return alert
      const target = scopeTargetOf(record, alert.vmUuid)
      return { ...alert, quiet: quietFor({ ruleId: alert.ruleId, target }, quiet, nowMs) }
    })
    .toSorted(compareAlerts)
  const counts = countAlerts(alerts)
  const ageMs = look === null ? Infinity : Math.abs(nowMs - look.atMs)
  return {
    colour: counts.red > 0 ? 'RED' : counts.amber > 0 ? 'AMBER' : 'GREEN',
    counts,
    quiet: alerts.filter((alert) => alert.quiet !== null).length,
    alerts,
    servers: servers.length,
    lookedAtMs: look?.atMs ?? null,
    isRunning: look !== null && !look.isClosing && ageMs < RUNNING_WITHIN_MS,
    ownNetworkLost: look?.ownNetworkLost ?? null
  }
}

function lookedOf(text: string | undefined): Looked | null {
  if (text === undefined) return null
  try {
    return Looked.safeParse(JSON.parse(text)).data ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
