/**
 * External snapshots of libvirt before 9.9 cannot be deleted; their changes are written down into the image they stand on
 * instead, while the VM runs. Until the last step (pivot) of a disk the chain is what it was, so that cancelling is safe.
 */
import { AppError } from '#contract/errors.ts'
import type { MergeResult } from '#contract/snapshots.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import { type MergeDisk, mergePlanOf, type MergePlan } from './snapshot-rules.ts'
import { readVm, snapshotOf, type SnapshotWork, throwIf } from './snapshot-work.ts'

const POLL_MS = 500
/** QEMU says that all is copied a moment before it lets go. */
const PIVOT_TRIES = 10
const CLEAN_DEADLINE_MS = 60_000

/** @throws AppError snapshotNotPossible, notFound, cancelled, and those of the commands */
export async function mergeBack(
  work: SnapshotWork & { readonly clock: Clock },
  name: string
): Promise<MergeResult> {
  const { host, vm: handle, signal } = work
  work.progress({ step: 'checking', doneRatio: null })
  const vm = await readVm(work)
  const planned = mergePlanOf(vm, snapshotOf(vm, name))
  if ('refusal' in planned) {
    throwIf(planned.refusal)
    throw new AppError('internal')
  }
  const { plan } = planned
  const touched = plan.disks.flatMap(({ basePath, overlayPaths }) => [basePath, ...overlayPaths])
  const others = await host.usedByOthers(handle.uuid, touched, signal)
  if (others.size > 0) throwIf({ reason: 'usedByOthers', disks: [...others] })
  for (const [index, disk] of plan.disks.entries())
    if (!disk.isOnBase) await mergeDisk(work, disk, index, plan.disks.length)
  work.progress({ step: 'cleaning', doneRatio: 1 })
  return cleanUp(work, plan)
}

async function mergeDisk(
  work: SnapshotWork & { readonly clock: Clock },
  { target, basePath }: MergeDisk,
  index: number,
  count: number
): Promise<void> {
  const { host, vm, journal, signal, clock } = work
  const report = (ratio: number): void =>
    work.progress({ step: 'merging', doneRatio: Math.min(1, (index + ratio) / count) })
  report(0)
  await host.startMerge(vm, { target, basePath }, journal, signal)
  try {
    for (let tries = 0; ;) {
      const state = await host.mergeState(vm.uuid, target, signal)
      // Its QEMU ended, or somebody else ended the job.
      if (state === null)
        throw new AppError('snapshotNotPossible', { params: { reason: 'mergeEnded', disks: target } })
      report(state.totalBytes === 0 ? 1 : state.doneBytes / state.totalBytes)
      if (state.doneBytes >= state.totalBytes) {
        if (await pivoted(work, target, ++tries)) return
      }
      await sleepUnlessAborted(clock, POLL_MS, signal)
      if (signal.aborted) throw new AppError('cancelled')
    }
  } catch (error) {
    await giveUp(work, target)
    throw error
  }
}

/** false: not yet. */
async function pivoted(
  { host, vm, journal, signal }: SnapshotWork,
  target: string,
  tries: number
): Promise<boolean> {
  try {
    await host.endMerge(vm, { target, how: 'pivot' }, journal, signal)
    return true
  } catch (error) {
    const isEarly = error instanceof AppError && error.code === 'libvirtFailed' && tries < PIVOT_TRIES
    if (!isEarly) throw error
    return false
  }
}

/** Also when the task was cancelled: the job would go on in QEMU for ever. */
async function giveUp({ host, vm, journal }: SnapshotWork, target: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_DEADLINE_MS)
  try {
    if ((await host.mergeState(vm.uuid, target, signal)) === null) return
    await host.endMerge(vm, { target, how: 'abort' }, journal, signal)
  } catch (error) {
    // What is told is why it was given up; the row of the journal has this failure too.
    if (!(error instanceof AppError)) throw error
  }
}

/** libvirt forgets the snapshots; overlays that nothing uses any more are deleted. */
async function cleanUp(work: SnapshotWork, plan: MergePlan): Promise<MergeResult> {
  const { host, vm, journal } = work
  // The data is where it belongs: from here on the end is tidied up, also when the task is cancelled.
  const signal = AbortSignal.timeout(CLEAN_DEADLINE_MS)
  for (const { name } of plan.snapshots)
    await host.delete(vm, { snapshot: name, what: 'metadata' }, journal, signal)
  const overlaysOf = (isOnBase: boolean): string[] =>
    plan.disks.flatMap((disk) => (disk.isOnBase === isOnBase ? disk.overlayPaths : []))
  const files = [...overlaysOf(false), ...plan.memoryPaths]
  const used = await host.usedPaths(files, signal)
  const deletedFiles: string[] = []
  const leftFiles = overlaysOf(true)
  for (const path of files) {
    const isGone = !used.has(path) && (await tryDelete(work, path, signal))
    ;(isGone ? deletedFiles : leftFiles).push(path)
  }
  return {
    mergedDisks: plan.disks.filter(({ isOnBase }) => !isOnBase).length,
    deletedFiles,
    leftFiles
  }
}

async function tryDelete(
  { host, journal }: SnapshotWork,
  path: string,
  signal: AbortSignal
): Promise<boolean> {
  try {
    return await host.deleteFile(path, journal, signal)
  } catch (error) {
    if (error instanceof AppError && error.code === 'libvirtFailed') return false
    throw error
  }
}
