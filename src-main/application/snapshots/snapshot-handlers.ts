/** What the window can ask about snapshots. */
import type { Handlers } from '#contract/define.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { SnapshotProgress } from '#contract/snapshots.ts'
import { type JournalDeps, journalled, sessionOf, writableSessionOf } from '../operations/journal-row.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { mergeBack } from './merge-back.ts'
import { boardOf } from './snapshot-rules.ts'
import { createSnapshot, deleteSnapshot, revertToSnapshot, type SnapshotWork } from './snapshot-work.ts'

const READ_DEADLINE_MS = 30_000

export interface SnapshotHandlerDeps extends JournalDeps {
  readonly directory: ServerDirectory
}

type SnapshotHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `snapshots.${string}`>
>

interface Request {
  readonly serverId: ServerId
  readonly vmUuid: VmUuid
  readonly seenName: string
}

interface TaskContext {
  readonly signal: AbortSignal
  progress(progress: SnapshotProgress): void
}

export function snapshotHandlers(deps: SnapshotHandlerDeps): SnapshotHandlers {
  /** Allowed?, and then with a journal of the operation's name. */
  const withWork = <T>(
    action: string,
    { serverId, vmUuid, seenName }: Request,
    context: TaskContext,
    run: (work: SnapshotWork & { readonly clock: JournalDeps['clock'] }) => Promise<T>
  ): Promise<T> => {
    const runtime = deps.directory.get(serverId)
    const { snapshots: host } = writableSessionOf(runtime)
    const vm = { uuid: vmUuid, name: seenName }
    return journalled({ action: `snapshot.${action}`, record: runtime.record, vm }, deps, (journal) =>
      run({
        host,
        vm: { uuid: vmUuid, seenName },
        journal,
        signal: context.signal,
        clock: deps.clock,
        nowMs: () => deps.clock.nowMs(),
        progress: (progress) => context.progress(progress)
      })
    )
  }
  return {
    'snapshots.read': async ({ serverId, vmUuid }, { signal }) => {
      const { snapshots } = sessionOf(deps.directory.get(serverId))
      const bound = AbortSignal.any([signal, AbortSignal.timeout(READ_DEADLINE_MS)])
      return boardOf(await snapshots.read({ uuid: vmUuid, seenName: null }, bound), snapshots.libvirtVersion)
    },
    'snapshots.create': async (request, context) => {
      await withWork('create', request, context, (work) => createSnapshot(work, request))
      return null
    },
    'snapshots.revert': async (request, context) => {
      await withWork('revert', request, context, (work) => revertToSnapshot(work, request))
      return null
    },
    'snapshots.delete': async (request, context) => {
      await withWork('delete', request, context, (work) => deleteSnapshot(work, request))
      return null
    },
    'snapshots.mergeBack': (request, context) =>
      withWork('mergeBack', request, context, (work) => mergeBack(work, request.snapshot))
  }
}
