/** Users, units, updates and containers of all servers: one subject with four lanes. */
import { z } from 'zod'
import {
  MAX_WATCHED_UNITS,
  type ContainersView,
  type UnitsView,
  type UpdatesView,
  type UsersView
} from '#contract/services.ts'
import { UnitName } from '#contract/vocabulary.ts'
import type { Clock } from '../clock.ts'
import type { BlobStore } from '../storage.ts'
import { ServerOptions } from '../telemetry/server-options.ts'
import type { TelemetrySubject } from '../telemetry/telemetry.ts'
import { containersLane } from './containers-lane.ts'
import type { ServiceHost } from './service-host.ts'
import { ServicePart } from './service-lanes.ts'
import { unitsLane } from './units-lane.ts'
import { UpdatesMemory, updatesLane } from './updates-lane.ts'
import { usersLane } from './users-lane.ts'

/** What the operator chose for one server. */
export const WatchedUnits = z.object({ watchedUnits: z.array(UnitName).max(MAX_WATCHED_UNITS).default([]) })

export interface Services {
  readonly users: ServicePart<UsersView>
  readonly units: ServicePart<UnitsView>
  readonly updates: ServicePart<UpdatesView>
  readonly containers: ServicePart<ContainersView>
  readonly options: ServerOptions<typeof WatchedUnits>
  readonly memory: UpdatesMemory
  readonly subject: TelemetrySubject
}

export function openServices({
  host,
  blobs,
  clock
}: {
  readonly host: ServiceHost
  readonly blobs: BlobStore
  readonly clock: Clock
}): Services {
  const parts = {
    users: new ServicePart<UsersView>(),
    units: new ServicePart<UnitsView>(),
    updates: new ServicePart<UpdatesView>(),
    containers: new ServicePart<ContainersView>()
  }
  const options = new ServerOptions(blobs, 'services', WatchedUnits)
  const memory = new UpdatesMemory()
  const watchedUnits = (serverId: Parameters<typeof options.get>[0]): readonly UnitName[] =>
    options.get(serverId).watchedUnits
  return {
    ...parts,
    options,
    memory,
    subject: {
      lanes: [
        usersLane(host, parts.users),
        unitsLane({ host, part: parts.units, watchedUnits }),
        updatesLane({ host, part: parts.updates, memory, clock }),
        containersLane(host, parts.containers)
      ],
      async load(serverId) {
        await options.load(serverId)
      },
      async forget(serverId) {
        for (const part of Object.values(parts)) part.forget(serverId)
        memory.forget(serverId)
        await options.forget(serverId)
      }
    }
  }
}
