/** VMs with an alert that are no longer on any server. */
import type { Alert } from '#contract/alerts.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { ServerSight } from './fleet-sight.ts'

/** A VM that moves is for a moment nowhere. */
const GONE_AFTER_MS = 30_000

export class GoneMachines {
  readonly #sinceMs = new Map<VmUuid, number>()

  /** Those that are gone for good: their own server is online and does not list them, nor does any other, for a while. */
  look(alerts: readonly Alert[], sights: readonly ServerSight[], nowMs: number): VmUuid[] {
    const missing = new Set<VmUuid>()
    for (const { vmUuid, serverId } of alerts) {
      const own = sights.find(({ record }) => record.id === serverId)
      if (vmUuid === null || own?.connection.kind !== 'online' || !own.hasListed) continue
      if (sights.every((sight) => sight.machine(vmUuid) === null)) missing.add(vmUuid)
    }
    for (const vmUuid of this.#sinceMs.keys()) if (!missing.has(vmUuid)) this.#sinceMs.delete(vmUuid)
    for (const vmUuid of missing) if (!this.#sinceMs.has(vmUuid)) this.#sinceMs.set(vmUuid, nowMs)
    return [...this.#sinceMs]
      .filter(([, sinceMs]) => nowMs - sinceMs >= GONE_AFTER_MS)
      .map(([vmUuid]) => vmUuid)
  }
}
