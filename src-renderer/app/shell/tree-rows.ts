/** The tree of servers as flat rows, for keyboard and virtual lists alike. Pure. */
import type { MachineView } from '#contract/machines.ts'
import type { ServerId } from '#contract/ids.ts'
import type { ServerView } from '#contract/servers.ts'
import { serverDot } from '../../features/servers/index.ts'
import { machineDot } from './machine-dot.ts'

export type TreeGroupBy = 'location' | 'tag'

export type TreeRow =
  | {
      readonly kind: 'group'
      readonly key: string
      readonly name: string
      readonly count: number
      readonly open: boolean
    }
  | {
      readonly kind: 'server'
      readonly key: string
      readonly server: ServerView
      readonly open: boolean
      readonly expandable: boolean
    }
  | {
      readonly kind: 'machine'
      readonly key: string
      readonly machine: MachineView
      readonly serverId: ServerId
    }

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** `closed` holds keys of groups, `opened` keys of servers: groups are open and servers closed to begin with. */
export function treeRows(
  servers: readonly ServerView[],
  machinesOf: (id: ServerId) => readonly MachineView[],
  groupBy: TreeGroupBy,
  closed: ReadonlySet<string>,
  opened: ReadonlySet<string>
): readonly TreeRow[] {
  const groups = new Map<string, ServerView[]>()
  for (const server of servers) {
    const { location, tags } = server.record
    const names = groupBy === 'location' ? [location] : tags.length === 0 ? [''] : tags
    for (const name of names) groups.set(name, [...(groups.get(name) ?? []), server])
  }
  const rows: TreeRow[] = []
  const ordered = [...groups].sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : collator.compare(a, b)))
  for (const [name, members] of ordered) {
    const key = `g:${name}`
    const open = !closed.has(key)
    rows.push({ kind: 'group', key, name, count: members.length, open })
    if (!open) continue
    members.sort((a, b) => collator.compare(a.record.name, b.record.name))
    for (const server of members) {
      const machines = machinesOf(server.record.id)
      const serverKey = `${key}/${server.record.id}`
      const serverOpen = machines.length > 0 && opened.has(serverKey)
      rows.push({ kind: 'server', key: serverKey, server, open: serverOpen, expandable: machines.length > 0 })
      if (!serverOpen) continue
      for (const machine of machines) {
        rows.push({
          kind: 'machine',
          key: `${serverKey}/${machine.ref.vmUuid}`,
          machine,
          serverId: server.record.id
        })
      }
    }
  }
  return rows
}

/** What the tree shows of a server; everything else about it may change without a new drawing. */
const serverFace = (view: ServerView): string =>
  [
    view.record.id,
    view.record.name,
    view.record.location,
    view.record.tags.join(' '),
    serverDot(view),
    view.presence,
    view.connection.kind,
    view.machinesTotal
  ].join('\n')
const machineFace = (view: MachineView): string =>
  [view.ref.serverId, view.ref.vmUuid, view.name, machineDot(view)].join('\n')

/**
 * Gives back `before` while nothing that the tree shows has changed. Values change at every tick, names and states
 * hardly ever; comparing is far cheaper than drawing.
 */
function keepIfSame<T>(
  before: readonly T[] | undefined,
  now: readonly T[],
  face: (item: T) => string
): readonly T[] {
  if (before?.length !== now.length) return now
  return now.every((item, index) => {
    const old = before[index]
    return old === item || (old !== undefined && face(old) === face(item))
  })
    ? before
    : now
}
export const keepServers = (
  before: readonly ServerView[] | undefined,
  now: readonly ServerView[]
): readonly ServerView[] => keepIfSame(before, now, serverFace)
export const keepMachines = (
  before: readonly MachineView[] | undefined,
  now: readonly MachineView[]
): readonly MachineView[] => keepIfSame(before, now, machineFace)
