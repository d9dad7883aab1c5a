/** What a query asks for, resolved to numbers: which codes of which entities of which servers. */
import type { EntityRef, SeriesRef } from '#contract/history.ts'
import { codedKind, entityName } from './catalogue.ts'
import type { Registry, ServerEntry } from './registry.ts'

/** One metric of one entity: one line of a chart, one column of an export. */
export interface Column {
  readonly index: number
  readonly entity: EntityRef
  readonly metric: string
  readonly code: number
  readonly scale: number
}

export interface EntityPlan {
  readonly entityId: number
  readonly kind: EntityRef['kind']
  readonly columns: Column[]
  /** 1 + the largest code wanted. */
  codes: number
}

export interface ServerPlan {
  readonly server: ServerEntry
  readonly entities: Map<number, EntityPlan>
}

export interface ReadPlan {
  /** All that was asked for, in its order; those that never had a value too. */
  readonly columns: readonly Column[]
  /** Only what has (or had) values. */
  readonly servers: readonly ServerPlan[]
  /** First and last time at which any of the entities was seen; null when none ever was. */
  readonly seen: { readonly firstAtMs: number; readonly lastAtMs: number } | null
}

export function planRead(registry: Registry, series: readonly SeriesRef[]): ReadPlan {
  const columns: Column[] = []
  const servers = new Map<number, ServerPlan>()
  let firstAtMs = Infinity
  let lastAtMs = -Infinity
  for (const { entity: ref, metrics } of series) {
    const server = registry.find(ref.serverId)
    const entity = server?.entities.get(entityName(ref.kind, ref.key))
    for (const metric of metrics) {
      const coded = codedKind(ref.kind).byName.get(metric)
      const column: Column = {
        index: columns.length,
        entity: ref,
        metric,
        code: coded?.code ?? 0,
        scale: coded?.scale ?? 1
      }
      columns.push(column)
      if (server === undefined || entity === undefined || coded === undefined) continue
      firstAtMs = Math.min(firstAtMs, entity.firstAtMs)
      lastAtMs = Math.max(lastAtMs, entity.lastAtMs)
      let serverPlan = servers.get(server.number)
      if (serverPlan === undefined) {
        serverPlan = { server, entities: new Map() }
        servers.set(server.number, serverPlan)
      }
      let plan = serverPlan.entities.get(entity.id)
      if (plan === undefined) {
        plan = { entityId: entity.id, kind: entity.kind, columns: [], codes: 1 }
        serverPlan.entities.set(entity.id, plan)
      }
      plan.columns.push(column)
      plan.codes = Math.max(plan.codes, column.code + 1)
    }
  }
  const seen = firstAtMs === Infinity ? null : { firstAtMs, lastAtMs }
  return { columns, servers: [...servers.values()], seen }
}
