/** Cloning a VM and marking it as a template: menu items, and what follows from choosing them. */
import type { CloneRequest } from '#contract/clones.ts'
import type { MachineView } from '#contract/machines.ts'
import { CopyPlus, Stamp } from '@lucide/vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText, type MenuItem } from '../../ui/index.ts'
import { useTasks } from '../tasks/index.ts'
import CloneDialog from './CloneDialog.vue'

type Choice = Omit<CloneRequest, 'serverId' | 'vmUuid' | 'seenName'> | undefined

/** In setup only. */
export function useCloneActions() {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const { t } = useI18n()

  function tell(error: unknown): void {
    const words = errorWords(error)
    if (words.code === 'cancelled') return
    toasts.show({
      tone: 'red',
      title: words.title,
      text: [words.detail, words.next].filter(Boolean).join(' ')
    })
  }

  async function clone(view: MachineView, serverName: string): Promise<void> {
    const choice = (await dialogs.open(CloneDialog, { view, serverName })) as Choice
    if (choice === undefined) return
    useTasks().drawerOpen = true
    try {
      const { result } = rpc.task('clones.make', { ...view.ref, seenName: view.name, ...choice })
      const { name, startFailed } = await result
      toasts.show({
        tone: startFailed === null ? 'ok' : 'red',
        title: t('clones.done', { name: visibleText(name), vm: visibleText(view.name) }),
        ...(startFailed === null
          ? {}
          : { text: t('clones.startFailed', { words: visibleText(startFailed) }) })
      })
    } catch (error) {
      tell(error)
    }
  }

  async function setTemplate(view: MachineView, template: boolean): Promise<void> {
    try {
      await rpc.call('clones.setTemplate', { ...view.ref, seenName: view.name, template })
      toasts.show({
        tone: 'plain',
        title: t(template ? 'clones.marked' : 'clones.unmarked', { vm: visibleText(view.name) })
      })
    } catch (error) {
      tell(error)
    }
  }

  /** `blocked`: why nothing can be done on this server now. */
  function items(view: MachineView, serverName: string, blocked: string | undefined): MenuItem[] {
    const disabled = blocked === undefined ? {} : { disabledReason: blocked }
    return [
      {
        id: 'clone',
        label: t('clones.act.clone'),
        icon: CopyPlus,
        ...disabled,
        onSelect: () => void clone(view, serverName)
      },
      {
        id: 'template',
        label: t(view.template ? 'clones.act.unmarkTemplate' : 'clones.act.markTemplate'),
        icon: Stamp,
        ...disabled,
        onSelect: () => void setTemplate(view, !view.template)
      }
    ]
  }

  return { items }
}
