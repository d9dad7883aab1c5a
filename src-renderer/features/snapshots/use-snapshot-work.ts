/** Work on snapshots: asks, starts the task, follows it, tells its end. One at a time per VM in this window. */
import type { TaskId } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import type { Snapshot, SnapshotBoard, SnapshotNew, SnapshotProgress } from '#contract/snapshots.ts'
import { shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import type { TaskHandle } from '../../rpc/client.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText } from '../../ui/index.ts'
import CreateSnapshotDialog from './CreateSnapshotDialog.vue'
import DeleteSnapshotDialog from './DeleteSnapshotDialog.vue'
import RevertDialog from './RevertDialog.vue'
import { descendantsOf } from './snapshot-tree.ts'

export interface BusyWork {
  readonly name: string
  readonly progress: SnapshotProgress
  readonly taskId: TaskId | null
}

export interface WorkTarget {
  readonly view: MachineView
  readonly serverName: string
  readonly board: SnapshotBoard
}

type NewChoice = Pick<SnapshotNew, 'name' | 'description' | 'way' | 'quiesce'> | undefined

/** In setup only. `changed` is called when something was done, or may have been. */
export function useSnapshotWork(changed: () => Promise<void>) {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const { t } = useI18n()
  const busy = shallowRef<BusyWork | null>(null)
  const failed = shallowRef<unknown>(null)

  async function run<T>(
    name: string,
    start: (onProgress: (progress: SnapshotProgress) => void) => TaskHandle<T>,
    done: (result: T) => { title: string; text?: string }
  ): Promise<void> {
    if (busy.value !== null) return
    failed.value = null
    const change = (part: Partial<BusyWork>): void => {
      busy.value = {
        ...(busy.value ?? { name, progress: { step: 'checking', doneRatio: null }, taskId: null }),
        ...part
      }
    }
    change({})
    try {
      const handle = start((progress) => change({ progress }))
      void handle.taskId.then(
        (taskId) => busy.value !== null && change({ taskId }),
        () => undefined
      )
      const words = done(await handle.result)
      toasts.show({ tone: 'ok', ...words })
    } catch (error) {
      if (errorWords(error).code !== 'cancelled') failed.value = error
    } finally {
      busy.value = null
      await changed()
    }
  }

  const seen = (view: MachineView) => ({ ...view.ref, seenName: view.name })
  const names = (view: MachineView, name: string) => ({ name: visibleText(name), vm: visibleText(view.name) })

  async function create({ view, serverName, board }: WorkTarget): Promise<void> {
    const request = (await dialogs.open(CreateSnapshotDialog, { view, serverName, board })) as NewChoice
    if (request === undefined) return
    await run(
      request.name,
      (onProgress) => rpc.task('snapshots.create', { ...seen(view), ...request }, { onProgress }),
      () => ({ title: t('snapshots.done.create', names(view, request.name)) })
    )
  }

  async function revert({ view, serverName, board }: WorkTarget, snapshot: Snapshot): Promise<void> {
    const request = await dialogs.open(RevertDialog, { view, serverName, board, snapshot })
    if (request === undefined) return
    await run(
      snapshot.name,
      (onProgress) =>
        rpc.task('snapshots.revert', { ...seen(view), snapshot: snapshot.name, ...request }, { onProgress }),
      () => ({ title: t('snapshots.done.revert', names(view, snapshot.name)) })
    )
  }

  async function remove({ view, serverName, board }: WorkTarget, snapshot: Snapshot): Promise<void> {
    const request = await dialogs.open(DeleteSnapshotDialog, { view, serverName, board, snapshot })
    if (request === undefined) return
    await run(
      snapshot.name,
      (onProgress) =>
        rpc.task('snapshots.delete', { ...seen(view), snapshot: snapshot.name, ...request }, { onProgress }),
      () => ({ title: t('snapshots.done.delete', names(view, snapshot.name)) })
    )
  }

  async function mergeBack({ view, board }: WorkTarget, snapshot: Snapshot): Promise<void> {
    const count = descendantsOf(board.snapshots, snapshot.name).length + 1
    const sure = await dialogs.confirm({
      title: t('snapshots.merge.title', names(view, snapshot.name)),
      text: t('snapshots.merge.text', {
        ...names(view, snapshot.name),
        count: t('snapshots.merge.one', { count }, count)
      }),
      confirmLabel: t('snapshots.merge.confirm'),
      danger: true
    })
    if (!sure) return
    await run(
      snapshot.name,
      (onProgress) =>
        rpc.task('snapshots.mergeBack', { ...seen(view), snapshot: snapshot.name }, { onProgress }),
      ({ leftFiles }) => ({
        title: t('snapshots.done.mergeBack', names(view, snapshot.name)),
        ...(leftFiles.length === 0
          ? {}
          : { text: t('snapshots.done.leftFiles', { files: visibleText(leftFiles.join(', ')) }) })
      })
    )
  }

  async function cancel(): Promise<void> {
    const taskId = busy.value?.taskId ?? null
    if (taskId !== null) await rpc.call('tasks.cancel', { taskId })
  }

  return {
    busy,
    failed,
    create,
    revert,
    remove,
    mergeBack,
    cancel: () => void cancel().catch((error: unknown) => (failed.value = error)),
    forget: () => (failed.value = null)
  }
}
