/** Names of series, as long as they must be to tell them apart. Pure: words come in. */
import type { EntityRef } from '#contract/history.ts'
import { isEntity, type SeriesId } from './choice.ts'

export interface SeriesWords {
  readonly metric: (series: SeriesId) => string
  /** A server's or a VM's name, a disk's, an interface's, a mount point; remote text made visible. */
  readonly entity: (entity: EntityRef) => string
  readonly server: (entity: EntityRef) => string
}

export interface SeriesName {
  /** '' where all series are of one entity. */
  readonly whose: string
  /** '' where all series are of one metric, and of several entities. */
  readonly metric: string
}

/** Names of servers often differ at their end only: the middle is left out. By characters, not by code units. */
export function shortened(text: string, most: number): string {
  const characters = [...text]
  if (characters.length <= most) return text
  const end = Math.floor((most - 1) / 2)
  return `${characters.slice(0, most - 1 - end).join('')}…${characters.slice(-end).join('')}`
}

const sameMetric = (one: SeriesId, other: SeriesId): boolean =>
  one.metric === other.metric && one.entity.kind === other.entity.kind

/** @param most characters of `whose` */
export function seriesName(
  series: SeriesId,
  all: readonly SeriesId[],
  words: SeriesWords,
  most = 22
): SeriesName {
  const { entity } = series
  const metric = words.metric(series)
  if (all.every((other) => isEntity(other.entity, entity))) return { whose: '', metric }
  const severalServers = all.some((other) => other.entity.serverId !== entity.serverId)
  const own = shortened(words.entity(entity), most)
  const whose =
    entity.kind !== 'server' && severalServers ? `${shortened(words.server(entity), most)} / ${own}` : own
  return { whose, metric: all.every((other) => sameMetric(other, series)) ? '' : metric }
}

/** `CPU used`, `kvm-alpha`, `kvm-alpha · CPU used`, `kvm-alpha / sda · Busy`. */
export const nameText = ({ whose, metric }: SeriesName): string =>
  [whose, metric].filter((part) => part !== '').join(' · ')

/** What all series have in common, where they are told apart by their entities alone; '' otherwise. */
export function commonMetric(all: readonly SeriesId[], words: SeriesWords): string {
  const [first, ...others] = all
  return first !== undefined && others.length > 0 && others.every((other) => sameMetric(other, first))
    ? words.metric(first)
    : ''
}
