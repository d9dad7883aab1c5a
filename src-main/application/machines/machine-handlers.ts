/** What the window can ask about virtual machines. */
import type { Handlers } from '#contract/define.ts'
import type { ServerId, VmRef, VmUuid } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { MachinesEvent, MachineView } from '#contract/machines.ts'
import { type JournalDeps, sessionOf } from '../operations/journal-row.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { FeedSource, SnapshotFeed } from '../streams.ts'
import { actOnMachine } from './act.ts'

const ACT_DEADLINE_MS = 45_000
const DETAIL_DEADLINE_MS = 15_000

export const machineKey = ({ serverId, vmUuid }: VmRef): string => `${serverId}/${vmUuid}`

function refOf(key: string): VmRef {
  const [serverId = '', vmUuid = ''] = key.split('/')
  return { serverId: serverId as ServerId, vmUuid: vmUuid as VmUuid }
}

/** All VMs of all servers as one keyed source. */
export function machineSource(directory: ServerDirectory): FeedSource<MachineView> {
  return {
    *ids() {
      for (const runtime of directory.runtimes()) {
        for (const view of runtime.machines.views()) yield machineKey(view.ref)
      }
    },
    read(key) {
      const { serverId, vmUuid } = refOf(key)
      return directory.find(serverId)?.machines.view(vmUuid) ?? undefined
    }
  }
}

export interface MachineHandlerDeps extends JournalDeps {
  readonly directory: ServerDirectory
  readonly feed: SnapshotFeed<MachineView>
}

type MachineHandlers = Pick<
  Handlers<VirthelmContract>,
  Exclude<Extract<keyof VirthelmContract, `machines.${string}`>, `machines.create${string}`>
>

export function machineHandlers(deps: MachineHandlerDeps): MachineHandlers {
  const { directory, feed } = deps
  return {
    'machines.watch': (_input, { signal }) => watchMachines(feed, signal),
    'machines.setCollecting': async ({ serverId, vmUuid, collecting }) => {
      await directory.setMachineCollecting({ serverId, vmUuid }, collecting)
      return null
    },
    'machines.detail': async ({ serverId, vmUuid }, { signal }) => {
      const session = sessionOf(directory.get(serverId))
      return session.detail(vmUuid, AbortSignal.any([signal, AbortSignal.timeout(DETAIL_DEADLINE_MS)]))
    },
    'machines.act': async ({ serverId, vmUuid, action, seenName }, { signal }) => {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(ACT_DEADLINE_MS)])
      const runtime = directory.get(serverId)
      return { outcome: await actOnMachine({ runtime, vmUuid, action, seenName }, deps, deadline) }
    }
  }
}

async function* watchMachines(
  feed: SnapshotFeed<MachineView>,
  signal: AbortSignal
): AsyncGenerator<MachinesEvent, void> {
  for await (const event of feed.watch(signal)) {
    const { revision } = event
    if (event.kind === 'snapshot') yield { kind: 'snapshot', revision, machines: [...event.items] }
    else yield { kind: 'change', revision, changed: [...event.changed], removed: event.removed.map(refOf) }
  }
}
