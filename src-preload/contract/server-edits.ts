/** Many servers at once: one change of their records, taking it back, and removing them from the list. */
import { z } from 'zod'
import { call } from './define.ts'
import { EditId, ServerId } from './ids.ts'
import { IntervalMs, Location, MAX_TAGS, Tag, type ServerRecord } from './servers.ts'

export const MAX_SERVERS_AT_ONCE = 1_000

/** A server that is named twice is meant once. */
const ServerIds = z.array(ServerId).min(1).max(MAX_SERVERS_AT_ONCE)

/**
 * What shall be other on each of them. A field that is not there stays as each server has it, so that whoever edits
 * many overwrites nothing that was not looked at. Nothing of how a server is reached is in here.
 */
export const ServerChange = z
  .strictObject({
    /** '' clears it. */
    location: Location.optional(),
    /** Added behind those that a server has. */
    addTags: z.array(Tag).max(MAX_TAGS).optional(),
    removeTags: z.array(Tag).max(1_000).optional(),
    lookOnly: z.boolean().optional(),
    useSudo: z.boolean().optional(),
    collecting: z.boolean().optional(),
    /** null = the console's default interval. */
    intervalMs: IntervalMs.nullable().optional()
  })
  .refine(({ addTags = [], removeTags = [] }) => !addTags.some((tag) => removeTags.includes(tag)))
export type ServerChange = z.infer<typeof ServerChange>

/** The record as the change makes it; it may have more tags than MAX_TAGS. */
export function changedBy(change: ServerChange, record: ServerRecord): ServerRecord {
  const { location, lookOnly, useSudo, collecting, intervalMs, addTags = [], removeTags = [] } = change
  const staying = record.tags.filter((tag) => !removeTags.includes(tag))
  return {
    ...record,
    location: location ?? record.location,
    tags: [...new Set([...staying, ...addTags])],
    lookOnly: lookOnly ?? record.lookOnly,
    useSudo: useSudo ?? record.useSudo,
    collecting: collecting ?? record.collecting,
    intervalMs: intervalMs === undefined ? record.intervalMs : intervalMs
  }
}

/** Fields that a change can make other. */
export const CHANGED_FIELDS = ['location', 'tags', 'lookOnly', 'useSudo', 'collecting', 'intervalMs'] as const
export type ChangedField = (typeof CHANGED_FIELDS)[number]

/** The fields in which the two differ. */
export const changedFields = (before: ServerRecord, after: ServerRecord): readonly ChangedField[] =>
  CHANGED_FIELDS.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))

/** Counts of servers. `gone`: removed meanwhile, which is no reason to leave the others as they were. */
export const EditManyResult = z.object({
  changed: z.int(),
  /** They were so already. */
  unchanged: z.int(),
  gone: z.int(),
  /** For `servers.undoEdit`, until the console ends or many more edits were made; null when nothing changed. */
  editId: EditId.nullable()
})
export type EditManyResult = z.infer<typeof EditManyResult>

export const UndoEditResult = z.object({
  restored: z.int(),
  /** What the edit had changed was changed again since: left as it is now. */
  editedSince: z.int(),
  gone: z.int()
})
export type UndoEditResult = z.infer<typeof UndoEditResult>

export const serverEditsContract = {
  /**
   * All of them in one transaction, or none: fails with `refused` (`what: tooManyTags`, with the `names`) when one would
   * have more than MAX_TAGS. Connections stay, except where collecting starts or stops.
   */
  'servers.editMany': call(z.object({ serverIds: ServerIds, change: ServerChange }), EditManyResult),
  /** Gives the servers of one edit back what it changed, in one transaction. Once; fails with `notFound` (`what: edit`) after. */
  'servers.undoEdit': call(z.object({ editId: EditId }), UndoEditResult),
  /** As `servers.remove`, for all of them in one transaction of the list. */
  'servers.removeMany': call(
    z.object({ serverIds: ServerIds, deleteHistory: z.boolean() }),
    z.object({ removed: z.int(), gone: z.int() })
  )
}
