/** What the operator does with alerts; failures are told as toasts. */
import type { Alert } from '#contract/alerts.ts'
import { useI18n } from 'vue-i18n'
import { useRouter, type RouteLocationRaw } from 'vue-router'
import { useRpc } from '../../app/rpc-provider.ts'
import { toMachine, toServer } from '../../app/routes.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts } from '../../ui/index.ts'
import AcknowledgeDialog from './AcknowledgeDialog.vue'
import { useAlertWords } from './alert-words.ts'
import SilenceDialog from './SilenceDialog.vue'

export interface AlertActs {
  acknowledge(alert: Alert): Promise<void>
  silence(alert: Alert): Promise<void>
  /** The page of what it is about. */
  open(alert: Alert): void
  pageOf(alert: Alert): RouteLocationRaw
  /** Runs it and tells how it went. */
  attempt(work: () => Promise<unknown>, done?: string): Promise<boolean>
}

/** In setup only. */
export function useAlertActs(): AlertActs {
  const { t } = useI18n()
  const rpc = useRpc()
  const router = useRouter()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const words = useAlertWords()

  async function attempt(work: () => Promise<unknown>, done = ''): Promise<boolean> {
    try {
      await work()
      if (done !== '') toasts.show({ tone: 'ok', title: done })
      return true
    } catch (error) {
      // Told to the operator; what was asked for has not happened.
      const said = errorWords(error)
      toasts.show({ tone: 'red', title: said.title, text: said.next })
      return false
    }
  }
  function pageOf(alert: Alert): RouteLocationRaw {
    if (alert.vmUuid !== null) return toMachine(alert.serverId, alert.vmUuid)
    return toServer(alert.serverId, alert.process === null ? undefined : 'processes')
  }
  return {
    attempt,
    pageOf,
    open: (alert) => void router.push(pageOf(alert)),
    async acknowledge(alert) {
      const answer = await dialogs.open(AcknowledgeDialog, { alert })
      if (answer === undefined) return
      const target = words.target(alert)
      if (answer === 'takeBack')
        await attempt(
          () => rpc.call('alerts.takeBackAcknowledge', { alertId: alert.id }),
          t('alerts.acknowledge.takenBack', { target })
        )
      else
        await attempt(
          () => rpc.call('alerts.acknowledge', { alertId: alert.id, note: answer.note }),
          t('alerts.acknowledge.done', { target })
        )
    },
    async silence(alert) {
      const silence = await dialogs.open(SilenceDialog, { alert })
      if (silence === undefined) return
      await attempt(
        () => rpc.call('alerts.silence', silence),
        t('alerts.silence.done', { target: words.target(alert) })
      )
    }
  }
}
