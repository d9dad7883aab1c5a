/** What can be done to the units and containers of a server, and why not. */
import type { ServerView } from '#contract/servers.ts'
import type { ServiceAction, ServiceTarget } from '#contract/services.ts'
import type { UnitName } from '#contract/vocabulary.ts'
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, type MenuItem } from '../../ui/index.ts'
import ActDialog from './ActDialog.vue'
import LogDialog from './LogDialog.vue'

export type PartId = 'users' | 'units' | 'updates' | 'containers'

export interface ServiceActs {
  /** Why nothing can be changed; '' = it can. */
  readonly blocked: ComputedRef<string>
  readonly isOnline: ComputedRef<boolean>
  /** A part is being read because somebody asked for it. */
  readonly reading: Readonly<Ref<boolean>>
  readNow(part: PartId): Promise<void>
  showLog(target: ServiceTarget): void
  setWatched(unit: UnitName, on: boolean): Promise<void>
  items(target: ServiceTarget, actions: readonly ServiceAction[], reason: string): MenuItem[]
}

/** In setup only. */
export function useServiceActs(server: () => ServerView): ServiceActs {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const { t } = useI18n()
  const reading = ref(false)
  const isOnline = computed(() => server().connection.kind === 'online')
  const blocked = computed(() => {
    if (!isOnline.value) return t('services.blocked.notConnected')
    return server().record.lookOnly ? t('services.blocked.lookOnly') : ''
  })

  async function told(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const words = errorWords(error)
      if (words.code === 'cancelled') return
      const text = [words.detail, words.next].filter((part) => part !== '').join(' ')
      toasts.show({ tone: 'red', title: words.title, text })
    }
  }
  const showLog = (target: ServiceTarget): void => void dialogs.open(LogDialog, { server: server(), target })

  return {
    blocked,
    isOnline,
    reading,
    showLog,
    async readNow(part) {
      reading.value = true
      await told(() => rpc.call('services.readNow', { serverId: server().record.id, part }))
      reading.value = false
    },
    setWatched: (unit, on) =>
      told(() => rpc.call('services.setUnitWatched', { serverId: server().record.id, unit, on })),
    items(target, actions, reason) {
      const why = blocked.value || reason
      return actions.map((action) => ({
        id: action,
        label: `${t(`services.action.${action}`)}…`,
        danger: action === 'stop',
        ...(why === '' ? {} : { disabledReason: why }),
        onSelect: () => void dialogs.open(ActDialog, { server: server(), target, action })
      }))
    }
  }
}
