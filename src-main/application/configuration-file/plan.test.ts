import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationSection, type ImportMode, type PlanEntry } from '#contract/configuration-file.ts'
import {
  anyConfiguration,
  hostKey,
  idOf,
  portableServer,
  sampleConfiguration
} from '../../../test/fakes/configurations.ts'
import { adoptIds } from './adopt-ids.ts'
import type { Configuration } from './configuration.ts'
import { planImport } from './plan.ts'

const ALL = new Set(ConfigurationSection.options)

function planned(
  file: Configuration,
  here: Configuration,
  options: {
    mode?: ImportMode
    sections?: ReadonlySet<ConfigurationSection>
    accepted?: readonly string[]
  } = {}
) {
  const { mode = 'merge', sections = ALL, accepted = [] } = options
  const { configuration } = adoptIds(file, here)
  const result = planImport({
    file: configuration,
    here,
    mode,
    sections,
    acceptedKeys: new Set(accepted),
    secretsFor: null
  })
  const entries = (section: ConfigurationSection): PlanEntry[] =>
    result.plan.sections.find((one) => one.section === section)?.entries ?? []
  return {
    ...result,
    entries,
    kinds: (s: ConfigurationSection) => entries(s).map(({ name, kind }) => [name, kind])
  }
}
const withServers = (...servers: Configuration['servers']): Configuration => ({
  ...sampleConfiguration(),
  servers
})
const names = (configuration: Configuration): string[] => configuration.servers.map(({ name }) => name)

