/**
 * Acting on a VM: asks first where there is no way back, sends the name that was seen, and remembers what is under way and
 * what went wrong for as long as the window lives, so that leaving the page loses neither.
 */
import type { MachineView } from '#contract/machines.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { CirclePause, CirclePlay } from '@lucide/vue'
import { shallowReactive } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText, type MenuItem } from '../../ui/index.ts'
import { machineKey, type MachineKey } from '../machines/index.ts'

export interface ActionState {
  readonly pending: MachineAction | null
  /** Of the last action that failed. */
  readonly failed: { readonly action: MachineAction; readonly error: unknown } | null
  /** The guest was asked to end or to reboot; it does so in its own time. */
  readonly asked: {
    readonly action: 'shutDown' | 'reboot'
    readonly atMs: number
    readonly state: string
  } | null
}

const IDLE: ActionState = { pending: null, failed: null, asked: null }
const states = shallowReactive(new Map<MachineKey, ActionState>())

/** In setup only. */
export function useMachineActions() {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const { t } = useI18n()

  const stateOf = (view: MachineView): ActionState => states.get(machineKey(view.ref)) ?? IDLE
  const set = (view: MachineView, change: Partial<ActionState>): void => {
    states.set(machineKey(view.ref), { ...stateOf(view), ...change })
  }

  function startsTemplate(view: MachineView, serverName: string): Promise<boolean> {
    const names = { vm: visibleText(view.name), server: visibleText(serverName) }
    return dialogs.confirm({
      title: t('clones.startTemplate.title', names),
      text: t('clones.startTemplate.text', names),
      confirmLabel: t('clones.startTemplate.confirm'),
      danger: true
    })
  }

  /** What a tired operator can regret is asked for: by Enter where the guest itself ends in order, with Cancel in focus where it does not. */
  async function confirmed(view: MachineView, action: MachineAction, serverName: string): Promise<boolean> {
    if (action === 'start' && view.template) return startsTemplate(view, serverName)
    if (action !== 'shutDown' && action !== 'reboot' && action !== 'forceOff') return true
    const names = { vm: visibleText(view.name), server: visibleText(serverName) }
    return dialogs.confirm({
      title: t(`machine.confirm.${action}.title`, names),
      text: t(`machine.confirm.${action}.text`, names),
      confirmLabel: t(`machine.action.${action}`),
      danger: action === 'forceOff'
    })
  }

  /** Resolves when the server has answered. Failures are kept in `stateOf(view).failed`. */
  async function act(view: MachineView, action: MachineAction, serverName: string): Promise<void> {
    if (stateOf(view).pending !== null || !(await confirmed(view, action, serverName))) return
    set(view, { pending: action, failed: null, asked: null })
    try {
      const { outcome } = await rpc.call('machines.act', { ...view.ref, action, seenName: view.name })
      const waits = (action === 'shutDown' || action === 'reboot') && outcome === 'done'
      set(view, {
        pending: null,
        asked: waits ? { action, atMs: Date.now(), state: view.state } : null
      })
      if (outcome === 'already')
        toasts.show({ tone: 'plain', title: t(`machine.already.${action}`, { vm: visibleText(view.name) }) })
    } catch (error) {
      set(view, { pending: null, failed: { action, error } })
    }
  }

  /** Starts or stops keeping its values; stopping is asked for, with what it means. A failure is told in a toast. */
  async function setCollecting(view: MachineView, collecting: boolean): Promise<void> {
    const vm = visibleText(view.name)
    const sure =
      collecting ||
      (await dialogs.confirm({
        title: t('machine.collecting.stopTitle', { vm }),
        text: t('machine.collecting.stopText'),
        confirmLabel: t('machine.collecting.stop')
      }))
    if (!sure) return
    try {
      await rpc.call('machines.setCollecting', { ...view.ref, collecting })
    } catch (error) {
      const words = errorWords(error)
      toasts.show({ tone: 'red', title: `${vm}: ${words.title}`, text: words.next })
    }
  }

  /** The one of the two that can be done. */
  const collectingItem = (view: MachineView): MenuItem => ({
    id: 'collecting',
    label: t(view.collecting ? 'machine.collecting.stop' : 'machine.collecting.start'),
    icon: view.collecting ? CirclePause : CirclePlay,
    onSelect: () => void setCollecting(view, !view.collecting)
  })

  return {
    stateOf,
    act,
    setCollecting,
    collectingItem,
    forget: (view: MachineView) => states.delete(machineKey(view.ref))
  }
}
