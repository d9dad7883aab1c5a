/** Which servers can take a new machine, which not and why, and the three that are the best choice for one. Pure. */
import type { Recommendation } from '#contract/fleet-figures.ts'
import type { ServerId } from '#contract/ids.ts'
import type { ServerView } from '#contract/servers.ts'

export type WhyNot =
  'lookOnly' | 'stopped' | 'offline' | 'connecting' | 'noLibvirt' | 'mayNotWrite' | 'checking'

export interface ServerChoice {
  readonly view: ServerView
  /** null = it can be chosen. */
  readonly whyNot: WhyNot | null
  /** null = it is not judged yet. */
  readonly recommendation: Recommendation | null
  readonly cpuFreeRatio: number | null
  readonly cpuThreads: number | null
  readonly memoryFreeBytes: number | null
  readonly diskFreeBytes: number | null
  /** 1 to 3 among the best. */
  readonly rank: number | null
}

const BEST = 3
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

const freeRatio = (used: number | null | undefined): number | null =>
  used === null || used === undefined ? null : Math.max(0, 1 - used)

const freeOf = (total: number | null | undefined, free: number | null): number | null =>
  total === null || total === undefined || free === null ? null : total * free

/** Of what a machine of some size takes; what is not known speaks against it. */
const roomOf = (free: number | null, ample: number): number => Math.min(1, (free ?? 0) / ample)

/** The narrowest of the three decides; among equals the sum. */
function score(rooms: readonly number[]): number {
  return Math.min(...rooms) * 10 + rooms.reduce((sum, room) => sum + room, 0)
}

/** All servers: those that can be chosen first, the best at the top. Those one had better not take are no best ones. */
export function serverChoices(
  views: readonly ServerView[],
  recommendationOf: (serverId: ServerId) => Recommendation | undefined
): readonly ServerChoice[] {
  const rated = views.map((view) => {
    const { now } = view
    const recommendation = recommendationOf(view.record.id) ?? null
    const cpuFreeRatio = freeRatio(now?.cpuUsedRatio)
    const memoryFreeBytes = freeOf(now?.memoryTotalBytes, freeRatio(now?.memoryUsedRatio))
    const diskFreeBytes = freeOf(now?.diskTotalBytes, freeRatio(now?.diskUsedRatio))
    const points = score([
      roomOf(recommendation?.freeCpuThreads ?? null, AMPLE.threads),
      roomOf(recommendation?.freeMemoryBytes ?? null, AMPLE.memoryBytes),
      roomOf(diskFreeBytes, AMPLE.diskBytes)
    ])
    return {
      points,
      choice: {
        view,
        whyNot: whyNotOn(view),
        recommendation,
        cpuFreeRatio,
        cpuThreads: now?.cpuThreads ?? null,
        memoryFreeBytes,
        diskFreeBytes
      }
    }
  })
  const best = rated
    .filter(({ choice }) => choice.whyNot === null && (choice.recommendation?.level ?? 'poor') !== 'poor')
    .toSorted(
      (a, b) =>
        Number(b.choice.recommendation?.level === 'good') -
          Number(a.choice.recommendation?.level === 'good') || b.points - a.points
    )
    .slice(0, BEST)
    .map(({ choice }): ServerId => choice.view.record.id)
  return rated
    .map(({ choice }): ServerChoice => {
      const at = best.indexOf(choice.view.record.id)
      return { ...choice, rank: at < 0 ? null : at + 1 }
    })
    .toSorted(
      (a, b) =>
        Number(a.whyNot !== null) - Number(b.whyNot !== null) ||
        (a.rank ?? BEST + 1) - (b.rank ?? BEST + 1) ||
        a.view.record.name.localeCompare(b.view.record.name)
    )
}