describe('the plan of an import', () => {
  it('of the very same changes nothing, merged or replaced', () => {
    for (const mode of ['merge', 'replace'] as const) {
      const { plan, after } = planned(sampleConfiguration(), sampleConfiguration(), { mode })
      expect(plan).toMatchObject({ changesAnything: false, removals: 0 })
      expect(plan.sections.flatMap(({ entries }) => entries)).toEqual([])
      expect(after).toEqual(sampleConfiguration())
    }
  })

  it('replaced, leaves what the file says; done again, it changes nothing', () => {
    fc.assert(
      fc.property(anyConfiguration, anyConfiguration, (file, here) => {
        const accepted = file.hostKeys.map(({ host, port }) => `${host}:${String(port)}`)
        const { after } = planned(file, here, { mode: 'replace', accepted })
        const again = planned(file, after, { mode: 'replace', accepted })
        expect(again.plan.changesAnything).toBe(false)
        expect(names(after).toSorted()).toEqual(names(file).toSorted())
        expect(after.settings).toEqual(file.settings)
      }),
      { numRuns: 100 }
    )
  })

  it('merged, takes nothing away, and done again changes nothing', () => {
    fc.assert(
      fc.property(anyConfiguration, anyConfiguration, (file, here) => {
        const { after, plan } = planned(file, here)
        expect(plan.removals).toBe(0)
        const ids = new Set(after.servers.map(({ id }) => id))
        expect(here.servers.filter(({ id }) => !ids.has(id))).toEqual([])
        expect(here.rules.filter(({ id }) => !after.rules.some((rule) => rule.id === id))).toEqual([])
        expect(planned(file, after).plan.changesAnything).toBe(false)
        const keys = after.servers.map(({ name }) => name.normalize('NFC').toLowerCase())
        expect(new Set(keys).size).toBe(keys.length)
      }),
      { numRuns: 100 }
    )
  })

  it('says of each server what is new, changed with its fields, and only here; others stay', () => {
    const here = withServers(portableServer(1, 'alpha'), portableServer(3, 'gamma'))
    const file = withServers(
      portableServer(1, 'alpha', { tags: ['web'], useSudo: true }),
      portableServer(2, 'beta')
    )
    const merged = planned(file, here)
    expect(merged.kinds('servers')).toEqual([
      ['alpha', 'changed'],
      ['beta', 'new'],
      ['gamma', 'onlyHere']
    ])
    expect(merged.entries('servers')[0]?.changes).toEqual([
      { path: 'tags', from: '[]', to: '["web"]' },
      { path: 'useSudo', from: 'false', to: 'true' }
    ])
    expect(names(merged.after)).toEqual(['alpha', 'gamma', 'beta'])
    const replaced = planned(file, here, { mode: 'replace' })
    expect(replaced.plan.removals).toBe(1)
    expect(names(replaced.after)).toEqual(['alpha', 'beta'])
  })

  it('leaves a section that is not chosen as it is, and counts no removals of it', () => {
    const here = withServers(portableServer(3, 'gamma'))
    const { after, plan } = planned(sampleConfiguration(), here, {
      mode: 'replace',
      sections: new Set<ConfigurationSection>(['settings'])
    })
    expect(plan.removals).toBe(0)
    expect(names(after)).toEqual(['gamma'])
  })

  it('meets a server of the same name: it keeps its id here, and what points at it in the file follows', () => {
    const here = { ...sampleConfiguration(), servers: [portableServer(77, 'ALPHA')], rules: [] }
    const { after, kinds } = planned(sampleConfiguration(), here)
    expect(kinds('servers')[0]).toEqual(['alpha', 'changed'])
    expect(after.servers.map(({ id, name }) => [id, name])).toEqual([
      [idOf(77), 'alpha'],
      [idOf(2), 'beta']
    ])
    expect(after.rules.find(({ name }) => name === 'Busy web servers')?.scopes).toEqual([
      { kind: 'server', serverId: idOf(77) }
    ])
  })

  it('leaves out a server whose id is one here and whose name is another that stays', () => {
    const here = withServers(portableServer(1, 'alpha'), portableServer(2, 'beta'))
    const file = withServers(portableServer(1, 'beta'))
    const { after, kinds } = planned(file, here)
    expect(kinds('servers')).toEqual([
      ['beta', 'nameTaken'],
      ['beta', 'onlyHere']
    ])
    expect(names(after)).toEqual(['alpha', 'beta'])
    expect(names(planned(file, here, { mode: 'replace' }).after)).toEqual(['beta'])
  })

  it('lets names change hands within the file', () => {
    const here = withServers(portableServer(1, 'alpha'), portableServer(2, 'beta'))
    const file = withServers(portableServer(1, 'beta'), portableServer(2, 'alpha'))
    expect(names(planned(file, here).after)).toEqual(['beta', 'alpha'])
  })

  it('warns of a look-only server that would be written to, and of another address', () => {
    const here = withServers(portableServer(1, 'alpha', { lookOnly: true }), portableServer(2, 'beta'))
    const file = withServers(
      portableServer(1, 'alpha'),
      portableServer(2, 'beta', { connection: { host: 'elsewhere.example', user: 'root' } })
    )
    expect(
      planned(file, here)
        .entries('servers')
        .map(({ cautions }) => cautions)
    ).toEqual([['lookOnlyLifted'], ['addressChanged']])
  })

  it('never replaces a pinned key by another, merged or replaced, unless that host is accepted', () => {
    const pinned = hostKey('a.example')
    const other = hostKey('A.example')
    const here = { ...sampleConfiguration(), hostKeys: [pinned] }
    const file = { ...sampleConfiguration(), hostKeys: [other, hostKey('b.example')] }
    for (const mode of ['merge', 'replace'] as const) {
      const { kinds, after } = planned(file, here, { mode })
      expect(kinds('hostKeys')).toEqual([
        ['a.example:22', 'conflict'],
        ['b.example:22', 'new']
      ])
      expect(after.hostKeys).toContainEqual(pinned)
      expect(after.hostKeys).not.toContainEqual(other)
      const accepted = planned(file, here, { mode, accepted: ['a.example:22'] }).after.hostKeys
      expect(accepted).toContainEqual(other)
      expect(accepted).not.toContainEqual(pinned)
    }
  })

  it('has a rule told by all when none of its channels is here, and says so', () => {
    const here = { ...sampleConfiguration(), channels: sampleConfiguration().channels.slice(0, 1), rules: [] }
    const sections = new Set<ConfigurationSection>(['rules'])
    const { after, entries } = planned(sampleConfiguration(), here, { sections })
    const rule = after.rules.find(({ name }) => name === 'Busy web servers')
    expect(rule?.telling.channels).toBe('all')
    expect(entries('rules').find(({ key }) => key === rule?.id)?.cautions).toEqual(['channelsUnknown'])
  })

  it('takes the silences of a rule with it, and never the desktop channel', () => {
    const file = { ...sampleConfiguration(), rules: [], channels: [] }
    const { silences } = planned(file, sampleConfiguration(), { mode: 'replace' }).after
    expect(silences).toHaveLength(1)
    const { after } = planned(file, sampleConfiguration(), {
      mode: 'replace',
      sections: new Set<ConfigurationSection>(['rules', 'channels'])
    })
    expect([after.rules, after.silences]).toEqual([[], []])
    expect(after.channels.map(({ channel }) => channel.name)).toEqual(['Desktop'])
  })
})
