/** The way to another server, from a VM's menu: the dialog, then a task in the drawer, then its end in words. */
import { ArrowRightLeft } from '@lucide/vue'
import type { MachineView } from '#contract/machines.ts'
import type { MigrationChoice } from '#contract/migration.ts'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText, type MenuItem } from '../../ui/index.ts'
import { useServersStore } from '../servers/index.ts'
import { openDeleteDialogs } from '../stores/index.ts'
import { useTasks } from '../tasks/index.ts'
import MigrateDialog from './MigrateDialog.vue'

/** In setup only. */
export function useMigration() {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const i18n = useI18n()
  const { t } = i18n

  async function open(view: MachineView, serverName: string): Promise<void> {
    const started: { choice: MigrationChoice; seenName: string } | undefined = await dialogs.open(
      MigrateDialog,
      { view, serverName }
    )
    if (started === undefined) return
    const { choice, seenName } = started
    const tasks = useTasks()
    const servers = useServersStore()
    tasks.drawerOpen = true
    const names = {
      vm: visibleText(seenName),
      source: visibleText(serverName),
      target: visibleText(servers.get(choice.targetServerId)?.record.name ?? '')
    }
    try {
      const result = await rpc.task('machines.migrate', { choice, seenName }).result
      const rest = [
        choice.kind === 'move' && !result.sourceUndefined ? t('migrate.stillDefined', names) : '',
        result.filesLeft.length > 0
          ? t('migrate.filesLeft', {
              ...names,
              files: result.filesLeft.map((file) => visibleText(file)).join(', ')
            })
          : ''
      ]
      const { filesLeft } = result
      toasts.show({
        tone: 'ok',
        title: t(`migrate.done.${choice.kind}`, { ...names, name: visibleText(result.targetName) }),
        text: rest.filter((text) => text !== '').join(' '),
        ...(result.sourceUndefined && filesLeft.length > 0
          ? { action: { label: t('migrate.deleteFiles'), run: () => void deleteLeft(choice, filesLeft) } }
          : {})
      })
    } catch (error) {
      const words = errorWords(error)
      if (words.code === 'cancelled') return
      toasts.show({ tone: 'red', title: words.title, text: `${words.detail} ${words.next}`.trim() })
    }
  }

  /** The files that a move left on its source: the same dialogs as in its storage, with their plans and locks. */
  async function deleteLeft({ serverId }: MigrationChoice, paths: readonly string[]): Promise<void> {
    const server = useServersStore().get(serverId)
    if (server === undefined) return
    try {
      const missing = await openDeleteDialogs(server, await rpc.call('storage.reload', { serverId }), paths)
      if (missing.length === 0) return
      const source = visibleText(server.record.name)
      const files = missing.map((path) => visibleText(path)).join(', ')
      toasts.show({ tone: 'plain', title: t('migrate.filesInNoPool', { source, files }) })
    } catch (error) {
      const words = errorWords(error)
      toasts.show({ tone: 'red', title: words.title, text: `${words.detail} ${words.next}`.trim() })
    }
  }

  /** `blocked`: why nothing may be changed on its server right now. */
  const menuItem = (view: MachineView, serverName: string, blocked: string | undefined): MenuItem => ({
    id: 'migrate',
    label: t('migrate.menu'),
    icon: ArrowRightLeft,
    ...(blocked === undefined ? {} : { disabledReason: blocked }),
    onSelect: () => void open(view, serverName)
  })

  return { open, menuItem }
}
