/** Starts scans as tasks: they go on without this page, and the list of tasks shows them too. */
import type { TaskId } from '#contract/ids.ts'
import type { PortPlan } from '#contract/ports.ts'
import type { ServerView } from '#contract/servers.ts'
import type { ScanOrigin } from '#contract/vocabulary.ts'
import { shallowRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useToasts, visibleText } from '../../ui/index.ts'

export interface ScanProgress {
  readonly origin: ScanOrigin
  readonly done: number
  readonly total: number
  readonly open: number
}

export interface ScanRun {
  /** null = none that this page has started is running. */
  readonly progress: Readonly<Ref<ScanProgress | null>>
  start(plan: PortPlan): Promise<void>
  cancel(): void
}

/** In setup only. */
export function useScan(server: () => ServerView): ScanRun {
  const rpc = useRpc()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const { t } = useI18n()
  const progress = shallowRef<ScanProgress | null>(null)
  let cancelIt: () => void = () => undefined
  async function cancel(starting: Promise<TaskId>): Promise<void> {
    try {
      await rpc.call('tasks.cancel', { taskId: await starting })
    } catch (error) {
      const { title, next: text } = errorWords(error)
      toasts.show({ tone: 'red', title, text })
    }
  }

  return {
    progress,
    cancel: () => cancelIt(),
    async start({ ports, origins, inside }) {
      const { id: serverId, name: seenName } = server().record
      const [origin = 'direct'] = origins
      progress.value = { origin, done: 0, total: 1, open: 0 }
      const task = rpc.task(
        'ports.scan',
        { serverId, seenName, ports, origins, inside },
        { onProgress: (now) => (progress.value = now) }
      )
      cancelIt = () => void cancel(task.taskId)
      try {
        const { open } = await task.result
        toasts.show({
          tone: 'ok',
          title: t('ports.scanned', { name: visibleText(seenName) }),
          text: t('ports.scannedOpen', { count: open }, open)
        })
      } catch (error) {
        const words = errorWords(error)
        if (words.code === 'cancelled') return
        toasts.show({ tone: 'red', title: words.title, text: words.next })
      } finally {
        progress.value = null
        cancelIt = () => undefined
      }
    }
  }
}
