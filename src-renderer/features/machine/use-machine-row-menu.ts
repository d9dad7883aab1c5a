/** What the menu of a VM's row offers. Once for a table, not for each of its rows. */
import { Monitor } from '@lucide/vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { MachineAction } from '#contract/vocabulary.ts'
import { toMachine } from '../../app/routes.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useWordsAround } from '../../locales/words-around.ts'
import { useToasts, visibleText, type MenuItem } from '../../ui/index.ts'
import { useCloneActions } from '../clones/index.ts'
import { useDeletion } from '../deletion/index.ts'
import { useMigration } from '../migrate/index.ts'
import type { MachineRow } from './machine-rows.ts'
import { actionsFor, actionWordOf, blockOf, isHarsh, needsPersistent } from './machine-state.ts'
import { useMachineActions } from './use-machine-actions.ts'
import { useMachineSettings } from './use-machine-settings.ts'

/** In setup only. */
export function useMachineRowMenu() {
  const { t } = useI18n()
  const menuWords = useWordsAround('machine.action.menu', 'name')
  const router = useRouter()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const actions = useMachineActions()
  const settings = useMachineSettings()
  const deletion = useDeletion()
  const clones = useCloneActions()
  const migration = useMigration()

  /** In a table there is no place for an error of one row: it is told in a toast, and kept on the VM's page. */
  async function act({ view, serverName }: MachineRow, action: MachineAction): Promise<void> {
    await actions.act(view, action, serverName)
    const { failed } = actions.stateOf(view)
    if (failed === null) return
    const words = errorWords(failed.error)
    toasts.show({
      tone: 'red',
      title: t(`machine.failed.${action}`, { vm: visibleText(view.name) }),
      text: `${words.title} ${words.next}`
    })
  }

  function lifeItems(row: MachineRow, blocked: string | undefined): MenuItem[] {
    const offered = actionsFor(row.view)
    return [...offered.buttons, ...offered.menu].map((action) => {
      const transient =
        needsPersistent(action) && !row.view.persistent ? t('machine.needsPersistent') : undefined
      const disabledReason = blocked ?? transient
      return {
        id: action,
        label: t(`machine.action.${actionWordOf(row.view, action)}`),
        danger: isHarsh(action),
        ...(disabledReason === undefined ? {} : { disabledReason }),
        onSelect: () => void act(row, action)
      }
    })
  }

  function items(row: MachineRow): MenuItem[] {
    const { view, serverName } = row
    const open: MenuItem = {
      id: 'open',
      label: t('machine.action.open'),
      icon: Monitor,
      onSelect: () => void router.push(toMachine(view.ref.serverId, view.ref.vmUuid))
    }
    const block = blockOf(row.server)
    // Whether values are kept is the console's own matter: nothing on the server changes, and look-only allows it.
    if (block === 'lookOnly') return [open, { id: 'end', separator: true }, actions.collectingItem(view)]
    const blocked = block === null ? undefined : t(`machine.blocked.${block}`)
    return [
      open,
      { id: 'line', separator: true },
      ...lifeItems(row, blocked),
      { id: 'end', separator: true },
      ...settings.menuItems(view, serverName, blocked),
      ...clones.items(view, serverName, blocked),
      migration.menuItem(view, serverName, blocked),
      actions.collectingItem(view),
      { id: 'line-delete', separator: true },
      deletion.menuItem(view, serverName, blocked)
    ]
  }

  return {
    items,
    label: ({ view }: MachineRow): string => menuWords(visibleText(view.name)),
    /** An act is under way. */
    isPending: ({ view }: MachineRow): boolean => actions.stateOf(view).pending !== null
  }
}
