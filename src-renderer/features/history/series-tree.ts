/** What can be chosen of a server: entities with their metrics, and which of them a search finds. Pure. */
import type { EntityInfo, EntityRef } from '#contract/history.ts'
import { METRICS, type EntityKind } from '#contract/metric-catalogue.ts'
import type { SeriesId } from './choice.ts'

export interface EntityNode {
  readonly entity: EntityRef
  readonly name: string
  /** A mount's device, say; '' when there is nothing more to tell. */
  readonly note: string
  readonly metrics: readonly { readonly series: SeriesId; readonly name: string }[]
}

export interface TreeWords {
  readonly metric: (series: SeriesId) => string
  readonly entity: (entity: EntityRef) => string
}

const KINDS: readonly EntityKind[] = ['server', 'vm', 'disk', 'mount', 'interface']
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** The server first, then VMs, disks, mounts and interfaces by name. */
export function entityNodes(
  own: EntityRef,
  entities: readonly EntityInfo[],
  words: TreeWords
): readonly EntityNode[] {
  const all = entities.some(({ entity }) => entity.kind === 'server')
    ? entities
    : [{ entity: own, label: '', firstAtMs: 0, lastAtMs: 0 }, ...entities]
  return all
    .map(({ entity, label }) => ({
      entity,
      name: words.entity(entity),
      note: entity.kind === 'mount' ? label : '',
      metrics: Object.keys(METRICS[entity.kind]).map((metric) => {
        const series = { entity, metric }
        return { series, name: words.metric(series) }
      })
    }))
    .sort(
      (one, other) =>
        KINDS.indexOf(one.entity.kind) - KINDS.indexOf(other.entity.kind) ||
        collator.compare(one.name, other.name)
    )
}

/** Nodes with the metrics that hold all words of the search, in their own name or their entity's. */
export function searchNodes(
  nodes: readonly EntityNode[],
  search: string,
  kindWord: (kind: EntityKind) => string
): readonly EntityNode[] {
  const terms = search
    .toLowerCase()
    .split(/\s+/)
    .filter((term) => term !== '')
  if (terms.length === 0) return nodes
  return nodes
    .map((node) => {
      const whose = `${node.name} ${node.note} ${kindWord(node.entity.kind)}`.toLowerCase()
      return {
        ...node,
        metrics: node.metrics.filter(({ name, series }) => {
          const text = `${whose} ${name} ${series.metric}`.toLowerCase()
          return terms.every((term) => text.includes(term))
        })
      }
    })
    .filter((node) => node.metrics.length > 0)
}
