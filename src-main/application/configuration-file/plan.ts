/** What an import would do: shown before anything changes, and computed again when it is done. Pure. */
import type {
  ConfigurationSection,
  FieldChange,
  ImportMode,
  ImportPlan,
  PlanEntry,
  PlanSection
} from '#contract/configuration-file.ts'
import { MAX_CHANNELS } from '#contract/alert-channels.ts'
import { MAX_RULES, type AlertRule } from '#contract/alert-rules.ts'
import { MAX_ENGINES } from '#contract/engines.ts'
import { DESKTOP_CHANNEL } from '../alert-channels/alert-channels.ts'
import {
  MAX_QUIET,
  MAX_SERVERS,
  type Configuration,
  type PortableChannel,
  type PortableEngine,
  type PortableServer
} from './configuration.ts'
import { canonical, fieldChanges } from './field-changes.ts'
import { mergeHostKeys } from './merge-host-keys.ts'
import { mergeList, type ListKind, type Merged } from './merge-list.ts'

export interface PlanQuestion {
  /** With the ids of what is here (adopt-ids.ts). */
  readonly file: Configuration
  /** With the layout of the window that asks. */
  readonly here: Configuration
  readonly mode: ImportMode
  readonly sections: ReadonlySet<ConfigurationSection>
  readonly acceptedKeys: ReadonlySet<string>
  /** How many of the file's secrets would find their place; null = they are sealed, or there are none. */
  readonly secretsFor: ((after: Configuration) => number) | null
}

export interface PlannedImport {
  readonly plan: Omit<ImportPlan, 'digest'>
  /** What would be kept after it. */
  readonly after: Configuration
}

/** What a section is, and what the configuration becomes with it. */
interface Part {
  readonly section: ConfigurationSection
  readonly entries: readonly PlanEntry[]
  readonly same: number
  readonly after: Partial<Configuration>
}

export function planImport(question: PlanQuestion): PlannedImport {
  const { here, mode, sections, secretsFor } = question
  const parts = partsOf(question)
  let after: Configuration = here
  for (const part of parts) if (sections.has(part.section)) after = { ...after, ...part.after }
  after = { ...after, silences: stillMeant(after, question) }
  const secrets = secretsFor?.(after) ?? null
  const chosen = parts.filter(({ section }) => sections.has(section))
  const removals =
    mode === 'merge'
      ? 0
      : chosen.flatMap(({ entries }) => entries).filter(({ kind }) => kind === 'onlyHere').length
  const shown = parts.map(shownPart)
  if (secrets !== null) shown.push({ section: 'secrets', counts: { new: secrets }, entries: [] })
  const bringsSecrets = sections.has('secrets') && (secrets ?? 0) > 0
  return {
    plan: {
      sections: shown,
      removals,
      changesAnything: bringsSecrets || canonical(after) !== canonical(here)
    },
    after
  }
}

/** A rule that goes takes what is silent of it with it, unless the file says otherwise. */
function stillMeant(after: Configuration, { file, here, sections }: PlanQuestion): Configuration['silences'] {
  const inFile = new Set(sections.has('quiet') ? file.silences.map(({ id }) => id) : [])
  const gone = new Set(here.rules.map(({ id }) => id))
  for (const { id } of after.rules) gone.delete(id)
  return after.silences.filter(({ id, ruleId }) => ruleId === null || !gone.has(ruleId) || inFile.has(id))
}

function partsOf({ file, here, mode, sections, acceptedKeys }: PlanQuestion): Part[] {
  const list = <T>(from: readonly T[], to: readonly T[], kind: ListKind<T>): Merged<T> =>
    mergeList(from, to, kind, mode)
  const servers = list(file.servers, here.servers, SERVERS)
  const channels = list(file.channels, here.channels, CHANNELS)
  const channelsAfter = sections.has('channels') ? channels.after : here.channels
  const known = new Set<string>(channelsAfter.map(({ id }) => id))
  const rules = list(toldBy(file.rules, known), here.rules, rulesOf(file.rules, known))
  const silences = list(file.silences, here.silences, SILENCES)
  const maintenances = list(file.maintenances, here.maintenances, MAINTENANCES)
  const engines = list(file.engines, here.engines, ENGINES)
  const hostKeys = mergeHostKeys(file.hostKeys, here.hostKeys, mode, acceptedKeys)
  const reports = mailable({ file, here, known })
  const parts: Part[] = [
    { section: 'servers', ...servers, after: { servers: [...servers.after] } },
    { section: 'hostKeys', ...hostKeys, after: { hostKeys: [...hostKeys.after] } },
    {
      section: 'settings',
      ...single('settings', here.settings, file.settings),
      after: { settings: file.settings }
    },
    { section: 'rules', ...rules, after: { rules: [...rules.after] } },
    {
      section: 'quiet',
      entries: [...silences.entries, ...maintenances.entries],
      same: silences.same + maintenances.same,
      after: { silences: [...silences.after], maintenances: [...maintenances.after] }
    },
    { section: 'channels', ...channels, after: { channels: [...channels.after] } },
    { section: 'reports', ...single('reports', here.reports, reports), after: { reports } },
    enginesPart(engines, file.reading, here.reading, mode)
  ]
  if (file.layout === null) return parts
  const layout = mode === 'merge' ? { ...here.layout, ...file.layout } : file.layout
  return [...parts, { section: 'layout', ...single('layout', here.layout ?? {}, layout), after: { layout } }]
}

