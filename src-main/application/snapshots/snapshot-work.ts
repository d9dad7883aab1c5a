/** Taking, reverting to, deleting and merging snapshots: checked before, one journal row per command. */
import { AppError } from '#contract/errors.ts'
import type {
  MergeResult,
  SnapshotNew,
  SnapshotProgress,
  SnapshotRefusal,
  SnapshotRevert,
  SnapshotWay
} from '#contract/snapshots.ts'
import { isActive } from '../../domain/libvirt/domain-state.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'
import type { SnapshotFacts, SnapshotHost, VmHandle, VmSnapshots } from './snapshot-host.ts'
import { refusalOfCreate, refusalOfQuiesce, refusalsOf } from './snapshot-rules.ts'

export interface SnapshotWork {
  readonly host: SnapshotHost
  readonly vm: VmHandle
  readonly journal: ActionJournal
  readonly signal: AbortSignal
  /** UTC now; part of the names of new files. */
  nowMs(): number
  progress(progress: SnapshotProgress): void
}

export type { MergeResult }

/** @throws AppError snapshotNotPossible {reason, disks} */
export function throwIf(refusal: SnapshotRefusal | null): void {
  if (refusal === null) return
  const params = { reason: refusal.reason, disks: refusal.disks.join(', ').slice(0, 1000) }
  throw new AppError('snapshotNotPossible', { params })
}

/** @throws AppError notFound {name} */
export function snapshotOf(vm: VmSnapshots, name: string): SnapshotFacts {
  const snapshot = vm.snapshots.find((one) => one.name === name)
  if (snapshot === undefined) throw new AppError('notFound', { params: { name: name.slice(0, 4096) } })
  return snapshot
}

export const readVm = ({ host, vm, signal }: SnapshotWork): Promise<VmSnapshots> => host.read(vm, signal)

/** @throws AppError snapshotNotPossible, conflict {name}, vmChanged, vmNotFound, and those of the command */
export async function createSnapshot(
  work: SnapshotWork,
  request: Pick<SnapshotNew, 'name' | 'description' | 'way' | 'quiesce'>
): Promise<void> {
  const { host, vm: handle, journal, signal } = work
  work.progress({ step: 'checking', doneRatio: null })
  const vm = await readVm(work)
  if (vm.snapshots.some(({ name }) => name === request.name))
    throw new AppError('conflict', { params: { name: request.name } })
  throwIf(refusalOfCreate(vm, host.libvirtVersion, request.way))
  const quiesce = request.quiesce && request.way === 'external'
  if (quiesce) {
    throwIf(refusalOfQuiesce(vm))
    work.progress({ step: 'asking', doneRatio: null })
    if (!(await host.agentAnswers(handle, journal, signal))) throwIf({ reason: 'agentSilent', disks: [] })
  }
  work.progress({ step: 'taking', doneRatio: null })
  const memoryPath =
    request.way === 'externalWithMemory' ? memoryPathOf(vm, request.name, work.nowMs()) : null
  await settled(
    work,
    () => host.create(handle, { ...request, quiesce, memoryPath }, journal, signal),
    (now) => now.snapshots.some(({ name }) => name === request.name)
  )
}

/** Beside the first disk. The time keeps it apart from every file that is there: libvirt would write over one. */
function memoryPathOf(vm: VmSnapshots, name: string, atMs: number): string | null {
  const path = vm.disks.find((disk) => !disk.readOnly && disk.path !== null)?.path ?? null
  if (path === null) return null
  const slug = name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 60)
  return `${path.replace(/\.[^./]*$/, '')}.${slug}.${atMs.toString(36)}.mem`
}

/** The way that fits what is there already, for a snapshot that is taken on the side. */
export function wayToKeep(vm: VmSnapshots, version: string | null): SnapshotWay {
  const memory: SnapshotWay = isActive(vm.state) ? 'externalWithMemory' : 'external'
  return refusalOfCreate(vm, version, 'internal') === null ? 'internal' : memory
}

/** @throws AppError refused {what: nameNotTyped}, snapshotNotPossible, notFound, and those of the command */
export async function revertToSnapshot(
  work: SnapshotWork,
  request: Pick<SnapshotRevert, 'then' | 'keepPresentAs' | 'typedName'> & { readonly snapshot: string }
): Promise<void> {
  const { host, vm: handle, journal, signal } = work
  work.progress({ step: 'checking', doneRatio: null })
  const vm = await readVm(work)
  throwIf(refusalsOf(vm, host.libvirtVersion, snapshotOf(vm, request.snapshot)).canRevert)
  if (vm.state !== 'shutOff' && request.typedName !== vm.name)
    throw new AppError('refused', { params: { what: 'nameNotTyped' } })
  // Other images may stand on these (linked clones): the revert would change what is below them.
  const paths = vm.disks.flatMap(({ path, readOnly }) => (path === null || readOnly ? [] : [path]))
  const others = await host.usedByOthers(handle.uuid, paths, signal)
  if (others.size > 0) throwIf({ reason: 'usedByOthers', disks: [...others] })
  if (request.keepPresentAs !== null) {
    const way = wayToKeep(vm, host.libvirtVersion)
    await createSnapshot(work, { name: request.keepPresentAs, description: '', way, quiesce: false })
  }
  work.progress({ step: 'reverting', doneRatio: null })
  await settled(
    work,
    () => host.revert(handle, { snapshot: request.snapshot, then: request.then }, journal, signal),
    // It is the present state's parent afterwards; before, it could have been that too.
    (now) =>
      now.snapshots.some(({ name, isCurrent }) => name === request.snapshot && isCurrent) &&
      vm.snapshots.some(({ name, isCurrent }) => name === request.snapshot && !isCurrent)
  )
}

/** @throws AppError snapshotNotPossible, notFound, and those of the command */
export async function deleteSnapshot(
  work: SnapshotWork,
  { snapshot, withChildren }: { readonly snapshot: string; readonly withChildren: boolean }
): Promise<void> {
  const { host, vm: handle, journal, signal } = work
  work.progress({ step: 'checking', doneRatio: null })
  const vm = await readVm(work)
  const { canDelete, canDeleteWithChildren } = refusalsOf(vm, host.libvirtVersion, snapshotOf(vm, snapshot))
  throwIf(withChildren ? canDeleteWithChildren : canDelete)
  work.progress({ step: 'deleting', doneRatio: null })
  const what = withChildren ? 'withChildren' : 'only'
  await settled(
    work,
    () => host.delete(handle, { snapshot, what }, journal, signal),
    (now) => !now.snapshots.some(({ name }) => name === snapshot)
  )
}

/** An answer that did not come in time: what is there now tells whether it was done. Nothing is sent twice. */
async function settled(
  work: SnapshotWork,
  write: () => Promise<void>,
  isDone: (now: VmSnapshots) => boolean
): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'deadlineExceeded' || work.signal.aborted) throw error
    // When that cannot be read either, the first failure is the one to tell.
    const now = await readVm(work).catch(() => null)
    if (now === null || !isDone(now)) throw error
  }
}
