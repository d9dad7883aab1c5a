/** How many alerts a server or a VM has. Pure. */
import type { Alert } from '#contract/alerts.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { AlertLevel } from '#contract/vocabulary.ts'

export interface Tally {
  readonly red: number
  readonly amber: number
  /** The gravest, of these the newest; null = there is none. */
  readonly worst: Alert | null
}
export interface Tallies {
  readonly servers: ReadonlyMap<ServerId, Tally>
  readonly vms: ReadonlyMap<VmUuid, Tally>
}

export const NO_TALLY: Tally = { red: 0, amber: 0, worst: null }

/** What one number says of a tally: RED ones, or else AMBER ones; null = nothing. */
export function tallyFigure({ red, amber }: Pick<Tally, 'red' | 'amber'>): {
  level: AlertLevel
  count: number
} | null {
  if (red > 0) return { level: 'RED', count: red }
  return amber > 0 ? { level: 'AMBER', count: amber } : null
}

const same = (one: Tally, other: Tally): boolean =>
  one.red === other.red && one.amber === other.amber && one.worst?.id === other.worst?.id

/** The object of before while nothing a badge shows has changed: values of an alert change at every tick. */
function kept<K>(counted: Map<K, Tally>, before: ReadonlyMap<K, Tally> | undefined): ReadonlyMap<K, Tally> {
  for (const [key, tally] of counted) {
    const old = before?.get(key)
    if (old !== undefined && same(old, tally)) counted.set(key, old)
  }
  return counted
}

/** Of those that are not quiet. They come RED first. */
export function tallies(alerts: readonly Alert[], before?: Tallies): Tallies {
  const servers = new Map<ServerId, Tally>()
  const vms = new Map<VmUuid, Tally>()
  const add = <K>(map: Map<K, Tally>, key: K, alert: Alert): void => {
    const { red, amber, worst } = map.get(key) ?? NO_TALLY
    map.set(key, {
      red: red + (alert.level === 'RED' ? 1 : 0),
      amber: amber + (alert.level === 'AMBER' ? 1 : 0),
      worst: worst ?? alert
    })
  }
  for (const alert of alerts) {
    if (alert.quiet !== null) continue
    add(servers, alert.serverId, alert)
    if (alert.vmUuid !== null) add(vms, alert.vmUuid, alert)
  }
  return { servers: kept(servers, before?.servers), vms: kept(vms, before?.vms) }
}
