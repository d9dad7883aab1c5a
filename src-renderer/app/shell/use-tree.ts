/** The rows of the tree, and which of them are open. */
import type { ServerId } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import type { ServerView } from '#contract/servers.ts'
import { computed, shallowReactive, type ComputedRef, type Ref } from 'vue'
import { useMachinesStore } from '../../features/machines/index.ts'
import { useServersStore } from '../../features/servers/index.ts'
import { useRemembered } from '../remembered.ts'
import { keepMachines, keepServers, treeRows, type TreeGroupBy, type TreeRow } from './tree-rows.ts'

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

export interface Tree {
  readonly groupBy: Ref<TreeGroupBy>
  readonly rows: ComputedRef<readonly TreeRow[]>
  setOpen: (row: TreeRow, open: boolean) => void
  /** In every group it stands in. */
  openServer: (serverId: string) => void
}

export function useTree(): Tree {
  const servers = useServersStore()
  const machines = useMachinesStore()
  const groupBy = useRemembered('tree.group', ['location', 'tag'])
  const closed = shallowReactive(new Set<string>())
  const opened = shallowReactive(new Set<string>())

  const shownServers = computed<readonly ServerView[]>((before) => keepServers(before, servers.all))
  const shownMachines = computed<readonly MachineView[]>((before) => keepMachines(before, machines.all))
  const machinesByServer = computed(() => {
    const groups = new Map<ServerId, MachineView[]>()
    for (const machine of shownMachines.value) {
      const group = groups.get(machine.ref.serverId)
      if (group === undefined) groups.set(machine.ref.serverId, [machine])
      else group.push(machine)
    }
    for (const group of groups.values()) group.sort((a, b) => collator.compare(a.name, b.name))
    return groups
  })
  const rows = computed(() =>
    treeRows(shownServers.value, (id) => machinesByServer.value.get(id) ?? [], groupBy.value, closed, opened)
  )

  return {
    groupBy,
    rows,
    setOpen(row, open) {
      if (row.kind === 'machine') return
      // Groups are open, servers closed to begin with.
      const changed = row.kind === 'group' ? closed : opened
      if (open === (row.kind === 'server')) changed.add(row.key)
      else changed.delete(row.key)
    },
    openServer(serverId) {
      for (const row of rows.value) {
        if (row.kind === 'server' && row.server.record.id === serverId) opened.add(row.key)
      }
    }
  }
}
