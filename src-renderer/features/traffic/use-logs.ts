/** The choice of a server's logs, and the counting of their past. In setup only. */
import { shallowRef, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ServerId } from '#contract/ids.ts'
import type { LogChoice } from '#contract/traffic.ts'
import { useRpc } from '../../app/rpc-provider.ts'
import { formatCount, quantityText } from '../../format/index.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useToasts, visibleText } from '../../ui/index.ts'
import { useTasks } from '../tasks/index.ts'

export interface Logs {
  /** null until they were asked for. */
  readonly chosen: Readonly<ShallowRef<readonly LogChoice[] | null>>
  load(): Promise<void>
  /** Throws what the engine says. */
  save(logs: readonly LogChoice[]): Promise<void>
  /** Goes on in the drawer. */
  countPast(path: string, days: number): Promise<void>
}

export function useLogs(serverId: () => ServerId): Logs {
  const rpc = useRpc()
  const toasts = useToasts()
  const tasks = useTasks()
  const errorWords = useErrorWords()
  const { t } = useI18n()
  const chosen = shallowRef<readonly LogChoice[] | null>(null)

  const tell = (error: unknown): void => {
    const words = errorWords(error)
    if (words.code === 'cancelled') return
    toasts.show({ tone: 'red', title: words.title, text: words.next })
  }
  return {
    chosen,
    async load() {
      try {
        chosen.value = (await rpc.call('traffic.options', { serverId: serverId() })).logs
      } catch (error) {
        tell(error)
      }
    },
    async save(logs) {
      await rpc.call('traffic.setOptions', { serverId: serverId(), options: { logs: [...logs] } })
      chosen.value = logs
    },
    async countPast(path, days) {
      tasks.drawerOpen = true
      try {
        const { lines } = await rpc.task('traffic.countPast', { serverId: serverId(), path, days }).result
        toasts.show({
          tone: 'ok',
          title: t('traffic.dialog.counted', { count: quantityText(formatCount(lines)) }),
          text: visibleText(path)
        })
      } catch (error) {
        tell(error)
      }
    }
  }
}
