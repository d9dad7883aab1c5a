/** The VMs of all servers as the engine sees them now. Owns the only `machines.watch` of this window. */
import type { ServerId, VmRef, VmUuid } from '#contract/ids.ts'
import type { MachinesEvent, MachineView } from '#contract/machines.ts'
import { defineStore } from 'pinia'
import { computed, shallowRef, triggerRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch } from '../../app/watch.ts'

/** One text per VM: names change and repeat, this pair does not. */
export type MachineKey = `${ServerId}/${VmUuid}`
export const machineKey = (ref: VmRef): MachineKey => `${ref.serverId}/${ref.vmUuid}`

const NO_MACHINES: readonly MachineView[] = []

export const useMachinesStore = defineStore('machines', () => {
  const byKey = shallowRef(new Map<MachineKey, MachineView>())
  let revision = -1

  const watch = createWatch<MachinesEvent>(useRpc(), {
    open: (rpc, signal) => rpc.stream('machines.watch', {}, { signal }),
    apply(event) {
      if (event.kind === 'snapshot') {
        revision = event.revision
        byKey.value = new Map(event.machines.map((view) => [machineKey(view.ref), view]))
        return
      }
      if (event.revision !== revision + 1) {
        watch.restart()
        return
      }
      revision = event.revision
      for (const view of event.changed) byKey.value.set(machineKey(view.ref), view)
      for (const ref of event.removed) byKey.value.delete(machineKey(ref))
      triggerRef(byKey)
    }
  })

  const all = computed<readonly MachineView[]>(() => [...byKey.value.values()])
  /** Sorted by name within each server. */
  const byServer = computed<ReadonlyMap<ServerId, readonly MachineView[]>>(() => {
    const groups = new Map<ServerId, MachineView[]>()
    for (const view of all.value) {
      const group = groups.get(view.ref.serverId)
      if (group === undefined) groups.set(view.ref.serverId, [view])
      else group.push(view)
    }
    for (const group of groups.values()) group.sort((a, b) => collator.compare(a.name, b.name))
    return groups
  })

  return {
    byKey,
    all,
    byServer,
    ready: watch.ready,
    error: watch.error,
    get: (ref: VmRef): MachineView | undefined => byKey.value.get(machineKey(ref)),
    ofServer: (serverId: ServerId): readonly MachineView[] => byServer.value.get(serverId) ?? NO_MACHINES,
    hold: (): void => holdWatch(watch),
    acquire: (): (() => void) => watch.acquire()
  }
})
export type MachinesStore = ReturnType<typeof useMachinesStore>

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** The store, with its stream held open for as long as the calling component lives. */
export function useMachines(): MachinesStore {
  const store = useMachinesStore()
  store.hold()
  return store
}
