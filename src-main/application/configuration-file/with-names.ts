/**
 * Names beside ids, for whoever reads the file. They are no part of the configuration: reading drops them again.
 */
import type { AlertRule, AlertScope } from '#contract/alert-rules.ts'
import type { Configuration } from './configuration.ts'

export function withNames(configuration: Configuration): object {
  const { servers, rules, silences, maintenances, channels, reports } = configuration
  const serverNames = new Map<string, string>(servers.map(({ id, name }) => [id, name]))
  const ruleNames = new Map<string, string>(rules.map(({ id, name, preset }) => [id, name ?? preset ?? '']))
  const channelNames = new Map<string, string>(channels.map(({ id, channel }) => [id, channel.name]))
  const named = (key: string, names: ReadonlyMap<string, string>, id: string | null): object => {
    const name = id === null ? undefined : names.get(id)
    return name === undefined ? {} : { [key]: name }
  }
  const scope = (one: AlertScope): object =>
    one.kind === 'server' ? { ...one, ...named('serverName', serverNames, one.serverId) } : one
  const rule = (one: AlertRule): object => ({
    ...one,
    scopes: one.scopes.map(scope),
    overrides: one.overrides.map((override) => ({ ...override, scope: scope(override.scope) })),
    telling: {
      ...one.telling,
      ...(one.telling.channels !== 'all' && {
        channelNames: one.telling.channels.map((id) => channelNames.get(id) ?? '')
      })
    }
  })
  return {
    ...configuration,
    servers: servers.map((server) => {
      const { wake } = server.options
      if (wake === undefined) return server
      const named_ = { ...wake, ...named('viaName', serverNames, wake.via) }
      return { ...server, options: { ...server.options, wake: named_ } }
    }),
    rules: rules.map(rule),
    silences: silences.map((one) => ({
      ...one,
      scope: scope(one.scope),
      ...named('ruleName', ruleNames, one.ruleId)
    })),
    maintenances: maintenances.map((one) => ({ ...one, scopes: one.scopes.map(scope) })),
    reports: { ...reports, ...named('mailToName', channelNames, reports.mailTo) }
  }
}
