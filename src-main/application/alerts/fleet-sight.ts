/** What alerts see of the fleet: servers, their links, their machines. */
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import type { ConnectionState, ServerRecord } from '#contract/servers.ts'
import type { Presence } from '#contract/vocabulary.ts'
import type { ScopeTarget } from '../../domain/alerts/scope.ts'
import { REBOOT_DEADLINE_MS } from '../power/power.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'

export interface ServerSight {
  readonly record: ServerRecord
  readonly presence: Presence
  readonly connection: ConnectionState
  /** The operator switched it off. */
  readonly isExpectedOff: boolean
  readonly machines: readonly MachineView[]
  /** Its VMs were listed at least once in this run. */
  readonly hasListed: boolean
  machine(vmUuid: VmUuid): MachineView | null
}

export interface FleetSight {
  servers(): readonly ServerSight[]
  /** null = it is not on the list (any more). */
  server(serverId: ServerId): ServerSight | null
}

export function fleetSight(directory: ServerDirectory, nowMs: () => number): FleetSight {
  return {
    servers: () => directory.runtimes().map((runtime) => sightOf(runtime, nowMs())),
    server(serverId) {
      const runtime = directory.find(serverId)
      return runtime === undefined ? null : sightOf(runtime, nowMs())
    }
  }
}

function sightOf(runtime: ServerRuntime, nowMs: number): ServerSight {
  const { record, state, machines } = runtime
  return {
    record,
    connection: state,
    get presence() {
      return runtime.view().presence
    },
    isExpectedOff: isExpectedOff(runtime, nowMs),
    get machines() {
      return machines.views()
    },
    get hasListed() {
      return machines.counts() !== null
    },
    machine: (vmUuid) => machines.view(vmUuid)
  }
}

/** A reboot is expected to be over after a while. */
function isExpectedOff({ picture }: ServerRuntime, nowMs: number): boolean {
  const expected = picture.expectedOff.now
  return expected !== null && (expected.action !== 'reboot' || nowMs - expected.atMs < REBOOT_DEADLINE_MS)
}

export const scopeTargetOf = ({ id, location, tags }: ServerRecord, vmUuid: VmUuid | null): ScopeTarget => ({
  server: { id, location, tags },
  vmUuid
})

const RUNNING: ReadonlySet<MachineView['state']> = new Set(['running', 'blocked', 'shuttingDown'])

export const runs = (machine: MachineView | null): boolean => machine !== null && RUNNING.has(machine.state)
