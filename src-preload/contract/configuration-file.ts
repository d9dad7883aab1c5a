/**
 * One readable file with what the operator chose: servers, pinned host keys, settings, rules, channels, layout; no journal, no
 * history. An import is checked first, shown as a plan, and then done whole or not at all (docs/configuration-file.md).
 */
import { z } from 'zod'
import { call, task } from './define.ts'
import { AtMs } from './units.ts'
import { WindowLayout } from './window-layout.ts'

/** Of a file; the text of a thousand servers is about a megabyte. */
export const MAX_CONFIGURATION_FILE_BYTES = 8 * 1024 * 1024

/** Shorter ones are guessed in no time by whoever has the file: scrypt slows that down, it does not stop it. */
export const MIN_PASSPHRASE_LENGTH = 12
export const FilePassphrase = z.string().min(MIN_PASSPHRASE_LENGTH).max(1_024)

/** The parts of a file, in the order in which they stand in it and are shown. */
export const ConfigurationSection = z.enum([
  'servers',
  'hostKeys',
  'settings',
  'rules',
  'quiet',
  'channels',
  'reports',
  'engines',
  'layout',
  'secrets'
])
export type ConfigurationSection = z.infer<typeof ConfigurationSection>

const Counts = z.partialRecord(ConfigurationSection, z.int())

/** What a file made now would hold: how many servers, keys, rules … and secrets. */
export const ConfigurationContents = z.object({
  counts: Counts,
  /** Addresses of webhooks and topics of ntfy are in it as they are; whoever has them may post there. */
  openAddresses: z.int(),
  /** Secrets may be exported from this window; else `configurationFile.export` with a passphrase is refused. */
  exportsSecrets: z.boolean()
})
export type ConfigurationContents = z.infer<typeof ConfigurationContents>

/** What a checked file says of itself. */
export const ConfigurationFileSummary = z.object({
  madeAtMs: AtMs,
  consoleVersion: z.string().max(40),
  /** Without secrets: they are sealed, and counted once they are unlocked. */
  counts: Counts,
  hasSecrets: z.boolean()
})
export type ConfigurationFileSummary = z.infer<typeof ConfigurationFileSummary>

/** merge: what is only here stays. replace: what is only here is removed, in the chosen sections. */
export const ImportMode = z.enum(['merge', 'replace'])
export type ImportMode = z.infer<typeof ImportMode>

/**
 * What the operator should not overlook. lookOnlyLifted: a look-only server may be written to. addressChanged: its kept password
 * and passphrase are forgotten, they were given for another address. channelsUnknown: it names channels that are not here; it is
 * told by those that are, or by all.
 */
export const ImportCaution = z.enum(['lookOnlyLifted', 'addressChanged', 'channelsUnknown'])
export type ImportCaution = z.infer<typeof ImportCaution>

/**
 * new, changed, onlyHere: as they say. conflict: another host key is pinned here; it is left alone unless it is accepted.
 * nameTaken: something here that stays has that name; tooMany: there is no room for more. The last two are left out.
 */
export const PlanEntryKind = z.enum(['new', 'changed', 'onlyHere', 'conflict', 'nameTaken', 'tooMany'])
export type PlanEntryKind = z.infer<typeof PlanEntryKind>

/** A field that differs; its values as JSON, cut. null = not there. */
export const FieldChange = z.object({
  path: z.string().max(200),
  from: z.string().max(200).nullable(),
  to: z.string().max(200).nullable()
})
export type FieldChange = z.infer<typeof FieldChange>

export const PlanEntry = z.object({
  /** Within its section. */
  key: z.string().max(400),
  /** The operator's words; '' = it has none. */
  name: z.string().max(600),
  /** A rule of the console's own that the locale names; null = it has a name of its own. */
  preset: z.string().max(40).nullable(),
  kind: PlanEntryKind,
  cautions: z.array(ImportCaution).max(3),
  changes: z.array(FieldChange).max(60)
})
export type PlanEntry = z.infer<typeof PlanEntry>

