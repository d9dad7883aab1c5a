/** What a server can and cannot tell, in the order in which an operator wants to know. Pure. */
import type { Capability, ServerView } from '#contract/servers.ts'

export interface CapabilityGroups {
  /** Cannot be read, though the server has or could have it; and what works in part. */
  readonly missing: readonly Capability[]
  /** The first answer is on its way. */
  readonly checking: readonly Capability[]
  /** The server has no such thing, or the operator wants it that way: nothing to mend. */
  readonly absent: readonly Capability[]
  readonly working: readonly Capability[]
}

export function groupCapabilities(capabilities: readonly Capability[]): CapabilityGroups {
  const kindOf = ({ works, cause }: Capability): keyof CapabilityGroups => {
    if (works && cause === null) return 'working'
    if (cause === 'checking') return 'checking'
    return cause === 'notPresent' || cause === 'lookOnly' ? 'absent' : 'missing'
  }
  const of = (kind: keyof CapabilityGroups): Capability[] =>
    capabilities.filter((capability) => kindOf(capability) === kind)
  return { missing: of('missing'), checking: of('checking'), absent: of('absent'), working: of('working') }
}

/** How many things of a connected server cannot be read; 0 while it is not connected: then that is the news. */
export const missingCount = (view: ServerView): number =>
  view.connection.kind === 'online' ? groupCapabilities(view.capabilities).missing.length : 0

/** Something is refused to the login user that sudo could read, and the operator has not switched it on. */
export const wantsSudo = ({ record, capabilities }: ServerView): boolean =>
  !record.useSudo &&
  record.connection.user !== 'root' &&
  capabilities.some(({ id, works, cause }) => !works && cause === 'permissionDenied' && !OTHER_RIGHTS.has(id))

/** Given by a group of the server, not by sudo. */
const OTHER_RIGHTS: ReadonlySet<Capability['id']> = new Set(['libvirt', 'libvirtWrite'])

/** When the server was last asked for the entry that was asked longest ago; null = never. */
export function oldestCheckMs(capabilities: readonly Capability[]): number | null {
  const times = capabilities.flatMap(({ checkedAtMs }) => checkedAtMs ?? [])
  return times.length === 0 ? null : Math.min(...times)
}
