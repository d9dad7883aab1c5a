/**
 * Who is who: what has the id of something here is that; what has not, but its name, is that too and takes its id, so that
 * history, rules and secrets go on. Everything in the file that points at it follows.
 */
import type { AlertScope } from '#contract/alert-rules.ts'
import type { ChannelId, RuleId, ServerId } from '#contract/ids.ts'
import type { Configuration } from './configuration.ts'
import { nameKey } from './name-key.ts'

/** Ids of the file → ids here, where they differ. */
export interface Adopted {
  readonly configuration: Configuration
  readonly ids: ReadonlyMap<string, string>
}

export function adoptIds(file: Configuration, here: Configuration): Adopted {
  const ids = new Map<string, string>([
    ...sameNames(file.servers, here.servers, ({ name }) => name),
    ...sameNames(file.rules, here.rules, ({ name }) => name),
    ...sameNames(file.maintenances, here.maintenances, ({ name }) => name),
    ...sameNames(file.channels, here.channels, ({ channel }) => channel.name),
    ...sameNames(file.engines, here.engines, ({ settings }) => settings.name)
  ])
  return { configuration: ids.size === 0 ? file : renamed(file, ids), ids }
}

/** Pairs of one name, where it stands once on each side, among those that no id pairs. */
function sameNames<T extends { readonly id: string }>(
  file: readonly T[],
  here: readonly T[],
  nameOf: (one: T) => string | null
): [string, string][] {
  const idsHere = new Set(here.map(({ id }) => id))
  const idsInFile = new Set(file.map(({ id }) => id))
  const left = byName(
    here.filter(({ id }) => !idsInFile.has(id)),
    nameOf
  )
  const incoming = byName(
    file.filter(({ id }) => !idsHere.has(id)),
    nameOf
  )
  return [...incoming].flatMap(([name, ofFile]): [string, string][] => {
    const ofHere = left.get(name) ?? []
    const [a, b] = [ofFile[0], ofHere[0]]
    return ofFile.length === 1 && ofHere.length === 1 && a && b ? [[a.id, b.id]] : []
  })
}

function byName<T>(list: readonly T[], nameOf: (one: T) => string | null): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const name = nameOf(one)
    if (name === null) continue
    const key = nameKey(name)
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return groups
}

function renamed(file: Configuration, ids: ReadonlyMap<string, string>): Configuration {
  const here = <I extends string>(id: I): I => (ids.get(id) ?? id) as I
  const orNull = <I extends string>(id: I | null): I | null => (id === null ? null : here(id))
  const scope = (one: AlertScope): AlertScope =>
    one.kind === 'server' ? { ...one, serverId: here<ServerId>(one.serverId) } : one
  return {
    ...file,
    servers: file.servers.map((server) => {
      const { wake } = server.options
      const options =
        wake === undefined ? server.options : { ...server.options, wake: { ...wake, via: orNull(wake.via) } }
      return { ...server, id: here(server.id), options }
    }),
    rules: file.rules.map((rule) => ({
      ...rule,
      id: here(rule.id),
      scopes: rule.scopes.map(scope),
      overrides: rule.overrides.map((override) => ({ ...override, scope: scope(override.scope) })),
      telling: {
        ...rule.telling,
        channels:
          rule.telling.channels === 'all' ? 'all' : rule.telling.channels.map((id) => here<ChannelId>(id))
      }
    })),
    silences: file.silences.map((one) => ({
      ...one,
      scope: scope(one.scope),
      ruleId: orNull<RuleId>(one.ruleId)
    })),
    maintenances: file.maintenances.map((one) => ({
      ...one,
      id: here(one.id),
      scopes: one.scopes.map(scope)
    })),
    channels: file.channels.map((one) => ({ ...one, id: here(one.id) })),
    engines: file.engines.map((one) => ({ ...one, id: here(one.id) })),
    reports: { ...file.reports, mailTo: orNull(file.reports.mailTo) }
  }
}
