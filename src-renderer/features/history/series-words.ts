/** Names of series, as long as they must be to tell them apart. Pure: words come in. */
import type { EntityRef } from '#contract/history.ts'
import { isEntity, type Chosen, type SeriesId } from './choice.ts'

export interface SeriesWords {
  readonly metric: (series: SeriesId) => string
  /** A server's or a VM's name, a disk's, an interface's, a mount point; remote text made visible. */
  readonly entity: (entity: EntityRef) => string
  readonly server: (entity: EntityRef) => string
}

/** `CPU used`; `kvm-alpha · CPU used` where there are several entities; `kvm-alpha / sda · Busy` where several servers. */
export function seriesLabel(series: SeriesId, all: readonly Chosen[], words: SeriesWords): string {
  const { entity } = series
  const metric = words.metric(series)
  if (all.every((other) => isEntity(other.entity, entity))) return metric
  const severalServers = all.some((other) => other.entity.serverId !== entity.serverId)
  const whose =
    entity.kind !== 'server' && severalServers
      ? `${words.server(entity)} / ${words.entity(entity)}`
      : words.entity(entity)
  return `${whose} · ${metric}`
}
