/** What alerts need from the rest of the console. */
import type { HistoryEvent } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { HistoryStore } from '../storage.ts'
import type { AlertStore } from './alert-store.ts'
import type { AlertTeller } from './alert-teller.ts'
import type { FleetSight } from './fleet-sight.ts'

export interface AlertsDeps {
  readonly store: AlertStore
  readonly history: Pick<HistoryStore, 'read'>
  readonly teller: AlertTeller
  readonly fleet: FleetSight
  readonly clock: Clock
  readonly log: Log
  readonly defaultIntervalMs: () => number
  readonly processIntervalMs: (serverId: ServerId) => number
  /** For the time axis. */
  readonly onMark: (serverId: ServerId, atMs: number, event: HistoryEvent) => void
}
