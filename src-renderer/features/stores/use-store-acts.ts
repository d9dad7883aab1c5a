/** What can be done to pools, volumes and networks of a server, and why not. Failures are told in toasts. */
import type { Network, NetworkAction } from '#contract/networks.ts'
import type { ServerView } from '#contract/servers.ts'
import type { Pool, PoolAction } from '#contract/storage.ts'
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText } from '../../ui/index.ts'
import { follow } from '../export/index.ts'
import { blockOf } from '../servers/index.ts'
import { useTasks } from '../tasks/index.ts'
import type { VolumeRow } from './volume-rows.ts'

export interface StoreActs {
  /** Why nothing can be changed; '' = it can. */
  readonly blocked: ComputedRef<string>
  actOnPool(pool: Pool, action: PoolAction): Promise<void>
  actOnNetwork(network: Network, action: NetworkAction): Promise<void>
  deleteNetwork(network: Network): Promise<void>
  download(row: VolumeRow): Promise<void>
  tell(error: unknown): void
}

/** In setup only. */
export function useStoreActs(server: () => ServerView): StoreActs {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const tasks = useTasks()
  const errorWords = useErrorWords()
  const { t } = useI18n()
  const serverId = (): ServerView['record']['id'] => server().record.id

  const blocked = computed(() => {
    const block = blockOf(server())
    return block === null ? '' : t(`stores.blocked.${block}`)
  })

  function tell(error: unknown): void {
    const words = errorWords(error)
    if (words.code === 'cancelled') return
    const text = [words.detail, words.next].filter((part) => part !== '').join(' ')
    toasts.show({ tone: 'red', title: words.title, text })
  }
  async function told(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      tell(error)
    }
  }

  return {
    blocked,
    tell,
    async actOnPool({ uuid: poolUuid, name: seenName }, action) {
      const asks = action === 'stop' || action === 'forget'
      const names = { name: visibleText(seenName), server: visibleText(server().record.name) }
      const confirmed =
        !asks ||
        (await dialogs.confirm({
          title: t(`stores.pool.confirm.${action}.title`, names),
          text: t(`stores.pool.confirm.${action}.text`, names),
          confirmLabel: t(`stores.pool.action.${action}`),
          danger: true
        }))
      if (confirmed)
        await told(() => rpc.call('storage.actOnPool', { serverId: serverId(), poolUuid, action, seenName }))
    },
    async actOnNetwork({ uuid: networkUuid, name: seenName, usedBy }, action) {
      const running = usedBy.filter((vm) => vm.running).length
      const confirmed =
        action !== 'stop' ||
        (await dialogs.confirm({
          title: t('stores.network.confirm.stop.title', { name: visibleText(seenName) }),
          text: t('stores.network.confirm.stop.text', { count: running }, running),
          confirmLabel: t('stores.network.action.stop'),
          danger: true
        }))
      if (confirmed)
        await told(() => rpc.call('networks.act', { serverId: serverId(), networkUuid, action, seenName }))
    },
    async deleteNetwork({ uuid: networkUuid, name: seenName }) {
      const confirmed = await dialogs.confirm({
        title: t('stores.network.confirm.delete.title', {
          name: visibleText(seenName),
          server: visibleText(server().record.name)
        }),
        text: t('stores.network.confirm.delete.text'),
        confirmLabel: t('stores.network.action.delete'),
        danger: true
      })
      if (confirmed)
        await told(() => rpc.call('networks.delete', { serverId: serverId(), networkUuid, seenName }))
    },
    async download({ volume, pool }) {
      tasks.drawerOpen = true
      await told(async () => {
        const result = await rpc.task(
          'volumes.download',
          {
            serverId: serverId(),
            poolUuid: pool.uuid,
            name: volume.name,
            fileName: volume.name.slice(0, 255)
          },
          { onProgress: (event) => event.kind === 'address' && follow(event.path) }
        ).result
        const sum = result.sha256 === null ? t('stores.download.unchecked') : `SHA-256 ${result.sha256}`
        toasts.show({
          tone: 'ok',
          title: t('stores.download.done', { name: visibleText(volume.name) }),
          text: result.path === null ? sum : `${result.path} · ${sum}`
        })
      })
    }
  }
}
