/** Power of servers, wherever one is shown: what can be asked, why not, and what came of it. */
import type { ServerView } from '#contract/servers.ts'
import { ServerPowerAction } from '#contract/vocabulary.ts'
import { MoonStar, Power, RefreshCw, Zap } from '@lucide/vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { formatDuration } from '../../format/index.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText, type MenuItem } from '../../ui/index.ts'
import { useTasks } from '../tasks/index.ts'
import PowerDialog from './PowerDialog.vue'
import WakeDialog from './WakeDialog.vue'

export interface PowerActions {
  /** For the menu of a server. */
  menu(server: ServerView): MenuItem[]
  /** Off, and may be woken as far as is known here. */
  canWake(server: ServerView): boolean
  /** Asks how, and wakes. */
  askToWake(server: ServerView): void
  /** Wakes all of them at once, each as a task of its own; asks first. */
  wakeAll(servers: readonly ServerView[]): Promise<void>
}

const ICONS = { shutDown: Power, reboot: RefreshCw, suspend: MoonStar }

/** In setup only. */
export function usePower(): PowerActions {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const tasks = useTasks()
  const errorWords = useErrorWords()
  const { t } = useI18n()

  const tell = (server: ServerView, error: unknown): void => {
    const words = errorWords(error)
    if (words.code === 'cancelled') return
    const text = [words.detail, words.next].filter((part) => part !== '').join(' ')
    toasts.show({ tone: 'red', title: `${visibleText(server.record.name)}: ${words.title}`, text })
  }
  const isOff = (server: ServerView): boolean => server.connection.kind !== 'online'

  async function wake(server: ServerView): Promise<void> {
    const { id: serverId, name: seenName } = server.record
    const name = visibleText(seenName)
    try {
      const { outcome, afterMs } = await rpc.task('switching.wake', { serverId, seenName }).result
      toasts.show({
        tone: outcome === 'noAnswer' ? 'amber' : 'ok',
        title: t(`switching.woken.${outcome}`, { name, span: formatDuration(afterMs, 1) }),
        text: t(`switching.wokenText.${outcome}`)
      })
    } catch (error) {
      tell(server, error)
    }
  }

  async function act(server: ServerView, action: ServerPowerAction): Promise<void> {
    const agreed = (await dialogs.open(PowerDialog, { server, action })) as { command: string } | undefined
    if (agreed === undefined) return
    const { id: serverId, name: typedName } = server.record
    const name = visibleText(typedName)
    tasks.drawerOpen = true
    try {
      const task = rpc.task('switching.act', { serverId, action, typedName, seenCommand: agreed.command })
      const { outcome, afterMs } = await task.result
      toasts.show({
        tone: outcome === 'off' || outcome === 'back' ? 'ok' : 'amber',
        title: t(`switching.done.${outcome}`, { name, span: formatDuration(afterMs, 1) }),
        text: t(`switching.doneText.${outcome}`)
      })
    } catch (error) {
      tell(server, error)
    }
  }

  async function askToWake(server: ServerView): Promise<void> {
    if ((await dialogs.open(WakeDialog, { server })) !== true) return
    tasks.drawerOpen = true
    await wake(server)
  }

  return {
    canWake: (server) => isOff(server) && !server.record.lookOnly && server.presence !== 'EMPTY',
    askToWake: (server) => void askToWake(server),
    async wakeAll(servers) {
      const count = servers.length
      const names = servers.map(({ record }) => visibleText(record.name)).join(', ')
      const agreed = await dialogs.confirm({
        title: t('switching.wakeAllTitle', { count }, count),
        text: t('switching.wakeAllText', { names }),
        confirmLabel: t('switching.wakeNow')
      })
      if (!agreed) return
      tasks.drawerOpen = true
      await Promise.all(servers.map(wake))
    },
    menu(server) {
      const off = isOff(server)
      const blockedBy = server.record.lookOnly ? t('switching.lookOnly') : ''
      const disabled = (reason: string): { disabledReason: string } | Record<string, never> =>
        reason === '' ? {} : { disabledReason: reason }
      const acts = ServerPowerAction.options.map((action) => ({
        id: `power-${action}`,
        label: t(`switching.act.${action}`),
        icon: ICONS[action],
        ...disabled(blockedBy || (off ? t('switching.notOn') : '')),
        onSelect: () => void act(server, action)
      }))
      const waking = {
        id: 'power-wake',
        label: t('switching.wake'),
        icon: Zap,
        ...disabled(blockedBy || (off ? '' : t('switching.alreadyOn'))),
        onSelect: () => void askToWake(server)
      }
      return [{ id: 'power-line', separator: true }, waking, ...acts]
    }
  }
}
