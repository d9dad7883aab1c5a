/** What the window can ask about virtual machines. */
import type { Handlers } from '#contract/define.ts'
import type { ServerId, VmRef, VmUuid } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { machinesContract, MachinesEvent, MachineView } from '#contract/machines.ts'
import { type JournalDeps, journalled, sessionOf, writableSessionOf } from '../operations/journal-row.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { FeedSource, SnapshotFeed } from '../streams.ts'
import type { ActionJournal } from './hypervisor.ts'
import type { MachineSettings, SettingTarget } from './machine-settings.ts'
import { actDeadlineMs, actOnMachine } from './act.ts'

const SETTING_DEADLINE_MS = 60_000
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

type MachineHandlers = Pick<Handlers<VirthelmContract>, keyof typeof machinesContract>

export function machineHandlers(deps: MachineHandlerDeps): MachineHandlers {
  const { directory, feed } = deps
  const setOn = async (
    action: string,
    { serverId, vmUuid, seenName }: VmRef & { readonly seenName: string },
    signal: AbortSignal,
    work: (
      settings: MachineSettings,
      target: SettingTarget,
      journal: ActionJournal,
      signal: AbortSignal
    ) => Promise<void>
  ): Promise<null> => {
    const runtime = directory.get(serverId)
    const { settings } = writableSessionOf(runtime)
    const { record } = runtime
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(SETTING_DEADLINE_MS)])
    await journalled({ action, record, vm: { uuid: vmUuid, name: seenName } }, deps, (journal) =>
      work(settings, { uuid: vmUuid, seenName }, journal, deadline)
    )
    return null
  }
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
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(actDeadlineMs(action))])
      const runtime = directory.get(serverId)
      return { outcome: await actOnMachine({ runtime, vmUuid, action, seenName }, deps, deadline) }
    },
    'machines.rename': ({ newName, ...vm }, { signal }) =>
      setOn('machine.rename', vm, signal, (settings, target, journal, deadline) =>
        settings.rename(target, newName, journal, deadline)
      ),
    'machines.setProtected': ({ on, ...vm }, { signal }) =>
      setOn(on ? 'machine.protect' : 'machine.unprotect', vm, signal, (settings, target, journal, deadline) =>
        settings.setProtected(target, on, journal, deadline)
      ),
    'machines.setBalloonPeriod': ({ periodSec, ...vm }, { signal }) =>
      setOn('machine.balloonPeriod', vm, signal, (settings, target, journal, deadline) =>
        settings.setBalloonPeriod(target, periodSec, journal, deadline)
      )
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
