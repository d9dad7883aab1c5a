/** Virtual machines of all servers. Acted on by UUID only. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ServerId, VmRef, VmUuid } from './ids.ts'
import { Tag } from './servers.ts'
import { AtMs, RemoteText } from './units.ts'
import { DomainState, MachineAction } from './vocabulary.ts'

/** Newest values of a VM. null = could not be had; `memoryUnknown` says why for memory. */
export const MachineNow = z.object({
  atMs: AtMs,
  cpuUsedRatio: z.number().nullable(),
  memoryUsedBytes: z.number().nullable(),
  memoryBalloonBytes: z.number().nullable(),
  memoryUsedRatio: z.number().nullable(),
  /** The guest reports no statistics: no balloon period, or no driver in the guest. */
  memoryUnknown: z.enum(['noBalloonPeriod', 'notReported']).nullable(),
  diskUsedRatio: z.number().nullable(),
  diskAllocationBytes: z.number().nullable(),
  diskCapacityBytes: z.number().nullable(),
  diskReadBytesPerSec: z.number().nullable(),
  diskWriteBytesPerSec: z.number().nullable(),
  netRxBytesPerSec: z.number().nullable(),
  netTxBytesPerSec: z.number().nullable()
})
export type MachineNow = z.infer<typeof MachineNow>

export const MachineDisk = z.object({
  target: RemoteText,
  source: RemoteText.nullable(),
  device: z.enum(['disk', 'cdrom', 'floppy', 'lun', 'other']),
  format: RemoteText.nullable(),
  readOnly: z.boolean(),
  allocationBytes: z.number().nullable(),
  capacityBytes: z.number().nullable()
})
export type MachineDisk = z.infer<typeof MachineDisk>

export const MachineInterface = z.object({
  mac: RemoteText.nullable(),
  source: RemoteText.nullable(),
  model: RemoteText.nullable(),
  target: RemoteText.nullable()
})
export type MachineInterface = z.infer<typeof MachineInterface>

/** A VM as the window sees it in lists. */
export const MachineView = z.object({
  ref: VmRef,
  name: RemoteText,
  state: DomainState,
  /** libvirt's word for why (booted, destroyed, …). */
  stateReason: RemoteText.nullable(),
  /** Since when the console has seen this state. */
  stateSinceAtMs: AtMs,
  autostart: z.boolean(),
  persistent: z.boolean(),
  hasSnapshot: z.boolean(),
  /** Its memory is saved on the server: its next start goes on there. */
  hasSavedState: z.boolean(),
  /** What was changed of it comes with its next start: the running definition and the kept one differ. */
  needsShutdown: z.boolean(),
  /** Marked so that it is not deleted. */
  isProtected: z.boolean(),
  vcpus: z.int().nullable(),
  memoryMaxBytes: z.number().nullable(),
  /** Marked as a template: there to be cloned; starting it is asked for. */
  template: z.boolean(),
  /** The operator's words for finding it again, kept in its own definition. */
  tags: z.array(Tag).max(16),
  /** Its QEMU does not answer its monitor: since when. null = it answers. */
  notRespondingSinceAtMs: AtMs.nullable(),
  /** Its values are kept in the history. false = shown only: the operator stopped collecting them. */
  collecting: z.boolean(),
  now: MachineNow.nullable()
})
export type MachineView = z.infer<typeof MachineView>

/** What is read when a VM is looked at. */
export const MachineDetail = z.object({
  osType: RemoteText.nullable(),
  machineType: RemoteText.nullable(),
  architecture: RemoteText.nullable(),
  firmware: z.enum(['bios', 'uefi', 'direct']).nullable(),
  cpuMode: RemoteText.nullable(),
  title: RemoteText.nullable(),
  description: RemoteText.nullable(),
  balloonPeriodSec: z.int().nullable(),
  disks: z.array(MachineDisk).max(256),
  interfaces: z.array(MachineInterface).max(256)
})
export type MachineDetail = z.infer<typeof MachineDetail>

export const MachinesEvent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('snapshot'),
    revision: z.int(),
    machines: z.array(MachineView)
  }),
  z.object({
    kind: z.literal('change'),
    revision: z.int(),
    changed: z.array(MachineView),
    removed: z.array(VmRef)
  })
])
export type MachinesEvent = z.infer<typeof MachinesEvent>

/** A VM and the name that the operator saw: behind another name nothing is done. */
const SeenVm = VmRef.extend({ seenName: RemoteText })

export const machinesContract = {
  'machines.watch': stream(z.object({}), MachinesEvent, 'latest'),
  /** Starts or stops keeping a VM's values in the history; they are shown either way. Idempotent. */
  'machines.setCollecting': call(
    z.object({ serverId: ServerId, vmUuid: VmUuid, collecting: z.boolean() }),
    z.null()
  ),
  'machines.detail': call(VmRef, MachineDetail),
  /**
   * Idempotent: a VM that is already there gives `already`. `seenName` is the name the operator saw; another name
   * behind the UUID fails with `vmChanged` and nothing is done.
   */
  'machines.act': call(
    z.object({
      serverId: ServerId,
      vmUuid: VmUuid,
      action: MachineAction,
      seenName: RemoteText
    }),
    z.object({ outcome: z.enum(['done', 'already']) })
  ),
  /**
   * Only while it is off. Throws invalidInput {what, reason}, conflict {name} (taken), vmActionNotPossible {state}, and as
   * `machines.act`.
   */
  'machines.rename': call(SeenVm.extend({ newName: z.string().max(300) }), z.null()),
  /** Marks it in its own definition so that it is not deleted, or takes the mark away. Idempotent. */
  'machines.setProtected': call(SeenVm.extend({ on: z.boolean() }), z.null()),
  /** How often the guest tells of its memory, now and after each start. */
  'machines.setBalloonPeriod': call(SeenVm.extend({ periodSec: z.int().min(1).max(3_600) }), z.null())
}
