/** What can be done to a process, and why not. Confirmed before, told exactly after. */
import type { ProcessRow, ProcessSignal } from '#contract/processes.ts'
import type { ServerView } from '#contract/servers.ts'
import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts, visibleText } from '../../ui/index.ts'
import ReniceDialog from './ReniceDialog.vue'

export interface ProcessActs {
  /** Why nothing can be done; '' = it can. */
  readonly blocked: ComputedRef<string>
  send(process: ProcessRow, signal: ProcessSignal): Promise<void>
  renice(process: ProcessRow): Promise<void>
}

/** In setup only. */
export function useProcessActs(server: () => ServerView): ProcessActs {
  const rpc = useRpc()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  const { t } = useI18n()

  const blocked = computed(() => {
    if (server().record.lookOnly) return t('processes.blocked.lookOnly')
    return server().connection.kind === 'online' ? '' : t('processes.blocked.notConnected')
  })
  const namesOf = (process: ProcessRow) => ({
    name: visibleText(process.name),
    pid: process.pid,
    user: visibleText(process.user ?? (process.uid === null ? '?' : String(process.uid))),
    server: visibleText(server().record.name)
  })

  return {
    blocked,
    async send(process, signal) {
      const names = namesOf(process)
      const confirmed = await dialogs.confirm({
        title: t(`processes.confirm.${signal}Title`, names),
        text: `${t('processes.confirm.who', names)} ${t(`processes.confirm.${signal}Text`)}`,
        confirmLabel: t(`processes.confirm.${signal}`),
        danger: true
      })
      if (!confirmed) return
      const { pid, startTicks } = process
      try {
        const { outcome } = await rpc.call('processes.signal', {
          serverId: server().record.id,
          process: { pid, startTicks },
          signal
        })
        toasts.show({
          tone: outcome === 'ended' ? 'ok' : 'amber',
          title: t(`processes.outcome.${outcome}`, names)
        })
      } catch (error) {
        const said = errorWords(error)
        const text = [said.detail, said.next].filter((part) => part !== '').join(' ')
        toasts.show({ tone: 'red', title: said.title, text })
      }
    },
    async renice(process) {
      const names = namesOf(process)
      const nice = await dialogs.open(ReniceDialog, { process, serverId: server().record.id, names })
      if (typeof nice !== 'number' && nice !== 'gone') return
      const outcome = nice === 'gone' ? 'gone' : 'done'
      toasts.show({
        tone: outcome === 'done' ? 'ok' : 'amber',
        title: t(`processes.outcome.${outcome}`, { ...names, nice })
      })
    }
  }
}
