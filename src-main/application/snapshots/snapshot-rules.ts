/**
 * What can be done with a VM's snapshots here and now, and the reason where it cannot: decided from facts before anything
 * is sent, because libvirt takes some of it and leaves snapshots behind that nothing can undo. Pure.
 */
import type {
  Snapshot,
  SnapshotBoard,
  SnapshotKind,
  SnapshotRefusal,
  SnapshotRefusalReason,
  SnapshotWay
} from '#contract/snapshots.ts'
import { isActive } from '../../domain/libvirt/domain-state.ts'
import type { SnapshotFacts, VmDisk, VmSnapshots } from './snapshot-host.ts'

/** Internal snapshots of UEFI guests. */
const UEFI_INTERNAL = [10, 9] as const
/** Deleting and reverting to external snapshots. libvirt 9.0 deletes some of them, and breaks chains with it. */
const EXTERNAL = [9, 9] as const

const refusal = (reason: SnapshotRefusalReason, disks: readonly string[] = []): SnapshotRefusal => ({
  reason,
  disks: disks.slice(0, 64)
})

/** A version that cannot be read counts as old: refusing costs less than a broken chain. */
export function isAtLeast(version: string | null, [major, minor]: readonly [number, number]): boolean {
  const [, one, two] = /(\d{1,4})\.(\d{1,4})/.exec(version ?? '') ?? []
  if (one === undefined || two === undefined) return false
  return Number(one) > major || (Number(one) === major && Number(two) >= minor)
}

export function kindOf(snapshot: SnapshotFacts): SnapshotKind {
  const kinds = new Set([snapshot.memory, ...snapshot.disks.map(({ kind }) => kind)])
  if (kinds.has('internal')) return kinds.has('external') ? 'mixed' : 'internal'
  return kinds.has('external') ? 'external' : 'none'
}

interface Tree {
  readonly vm: VmSnapshots
  readonly version: string | null
  readonly isMixed: boolean
  readonly has: ReadonlySet<SnapshotKind>
}

function treeOf(vm: VmSnapshots, version: string | null): Tree {
  const has = new Set(vm.snapshots.map(kindOf))
  return { vm, version, has, isMixed: has.has('mixed') || (has.has('internal') && has.has('external')) }
}

const writable = (vm: VmSnapshots): readonly VmDisk[] => vm.disks.filter((disk) => !disk.readOnly)
const targets = (disks: readonly VmDisk[]): string[] => disks.map(({ target }) => target)

/** Why a snapshot of this way cannot be taken; null: it can. */
export function refusalOfCreate(
  vm: VmSnapshots,
  version: string | null,
  way: SnapshotWay
): SnapshotRefusal | null {
  const tree = treeOf(vm, version)
  if (vm.isHung) return refusal('vmHangs')
  const disks = writable(vm)
  if (disks.length === 0) return refusal('noDisks')
  if (way === 'internal') {
    if (tree.isMixed || tree.has.has('external')) return refusal('mixedChain')
    if (vm.isUefi && !isAtLeast(version, UEFI_INTERNAL)) return refusal('uefiNeedsNewerLibvirt')
    const others = disks.filter(({ format }) => format !== 'qcow2')
    return others.length === 0 ? null : refusal('diskFormat', targets(others))
  }
  if (tree.isMixed || tree.has.has('internal')) return refusal('mixedChain')
  const placeless = disks.filter(({ path }) => path === null)
  if (placeless.length > 0) return refusal('diskNotFile', targets(placeless))
  return way === 'externalWithMemory' && !isActive(vm.state) ? refusal('vmOff') : null
}

/** Whether the guest can be asked to hold still; the agent itself is asked right before. */
export function refusalOfQuiesce(vm: VmSnapshots): SnapshotRefusal | null {
  if (vm.isHung) return refusal('vmHangs')
  if (!isActive(vm.state)) return refusal('vmOff')
  return vm.agent === 'connected' ? null : refusal('agentMissing')
}

