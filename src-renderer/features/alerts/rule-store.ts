/** Rules, quiet times and channels as the engine has them, followed while a page shows them. */
import type { AlertRule } from '#contract/alert-rules.ts'
import type { ChannelView } from '#contract/alert-channels.ts'
import type { MaintenanceView, Silence } from '#contract/alerts.ts'
import type { RuleId } from '#contract/ids.ts'
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch, type Watch } from '../../app/watch.ts'

/** What every store of a watch gives; `hold` is for setup: it holds the stream for the life of the component. */
const followed = (watch: Watch) => ({
  ready: watch.ready,
  error: watch.error,
  restart: (): void => watch.restart(),
  hold: (): void => holdWatch(watch)
})

export const useRuleStore = defineStore('alertRules', () => {
  const rules = shallowRef<readonly AlertRule[]>([])
  const watch = createWatch<{ rules: AlertRule[] }>(useRpc(), {
    open: (rpc, signal) => rpc.stream('alertRules.watch', {}, { signal }),
    apply: (event) => (rules.value = event.rules)
  })
  const byId = computed(() => new Map(rules.value.map((rule) => [rule.id, rule])))
  return { rules, get: (id: RuleId): AlertRule | undefined => byId.value.get(id), ...followed(watch) }
})

export const useQuietStore = defineStore('alertQuiet', () => {
  const silences = shallowRef<readonly Silence[]>([])
  const maintenances = shallowRef<readonly MaintenanceView[]>([])
  const watch = createWatch<{ silences: Silence[]; maintenances: MaintenanceView[] }>(useRpc(), {
    open: (rpc, signal) => rpc.stream('alerts.watchQuiet', {}, { signal }),
    apply(event) {
      silences.value = event.silences
      maintenances.value = event.maintenances
    }
  })
  return { silences, maintenances, ...followed(watch) }
})

export const useChannelStore = defineStore('alertChannels', () => {
  const channels = shallowRef<readonly ChannelView[]>([])
  const canKeepSecrets = shallowRef(true)
  const watch = createWatch<{ channels: ChannelView[]; canKeepSecrets: boolean }>(useRpc(), {
    open: (rpc, signal) => rpc.stream('alertChannels.watch', {}, { signal }),
    apply(event) {
      channels.value = event.channels
      canKeepSecrets.value = event.canKeepSecrets
    }
  })
  return { channels, canKeepSecrets, ...followed(watch) }
})
