/** VMs on their way from one registered server to another: moved or copied, running or off. See docs/migration.md. */
import { z } from 'zod'
import { call, task } from './define.ts'
import { ServerId, VmUuid } from './ids.ts'
import { RemoteText } from './units.ts'
import { DomainState } from './vocabulary.ts'

/** `move`: afterwards it is there and not here. `copy`: another VM with a UUID and MACs of its own; the first is untouched. */
export const MigrationKind = z.enum(['move', 'copy'])
export type MigrationKind = z.infer<typeof MigrationKind>

/** `live`: it goes on running. `cold`: it is off. */
export const MigrationWay = z.enum(['live', 'cold'])
export type MigrationWay = z.infer<typeof MigrationWay>

/**
 * How the bytes of a live move travel. `console`: through this console, over both ssh connections; nothing has to be set
 * up. `direct`: from server to server; the account on the one must be able to log in to the other.
 */
export const MigrationRoute = z.enum(['console', 'direct'])
export type MigrationRoute = z.infer<typeof MigrationRoute>

/** `copy`: the disks are copied. `shared`: both servers see the same files at the same place. */
export const MigrationStorage = z.enum(['copy', 'shared'])
export type MigrationStorage = z.infer<typeof MigrationStorage>

/** A libvirt network or a bridge of the host. */
export const NetworkPlace = z.object({ kind: z.enum(['network', 'bridge']), name: RemoteText.min(1) })
export type NetworkPlace = z.infer<typeof NetworkPlace>

export const MigrationChoice = z.object({
  serverId: ServerId,
  vmUuid: VmUuid,
  targetServerId: ServerId,
  kind: MigrationKind,
  way: MigrationWay,
  route: MigrationRoute,
  storage: MigrationStorage,
  /** Name on the target; null = the same. */
  newName: z.string().min(1).max(200).nullable(),
  /** The target's pool of each disk (by its target, `vda`); a disk that is not here goes to the pool of the same name. */
  pools: z.record(RemoteText, RemoteText),
  /** Where each network of the VM (`network:default`, `bridge:br0`) leads on the target; the same where it is not here. */
  networks: z.record(RemoteText, NetworkPlace)
})
export type MigrationChoice = z.infer<typeof MigrationChoice>

/** What is looked at before anything is done. The window has the words and the fix of each. */
export const MigrationCheckId = z.enum([
  'reached',
  'writable',
  'otherServer',
  'versions',
  'state',
  'persistent',
  'responding',
  'protected',
  'nameFree',
  'uuidFree',
  'machineType',
  'virtualization',
  'cpu',
  'memory',
  'networks',
  'diskKinds',
  'sharedStorage',
  'backing',
  'sourcePool',
  'targetPool',
  'space',
  'targetFiles',
  'media',
  'bootFiles',
  'snapshots',
  'managedSave',
  'devices',
  'firmwareState',
  'route'
])
export type MigrationCheckId = z.infer<typeof MigrationCheckId>

/** One fact and its meaning. `reason`: which words of the check; `params`: facts for them (names, sizes, remote text). */
export const MigrationCheck = z.object({
  id: MigrationCheckId,
  level: z.enum(['ok', 'warn', 'fail']),
  reason: z.string().max(60),
  params: z.record(z.string(), z.union([RemoteText, z.number()]))
})
export type MigrationCheck = z.infer<typeof MigrationCheck>

export const MigrationDisk = z.object({
  target: RemoteText,
  source: RemoteText,
  format: RemoteText,
  capacityBytes: z.number(),
  /** Bytes that its file takes now. */
  allocationBytes: z.number(),
  sourcePool: RemoteText.nullable(),
  /** null: no pool chosen, or none of this name there. */
  targetPool: RemoteText.nullable(),
  targetPath: RemoteText.nullable(),
  does: z.enum(['copied', 'shared'])
})
export type MigrationDisk = z.infer<typeof MigrationDisk>

export const MigrationNetwork = z.object({
  /** `network:default` or `bridge:br0`. */
  key: RemoteText,
  from: NetworkPlace,
  to: NetworkPlace,
  there: z.boolean()
})
export type MigrationNetwork = z.infer<typeof MigrationNetwork>

export const MigrationPlan = z.object({
  seenName: RemoteText,
  state: DomainState,
  targetName: RemoteText,
  checks: z.array(MigrationCheck).max(80),
  /** No check failed. */
  possible: z.boolean(),
  disks: z.array(MigrationDisk).max(256),
  networks: z.array(MigrationNetwork).max(256),
  /** What the target has to choose from. */
  targetPools: z.array(z.object({ name: RemoteText, availableBytes: z.number().nullable() })).max(256),
  targetNetworks: z.array(NetworkPlace).max(512),
  bytesToCopy: z.number(),
  /** In their order, as they will be sent; empty while it is not possible. */
  commands: z.array(z.object({ on: z.enum(['source', 'target']), command: z.string() })).max(600)
})
export type MigrationPlan = z.infer<typeof MigrationPlan>

export const MigrationPhase = z.enum([
  'checking',
  'preparing',
  'copying',
  'verifying',
  'finishing',
  'undoing'
])
export type MigrationPhase = z.infer<typeof MigrationPhase>

export const MigrationProgress = z.object({
  phase: MigrationPhase,
  /** Of the whole; null while it is not known. */
  doneRatio: z.number().min(0).max(1).nullable(),
  bytesDone: z.number(),
  bytesTotal: z.number().nullable(),
  bytesPerSec: z.number().nullable(),
  /** Milliseconds to go at the present pace; null while there is no pace. */
  remainingMs: z.number().nullable()
})
export type MigrationProgress = z.infer<typeof MigrationProgress>

export const MigrationResult = z.object({
  targetUuid: VmUuid,
  targetName: RemoteText,
  bytesCopied: z.number(),
  durationMs: z.number(),
  /** The source's definition is gone (a move). Its files never are. */
  sourceUndefined: z.boolean(),
  /** Files that the VM leaves on the source. */
  filesLeft: z.array(RemoteText).max(256),
  /** SHA-256 of each disk as it was sent, and found to be the same on the target (cold). */
  checksums: z.array(z.object({ target: RemoteText, sha256: z.string().length(64) })).max(256)
})
export type MigrationResult = z.infer<typeof MigrationResult>

export const migrationContract = {
  /** Looks at both servers and changes neither. */
  'migration.plan': call(MigrationChoice, MigrationPlan),
  /**
   * `seenName` is the name the operator saw. The plan is made again first, and whatever fails then ends it before anything
   * was changed. Throws migrationNotPossible, migrationFailed (the source is as it was; what was made on the target is
   * gone), migrationUnclear (what is where is in the params).
   */
  'machines.migrate': task(
    z.object({ choice: MigrationChoice, seenName: RemoteText }),
    MigrationProgress,
    MigrationResult
  )
}
