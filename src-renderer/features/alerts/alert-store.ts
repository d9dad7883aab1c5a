/** What is wrong now. Owns the only `alerts.watch` of this window; every badge reads from here. */
import type { Alert, AlertsNow } from '#contract/alerts.ts'
import type { AlertId, ServerId, VmRef } from '#contract/ids.ts'
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch } from '../../app/watch.ts'
import { NO_TALLY, tallies, type Tally } from './alert-tally.ts'

const NO_ALERTS: readonly Alert[] = []

export const useAlertStore = defineStore('alerts', () => {
  const now = shallowRef<AlertsNow | null>(null)
  const watch = createWatch<AlertsNow>(useRpc(), {
    open: (rpc, signal) => rpc.stream('alerts.watch', {}, { signal }),
    apply: (event) => (now.value = event),
    // The window's title tells of them also while nobody sees the window itself.
    whileHidden: true
  })

  const all = computed<readonly Alert[]>(() => now.value?.alerts ?? NO_ALERTS)
  /** Tallies of a server hold those of its VMs too. */
  const tallied = computed((before?: ReturnType<typeof tallies>) => tallies(all.value, before))
  const byId = computed(() => new Map(all.value.map((alert) => [alert.id, alert])))

  return {
    now,
    all,
    ready: watch.ready,
    error: watch.error,
    counts: computed(() => now.value?.counts ?? { red: 0, amber: 0 }),
    ownNetworkLost: computed(() => now.value?.ownNetworkLost ?? null),
    get: (id: AlertId): Alert | undefined => byId.value.get(id),
    // As computed ones, since each row and card asks them: a plain function is an action for Pinia, which wraps each call of it.
    ofServer: computed(
      () =>
        (id: ServerId): Tally =>
          tallied.value.servers.get(id) ?? NO_TALLY
    ),
    ofVm: computed(
      () =>
        (ref: VmRef): Tally =>
          tallied.value.vms.get(ref.vmUuid) ?? NO_TALLY
    ),
    restart: (): void => watch.restart(),
    hold: (): void => holdWatch(watch)
  }
})
export type AlertStore = ReturnType<typeof useAlertStore>

/** The store, with its stream held open for as long as the calling component lives. */
export function useAlerts(): AlertStore {
  const store = useAlertStore()
  store.hold()
  return store
}
