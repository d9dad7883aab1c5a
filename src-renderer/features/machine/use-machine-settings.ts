/** Single settings of a VM: its name, whether it may be deleted, whether its guest tells of its memory. */
import type { MachineView } from '#contract/machines.ts'
import { PencilLine, Shield, ShieldOff } from '@lucide/vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText, type MenuItem } from '../../ui/index.ts'
import { isActive } from './machine-state.ts'
import RenameDialog from './RenameDialog.vue'

const BALLOON_PERIOD_SEC = 10

/** In setup only. */
export function useMachineSettings() {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const { t } = useI18n()

  async function told(failed: string, work: () => Promise<unknown>, done?: string): Promise<void> {
    try {
      await work()
      if (done !== undefined) toasts.show({ tone: 'ok', title: done })
    } catch (error) {
      const words = errorWords(error)
      toasts.show({ tone: 'red', title: failed, text: `${words.title} ${words.next}` })
    }
  }

  async function rename(view: MachineView, serverName: string): Promise<void> {
    const newName = await dialogs.open(RenameDialog, { view, serverName })
    if (newName === undefined) return
    const names = { vm: visibleText(view.name), name: visibleText(newName) }
    toasts.show({ tone: 'ok', title: t('machine.rename.done', names) })
  }

  /** Taking the mark away is asked for: somebody set it with a purpose. */
  async function setProtected(view: MachineView, serverName: string, on: boolean): Promise<void> {
    const names = { vm: visibleText(view.name), server: visibleText(serverName) }
    const sure =
      on ||
      (await dialogs.confirm({
        title: t('machine.protection.offTitle', names),
        text: t('machine.protection.offText'),
        confirmLabel: t('machine.protection.off'),
        danger: true
      }))
    if (!sure) return
    await told(t('machine.settingFailed', names), () =>
      rpc.call('machines.setProtected', { ...view.ref, seenName: view.name, on })
    )
  }

  async function fixBalloon(view: MachineView): Promise<void> {
    const vm = visibleText(view.name)
    const input = { ...view.ref, seenName: view.name, periodSec: BALLOON_PERIOD_SEC }
    await told(
      t('machine.balloon.failed', { vm }),
      () => rpc.call('machines.setBalloonPeriod', input),
      t('machine.balloon.done', { vm })
    )
  }

  const reasonItem = (reason: string | undefined): { disabledReason?: string } =>
    reason === undefined ? {} : { disabledReason: reason }

  /** `blocked`: why nothing can be changed on the server now. */
  function menuItems(view: MachineView, serverName: string, blocked: string | undefined): MenuItem[] {
    const transient = view.persistent ? undefined : t('machine.needsPersistent')
    const running = isActive(view.state) ? t('machine.rename.needsOff') : undefined
    return [
      {
        id: 'rename',
        label: t('machine.rename.menu'),
        icon: PencilLine,
        ...reasonItem(blocked ?? transient ?? running),
        onSelect: () => void rename(view, serverName)
      },
      {
        id: 'protect',
        label: t(view.isProtected ? 'machine.protection.off' : 'machine.protection.on'),
        icon: view.isProtected ? ShieldOff : Shield,
        ...reasonItem(blocked ?? transient),
        onSelect: () => void setProtected(view, serverName, !view.isProtected)
      }
    ]
  }

  return { menuItems, fixBalloon }
}
