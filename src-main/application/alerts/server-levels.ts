/** What the alerts say of a server itself, for whoever judges servers. Its VMs' own alerts say nothing of it. */
import type { ServerId } from '#contract/ids.ts'
import type { Alerts } from './alerts.ts'
import { scopeTargetOf, type FleetSight } from './fleet-sight.ts'

export interface ServerLevels {
  levelOf(serverId: ServerId): 'red' | 'amber' | null
  inMaintenance(serverId: ServerId): boolean
}

export function serverLevels(alerts: Alerts, fleet: FleetSight): ServerLevels {
  return {
    levelOf(serverId) {
      const levels = [...alerts.lasting().values()]
        .filter((alert) => alert.serverId === serverId && alert.vmUuid === null && alert.quiet === null)
        .map(({ level }) => level)
      return levels.includes('RED') ? 'red' : levels.length > 0 ? 'amber' : null
    },
    inMaintenance(serverId) {
      const record = fleet.server(serverId)?.record
      return record !== undefined && alerts.quiet.isMaintained(scopeTargetOf(record, null))
    }
  }
}
