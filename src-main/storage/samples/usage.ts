/** What the history takes on the disk, and from when on. */
import type { HistoryUsage } from '#contract/history.ts'
import type { Database } from '../sqlite.ts'
import type { KeptFrom } from './read.ts'
import type { Registry } from './registry.ts'

export function usageOf(
  db: Database,
  registry: Registry,
  state: { readonly fileBytes: number; readonly kept: KeptFrom; readonly budgetBytes: number | null }
): HistoryUsage {
  // The length of a BLOB is in its row's head: the BLOB itself is not read.
  const chunks = db
    .prepare<[], { bytes: number | null; samples: number | null }>(
      'SELECT sum(length(data)) AS bytes, sum(samples) AS samples FROM chunk'
    )
    .get()
  const tail = db.prepare<[], number | null>('SELECT sum(length(data)) FROM tail').pluck().get()
  const page = (name: string): number => Number(db.pragma(name, { simple: true }))
  const first = Math.min(
    ...[...registry.all()].flatMap((server) =>
      [...server.entities.values()].map((entity) => entity.firstAtMs)
    )
  )
  const oldest = (keptFromMs: number): number | null =>
    Number.isFinite(first) ? Math.max(first, keptFromMs) : null
  const { kept } = state
  return {
    fileBytes: state.fileBytes,
    rawBytes: (chunks?.bytes ?? 0) + (tail ?? 0),
    freeBytes: page('freelist_count') * page('page_size'),
    budgetBytes: state.budgetBytes,
    rawSamples: chunks?.samples ?? 0,
    oldestAtMs: {
      raw: oldest(kept.raw),
      minute: oldest(kept.minute),
      hour: oldest(kept.hour),
      day: oldest(kept.day)
    }
  }
}