function shownPart({ section, entries, same }: Part): PlanSection {
  const counts: PlanSection['counts'] = same > 0 ? { same } : {}
  for (const { kind } of entries) counts[kind] = (counts[kind] ?? 0) + 1
  return { section, counts, entries: [...entries] }
}

/** A part that is there once: it is the file's afterwards. */
function single(key: string, here: unknown, after: unknown): { entries: PlanEntry[]; same: number } {
  const changes = fieldChanges(here, after)
  return changes.length === 0 ? { entries: [], same: 1 } : { entries: [changedOne(key, changes)], same: 0 }
}

const changedOne = (key: string, changes: FieldChange[]): PlanEntry => ({
  key,
  name: '',
  preset: null,
  kind: 'changed',
  cautions: [],
  changes
})

function enginesPart(
  engines: Merged<PortableEngine>,
  fromFile: Configuration['reading'],
  isHere: Configuration['reading'],
  mode: ImportMode
): Part {
  const reading = fromFile ?? (mode === 'merge' ? isHere : null)
  const own = ((): { entries: PlanEntry[]; same: number } => {
    if (fromFile === null && isHere === null) return { entries: [], same: 0 }
    if (fromFile === null) return { entries: [{ ...changedOne('reading', []), kind: 'onlyHere' }], same: 0 }
    if (isHere === null) return { entries: [{ ...changedOne('reading', []), kind: 'new' }], same: 0 }
    return single('reading', isHere, fromFile)
  })()
  return {
    section: 'engines',
    entries: [...engines.entries, ...own.entries],
    same: engines.same + own.same,
    after: { engines: [...engines.after], reading }
  }
}

/** A report that is mailed by nobody is not mailed. */
function mailable(given: {
  readonly file: Configuration
  readonly here: Configuration
  readonly known: ReadonlySet<string>
}): Configuration['reports'] {
  const { reports } = given.file
  return reports.mailTo === null || given.known.has(reports.mailTo) ? reports : { ...reports, mailTo: null }
}

/** Rules that would be told by nobody are told by all: a silent alert is the worst of both. */
function toldBy(rules: readonly AlertRule[], known: ReadonlySet<string>): AlertRule[] {
  return rules.map((rule) => {
    const { channels } = rule.telling
    if (channels === 'all') return rule
    const there = channels.filter((id) => known.has(id))
    const telling = {
      ...rule.telling,
      channels: there.length > 0 || channels.length === 0 ? there : ('all' as const)
    }
    return { ...rule, telling }
  })
}

const wayOf = ({ connection }: PortableServer): string =>
  canonical([connection.host, connection.port, connection.user, connection.jumps])

/** A password is good for the address and the user it was given for. */
export const hasOtherWay = (a: PortableServer, b: PortableServer): boolean => wayOf(a) !== wayOf(b)

const SERVERS: ListKind<PortableServer> = {
  idOf: ({ id }) => id,
  nameOf: ({ name }) => name,
  compared: ({ addedAtMs: _, ...server }) => ({
    ...server,
    machinesNotCollected: server.machinesNotCollected.toSorted()
  }),
  onto: (file, here, mode) => ({
    ...file,
    addedAtMs: here.addedAtMs,
    options: mode === 'merge' ? { ...here.options, ...file.options } : file.options
  }),
  cautions: (after, here) =>
    here === null
      ? []
      : [
          ...(here.lookOnly && !after.lookOnly ? ['lookOnlyLifted' as const] : []),
          ...(hasOtherWay(here, after) ? ['addressChanged' as const] : [])
        ],
  hasUniqueNames: true,
  most: MAX_SERVERS
}

const CHANNELS: ListKind<PortableChannel> = {
  idOf: ({ id }) => id,
  nameOf: ({ channel }) => channel.name,
  compared: ({ channel }) => channel,
  hasUniqueNames: true,
  most: MAX_CHANNELS,
  stays: ({ id }) => id === DESKTOP_CHANNEL
}

const ENGINES: ListKind<PortableEngine> = {
  idOf: ({ id }) => id,
  nameOf: ({ settings }) => settings.name,
  compared: ({ settings }) => settings,
  hasUniqueNames: true,
  most: MAX_ENGINES
}

const SILENCES: ListKind<Configuration['silences'][number]> = {
  idOf: ({ id }) => id,
  nameOf: ({ note }) => note,
  compared: ({ madeAtMs: _, ...silence }) => silence,
  hasUniqueNames: false,
  most: MAX_QUIET
}

const MAINTENANCES: ListKind<Configuration['maintenances'][number]> = {
  idOf: ({ id }) => id,
  nameOf: ({ name }) => name,
  compared: (maintenance) => maintenance,
  hasUniqueNames: false,
  most: MAX_QUIET
}

/** @param inFile as they stand there: channels that they name and nobody knows are left out before they are merged */
function rulesOf(inFile: readonly AlertRule[], known: ReadonlySet<string>): ListKind<AlertRule> {
  const missing = new Set(
    inFile
      .filter(({ telling }) => telling.channels !== 'all' && telling.channels.some((id) => !known.has(id)))
      .map(({ id }) => id)
  )
  return {
    idOf: ({ id }) => id,
    nameOf: ({ name }) => name ?? '',
    presetOf: ({ name, preset }) => (name === null ? preset : null),
    compared: ({ changedAtMs: _, ...rule }) => rule,
    cautions: ({ id }) => (missing.has(id) ? ['channelsUnknown'] : []),
    hasUniqueNames: false,
    most: MAX_RULES
  }
}
