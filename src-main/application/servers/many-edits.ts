/** One change of many records, and how it is taken back. Pure, except for the ids it gives out. */
import { randomUUID } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { EditId, ServerId } from '#contract/ids.ts'
import { changedBy, changedFields, type ServerChange } from '#contract/server-edits.ts'
import { MAX_TAGS, type ServerRecord } from '#contract/servers.ts'

/** A record as it was and as it shall be; the two differ. */
export interface RecordEdit {
  readonly before: ServerRecord
  readonly after: ServerRecord
}

const NAMES_TOLD = 8

/** Those that the change makes different. Throws refused (`tooManyTags`) before any of them is. */
export function editsOf(records: readonly ServerRecord[], change: ServerChange): RecordEdit[] {
  const edits = records
    .map((before) => ({ before, after: changedBy(change, before) }))
    .filter(({ before, after }) => changedFields(before, after).length > 0)
  const tooMany = edits.filter(({ after }) => after.tags.length > MAX_TAGS).map(({ after }) => after.name)
  if (tooMany.length > 0) {
    throw new AppError('refused', {
      params: {
        what: 'tooManyTags',
        names: [...tooMany.slice(0, NAMES_TOLD), ...(tooMany.length > NAMES_TOLD ? ['…'] : [])].join(', '),
        count: tooMany.length,
        most: MAX_TAGS
      }
    })
  }
  return edits
}

/** The record with what the edit changed as it was before, or null when one of these fields was changed again since. */
export function takenBack(record: ServerRecord, { before, after }: RecordEdit): ServerRecord | null {
  const touched = changedFields(before, after)
  const since = changedFields(after, record)
  if (touched.some((field) => since.includes(field))) return null
  return { ...record, ...Object.fromEntries(touched.map((field) => [field, before[field]])) }
}

/** As many as an operator may still remember. */
const EDITS_KEPT = 20

/** The newest edits of many servers, each to be taken back once. */
export class EditLog {
  readonly #edits = new Map<EditId, ReadonlyMap<ServerId, RecordEdit>>()

  note(edits: readonly RecordEdit[]): EditId {
    const editId = randomUUID() as EditId
    this.#edits.set(editId, new Map(edits.map((edit) => [edit.after.id, edit])))
    for (const oldest of this.#edits.keys()) {
      if (this.#edits.size <= EDITS_KEPT) break
      this.#edits.delete(oldest)
    }
    return editId
  }

  /** Throws notFound. */
  get(editId: EditId): ReadonlyMap<ServerId, RecordEdit> {
    const edits = this.#edits.get(editId)
    if (!edits) throw new AppError('notFound', { params: { what: 'edit' } })
    return edits
  }

  forget(editId: EditId): void {
    this.#edits.delete(editId)
  }
}