function refusalOfRevert({ vm, version, isMixed }: Tree, snapshot: SnapshotFacts): SnapshotRefusal | null {
  if (vm.isHung) return refusal('vmHangs')
  if (isMixed) return refusal('mixedChain')
  if (snapshot.memory === 'internal' && /["\\\n]/.test(snapshot.name)) return refusal('nameUnsafe')
  if (kindOf(snapshot) === 'external' && !isAtLeast(version, EXTERNAL))
    return refusal('externalRevertNeedsNewerLibvirt')
  return null
}

function refusalOfDelete(
  { vm, version, isMixed }: Tree,
  deleted: readonly SnapshotFacts[]
): SnapshotRefusal | null {
  if (vm.isHung) return refusal('vmHangs')
  if (isMixed) return refusal('mixedChain')
  if (deleted.some((one) => kindOf(one) === 'external') && !isAtLeast(version, EXTERNAL))
    return refusal('externalDeleteNeedsNewerLibvirt')
  return null
}

/** The snapshot and all that grow from it. */
export function withDescendants(vm: VmSnapshots, snapshot: SnapshotFacts): SnapshotFacts[] {
  const names = new Set([snapshot.name])
  // Parents stand before their children.
  for (const one of vm.snapshots)
    if (one.parentName !== null && names.has(one.parentName)) names.add(one.name)
  return vm.snapshots.filter((one) => names.has(one.name))
}

/** One disk to merge: everything above `basePath` is written down into it. */
export interface MergeDisk {
  readonly target: string
  readonly basePath: string
  /** Files that hold nothing any more afterwards. */
  readonly overlayPaths: readonly string[]
  /**
   * It is on its base already: an earlier attempt failed at another disk, or somebody put it there by hand. Its overlays
   * may hold what was never written down, so they are named and not deleted.
   */
  readonly isOnBase: boolean
}

export interface MergePlan {
  readonly disks: readonly MergeDisk[]
  /** Snapshots that are gone afterwards, the youngest first. */
  readonly snapshots: readonly SnapshotFacts[]
  readonly memoryPaths: readonly string[]
}

/** What merging a snapshot back means, or why it is not possible. */
export function mergePlanOf(
  vm: VmSnapshots,
  snapshot: SnapshotFacts
): { readonly plan: MergePlan } | { readonly refusal: SnapshotRefusal } {
  const no = (reason: SnapshotRefusalReason, disks: readonly string[] = []) => ({
    refusal: refusal(reason, disks)
  })
  if (kindOf(snapshot) !== 'external') return no('notExternal')
  if (vm.isHung) return no('vmHangs')
  const line = withDescendants(vm, snapshot)
  if (line.some((one) => kindOf(one) === 'internal' || kindOf(one) === 'mixed')) return no('mixedChain')
  const hasBranches = line.some((one, index) => index > 0 && one.parentName !== line[index - 1]?.name)
  if (line.at(-1)?.isCurrent !== true)
    return no(line.some((one) => one.isCurrent) ? 'hasBranches' : 'notUnderCurrent')
  if (hasBranches) return no('hasBranches')
  if (!isActive(vm.state)) return no('vmOff')
  const disks: MergeDisk[] = []
  for (const { target, kind } of snapshot.disks) {
    if (kind !== 'external') continue
    const disk = mergeDiskOf(vm, line, target, snapshot.pathsWhenTaken.get(target))
    if (disk === null) return no('notUnderCurrent', [target])
    disks.push(disk)
  }
  if (disks.every(({ isOnBase }) => isOnBase))
    return no(
      'notUnderCurrent',
      disks.map(({ target }) => target)
    )
  const memoryPaths = line.flatMap(({ memoryPath }) => (memoryPath === null ? [] : [memoryPath]))
  return { plan: { disks, snapshots: line.toReversed(), memoryPaths } }
}

/** null: what the disk stands on now is not what it stood on when the snapshot was taken. */
function mergeDiskOf(
  vm: VmSnapshots,
  line: readonly SnapshotFacts[],
  target: string,
  basePath: string | undefined
): MergeDisk | null {
  const now = vm.disks.find((disk) => disk.target === target)
  if (now === undefined || now.path === null || basePath === undefined) return null
  if (now.path === basePath) {
    const overlays = line.flatMap(({ disks }) => disks.filter((disk) => disk.target === target))
    const overlayPaths = overlays.flatMap(({ overlayPath }) => (overlayPath === null ? [] : [overlayPath]))
    return { target, basePath, overlayPaths, isOnBase: true }
  }
  const depth = now.backingPaths.indexOf(basePath)
  if (depth < 0) return null
  const overlayPaths = [now.path, ...now.backingPaths.slice(0, depth)]
  return { target, basePath, overlayPaths, isOnBase: false }
}

/** Everything the window shows of a VM's snapshots. */
export function boardOf(vm: VmSnapshots, version: string | null): SnapshotBoard {
  const tree = treeOf(vm, version)
  return {
    snapshots: vm.snapshots.map((snapshot) => shown(tree, snapshot)),
    isCut: vm.isCut,
    state: vm.state,
    libvirtVersion: version,
    canCreate: {
      internal: refusalOfCreate(vm, version, 'internal'),
      external: refusalOfCreate(vm, version, 'external'),
      externalWithMemory: refusalOfCreate(vm, version, 'externalWithMemory'),
      quiesce: refusalOfQuiesce(vm)
    }
  }
}

/** The snapshot's refusals alone, for the use cases. */
export function refusalsOf(
  vm: VmSnapshots,
  version: string | null,
  snapshot: SnapshotFacts
): Pick<Snapshot, 'canRevert' | 'canDelete' | 'canDeleteWithChildren' | 'canMergeBack'> {
  const tree = treeOf(vm, version)
  const merge = mergePlanOf(vm, snapshot)
  return {
    canRevert: refusalOfRevert(tree, snapshot),
    canDelete: refusalOfDelete(tree, [snapshot]),
    canDeleteWithChildren: refusalOfDelete(tree, withDescendants(vm, snapshot)),
    canMergeBack: 'refusal' in merge ? merge.refusal : null
  }
}

function shown(tree: Tree, snapshot: SnapshotFacts): Snapshot {
  const { vm, version } = tree
  const kind = kindOf(snapshot)
  const files = [
    ...snapshot.disks.flatMap(({ target, overlayPath }) =>
      overlayPath === null ? [] : [{ target, path: overlayPath }]
    ),
    ...(snapshot.memoryPath === null ? [] : [{ target: null, path: snapshot.memoryPath }])
  ].map((file) => ({ ...file, sizeBytes: vm.sizes.get(file.path) ?? null }))
  const isKnown = files.length > 0 && files.every(({ sizeBytes }) => sizeBytes !== null)
  return {
    name: snapshot.name.slice(0, 4096),
    parentName: snapshot.parentName?.slice(0, 4096) ?? null,
    isCurrent: snapshot.isCurrent,
    kind,
    hasMemory: snapshot.memory !== 'no',
    state: snapshot.state,
    createdAtMs: snapshot.createdAtMs,
    description: snapshot.description,
    spaceBytes: isKnown ? files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0) : null,
    spaceUnknown: isKnown ? null : spaceUnknownOf(kind, files.length, vm.isHung),
    files: files.slice(0, 128),
    ...refusalsOf(vm, version, snapshot)
  }
}

function spaceUnknownOf(kind: SnapshotKind, fileCount: number, isHung: boolean): Snapshot['spaceUnknown'] {
  if (kind === 'internal' || kind === 'mixed') return 'inImage'
  if (fileCount === 0) return 'noFiles'
  return isHung ? 'vmHangs' : 'fileUnknown'
}
