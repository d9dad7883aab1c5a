/** Which servers can take a new machine, which not and why, and the three that have the most room. Pure. */
import type { ServerId } from '#contract/ids.ts'
import type { ServerView } from '#contract/servers.ts'

export type WhyNot =
  'lookOnly' | 'stopped' | 'offline' | 'connecting' | 'noLibvirt' | 'mayNotWrite' | 'checking'

export interface ServerChoice {
  readonly view: ServerView
  /** null = it can be chosen. */
  readonly whyNot: WhyNot | null
  readonly cpuFreeRatio: number | null
  readonly cpuThreads: number | null
  readonly memoryFreeBytes: number | null
  readonly diskFreeBytes: number | null
  /** 1 to 3 among the best, with what speaks for it. */
  readonly rank: number | null
  readonly reasons: readonly ('cpu' | 'memory' | 'disk')[]
}

const BEST = 3
/** Less than this free is no recommendation, however the others do. */
const TIGHT_RATIO = 0.1
const ROOMY_RATIO = 0.5
/** More than this makes no difference to one more machine. */
const AMPLE = { threads: 8, memoryBytes: 16 * 1024 ** 3, diskBytes: 200 * 1024 ** 3 }

export function whyNotOn({ record, connection, capabilities }: ServerView): WhyNot | null {
  if (record.lookOnly) return 'lookOnly'
  if (connection.kind === 'stopped') return 'stopped'
  if (connection.kind === 'offline') return 'offline'
  if (connection.kind === 'connecting') return 'connecting'
  const reads = capabilities.find(({ id }) => id === 'libvirt')
  const writes = capabilities.find(({ id }) => id === 'libvirtWrite')
  if (reads === undefined) return 'checking'
  if (!reads.works) return 'noLibvirt'
  return writes?.works === true ? null : 'mayNotWrite'
}

interface Room {
  readonly cpu: number | null
  readonly memory: number | null
  readonly disk: number | null
}

const freeRatio = (used: number | null | undefined): number | null =>
  used === null || used === undefined ? null : Math.max(0, 1 - used)

const freeOf = (total: number | null | undefined, free: number | null): number | null =>
  total === null || total === undefined || free === null ? null : total * free

/** What is free may be a large share of little: measured by what a machine of some size takes. */
const roomOf = (ratio: number | null, free: number | null, ample: number): number | null =>
  ratio === null || free === null ? null : Math.min(ratio, free / ample)

/** The narrowest of the three decides; among equals the sum. A value that is not known speaks against it. */
function score({ cpu, memory, disk }: Room): number {
  const ratios = [cpu ?? 0, memory ?? 0, disk ?? 0]
  return Math.min(...ratios) * 10 + ratios.reduce((sum, ratio) => sum + ratio, 0)
}

/** All servers: those that can be chosen first, the best at the top. */
export function serverChoices(views: readonly ServerView[]): readonly ServerChoice[] {
  const rated = views.map((view) => {
    const { now } = view
    const cpuFreeRatio = freeRatio(now?.cpuUsedRatio)
    const memoryFreeRatio = freeRatio(now?.memoryUsedRatio)
    const diskFreeRatio = freeRatio(now?.diskUsedRatio)
    const memoryFreeBytes = freeOf(now?.memoryTotalBytes, memoryFreeRatio)
    const diskFreeBytes = freeOf(now?.diskTotalBytes, diskFreeRatio)
    const room: Room = {
      cpu: roomOf(cpuFreeRatio, freeOf(now?.cpuThreads, cpuFreeRatio), AMPLE.threads),
      memory: roomOf(memoryFreeRatio, memoryFreeBytes, AMPLE.memoryBytes),
      disk: roomOf(diskFreeRatio, diskFreeBytes, AMPLE.diskBytes)
    }
    const cpuThreads = now?.cpuThreads ?? null
    return { view, room, whyNot: whyNotOn(view), cpuFreeRatio, cpuThreads, memoryFreeBytes, diskFreeBytes }
  })
  const best = rated
    .filter(
      ({ whyNot, room }) =>
        whyNot === null && Math.min(room.cpu ?? 0, room.memory ?? 0, room.disk ?? 0) > TIGHT_RATIO
    )
    .toSorted((a, b) => score(b.room) - score(a.room))
    .slice(0, BEST)
    .map(({ view }): ServerId => view.record.id)
  return rated
    .map(({ room, ...choice }): ServerChoice => {
      const at = best.indexOf(choice.view.record.id)
      return {
        ...choice,
        rank: at < 0 ? null : at + 1,
        reasons:
          at < 0
            ? []
            : (['cpu', 'memory', 'disk'] as const).filter((what) => (room[what] ?? 0) >= ROOMY_RATIO)
      }
    })
    .toSorted(
      (a, b) =>
        Number(a.whyNot !== null) - Number(b.whyNot !== null) ||
        (a.rank ?? BEST + 1) - (b.rank ?? BEST + 1) ||
        a.view.record.name.localeCompare(b.view.record.name)
    )
}