export const PlanSection = z.object({
  section: ConfigurationSection,
  counts: z.partialRecord(z.enum([...PlanEntryKind.options, 'same']), z.int()),
  /** All that are not the same. */
  entries: z.array(PlanEntry).max(20_000)
})
export type PlanSection = z.infer<typeof PlanSection>

export const ImportPlan = z.object({
  /** Given back with `apply`: what is here must still be what was looked at. */
  digest: z.string().max(64),
  sections: z.array(PlanSection).max(ConfigurationSection.options.length),
  /** What would be removed from here. */
  removals: z.int(),
  /** Anything at all would be changed. */
  changesAnything: z.boolean()
})
export type ImportPlan = z.infer<typeof ImportPlan>

export const ConfigurationExportEvent = z.object({ kind: z.literal('address'), path: z.string() })
export type ConfigurationExportEvent = z.infer<typeof ConfigurationExportEvent>

export const ConfigurationExportResult = z.object({
  /** null: it was downloaded. */
  path: z.string().nullable(),
  sizeBytes: z.int(),
  secrets: z.int()
})
export type ConfigurationExportResult = z.infer<typeof ConfigurationExportResult>

export const ImportResult = z.object({
  /** The copy of what was here before, within the data folder. */
  copyPath: z.string(),
  /** For the window to remember; null = nothing of it. A name that is not there is forgotten. */
  layout: WindowLayout.nullable(),
  secrets: z.int(),
  /** It is all kept, but a part of the running console could not take it up: it does at the next start. */
  restartNeeded: z.boolean()
})
export type ImportResult = z.infer<typeof ImportResult>

const ImportId = z.uuid()

/** `layout`: what this window remembers, to compare with. `acceptedKeys`: keys of entries of the kind conflict. */
export const ImportChoice = z.object({
  importId: ImportId,
  mode: ImportMode,
  sections: z.array(ConfigurationSection).max(ConfigurationSection.options.length),
  acceptedKeys: z.array(z.string().max(400)).max(10_000),
  layout: WindowLayout
})
export type ImportChoice = z.infer<typeof ImportChoice>

export const configurationFileContract = {
  'configurationFile.contents': call(z.object({}), ConfigurationContents),
  /** Secrets are in it, sealed, only with a passphrase; else they are left out. */
  'configurationFile.export': task(
    z.object({
      fileName: z.string().min(1).max(120),
      passphrase: FilePassphrase.nullable(),
      layout: WindowLayout
    }),
    ConfigurationExportEvent,
    ConfigurationExportResult
  ),
  /**
   * Reads a file and holds it for the calls below; nothing is changed. Throws configurationFileInvalid {fault},
   * configurationFileNewer {fileVersion, knownVersion}.
   */
  'configurationFile.check': call(
    z.object({ text: z.string().max(MAX_CONFIGURATION_FILE_BYTES) }),
    z.object({ importId: ImportId, summary: ConfigurationFileSummary })
  ),
  /** Opens its secrets; how many there are. Throws configurationFilePassphrase, and notFound for a file that is held no more. */
  'configurationFile.unlock': call(
    z.object({ importId: ImportId, passphrase: z.string().min(1).max(1_024) }),
    z.object({ secrets: z.int() })
  ),
  /** What the choice would do. Throws notFound. */
  'configurationFile.plan': call(ImportChoice, ImportPlan),
  /**
   * Does it: all or nothing. `typedCount`: what is removed, typed by the operator; must be the plan's `removals` where there are
   * any. Throws planChanged {what: configurationFile}, refused {what: typedCount}, notFound, diskFull.
   */
  'configurationFile.apply': call(
    ImportChoice.extend({ digest: z.string().max(64), typedCount: z.string().max(20) }),
    ImportResult
  ),
  /** The operator turned it down: it is held no longer. */
  'configurationFile.drop': call(z.object({ importId: ImportId }), z.null())
}
