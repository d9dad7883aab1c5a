/** A VM that is off: its disks are copied byte for byte through the console, checked on both ends, and only then defined. */
import { AppError } from '#contract/errors.ts'
import type { MigrationResult } from '#contract/migration.ts'
import { inPhase, Pace } from './pace.ts'
import type { DiskCopy } from './plan.ts'
import { createVolumes, isLost, portOf, whereNow, write, type Work } from './work.ts'
import { JournalRow } from '../operations/journal-row.ts'

const READ_DEADLINE_MS = 15_000
const PROGRESS_EVERY_MS = 250
const READ_BACK_MS = 60_000

/** Resolves when the target has the VM, off, with the same bytes. Rejects with the source as it was. */
export async function copyCold(work: Work): Promise<MigrationResult['checksums']> {
  const { preparation } = work
  work.progress(inPhase('preparing'))
  await createVolumes(work)
  const total = preparation.copies.reduce((sum, copy) => sum + copy.bytes, 0)
  const pace = new Pace(() => work.clock.monotonicMs())
  const checksums: MigrationResult['checksums'] = []
  let before = 0
  for (const copy of preparation.copies) {
    const sha256 = await copyDisk(work, copy, pace, { before, total })
    before += copy.bytes
    checksums.push({ target: copy.target, sha256 })
  }
  await stillTheSame(work)
  await define(work)
  return checksums
}

async function copyDisk(
  work: Work,
  copy: DiskCopy,
  pace: Pace,
  { before, total }: { readonly before: number; readonly total: number }
): Promise<string> {
  const { servers, preparation, journal, clock, signal } = work
  const row = (side: 'source' | 'target'): JournalRow =>
    new JournalRow(
      {
        action: 'machine.migrate',
        record: servers[side].record,
        vm:
          side === 'source'
            ? { uuid: preparation.choice.vmUuid, name: preparation.name }
            : { uuid: preparation.targetUuid, name: preparation.targetName }
      },
      journal
    )
  const rows = { sourceJournal: row('source'), targetJournal: row('target') }
  let done = 0
  let shownAtMs = 0
  const target = portOf(servers.target)
  try {
    const sent = await portOf(servers.source).sendVolume(copy.from, target, copy.volume, {
      signal,
      ...rows,
      onBytes(count) {
        done += count
        const nowMs = clock.monotonicMs()
        if (nowMs - shownAtMs < PROGRESS_EVERY_MS) return
        shownAtMs = nowMs
        work.progress(pace.progress('copying', before + done, Math.max(total, before + done)))
      }
    })
    work.progress(pace.progress('verifying', before + done, Math.max(total, before + done)))
    const found = await target.checksum(copy.volume.pool, copy.volume.name, { signal })
    if (found !== sent.sha256)
      throw new AppError('migrationFailed', { params: { reason: 'checksum', disk: copy.target } })
    return sent.sha256
  } finally {
    await rows.sourceJournal.lost()
    await rows.targetJournal.lost()
  }
}

/** Nobody started it or wrote to its disks while they were read: else the copy would be half old and half new. */
async function stillTheSame({ servers, preparation, signal }: Work): Promise<void> {
  const source = portOf(servers.source)
  const waits = { signal, deadlineMs: READ_DEADLINE_MS }
  const { state } = await source.where(preparation.choice.vmUuid, waits)
  if (state !== 'shutOff' && state !== 'crashed')
    throw new AppError('migrationFailed', { params: { reason: 'started' } })
  for (const copy of preparation.copies) {
    const now = await source.volume(copy.from.pool, copy.from.name, waits)
    if (now?.changedAt !== copy.changedAt)
      throw new AppError('migrationFailed', { params: { reason: 'written', disk: copy.target } })
  }
}

async function define(work: Work): Promise<void> {
  const { servers, preparation, made, clock } = work
  const { definition, targetUuid } = preparation
  if (definition === null) throw new AppError('internal')
  made.isDefinitionSent = true
  try {
    await write(work, servers.target, targetUuid, (port, row) =>
      port.define(definition, row, { signal: work.signal })
    )
  } catch (error) {
    if (!isLost(error)) throw error
    const where = await whereNow(servers.target, targetUuid, clock, clock.monotonicMs() + READ_BACK_MS)
    if (where === null || where.state === null) throw error
  }
}
