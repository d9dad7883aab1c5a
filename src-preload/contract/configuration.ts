/**
 * A VM's configuration and every change of it: what it has now, what it will have at its next start, what differs, and
 * what was there before each change. A change is planned first; the plan has the exact commands and what cannot be done.
 */
import { z } from 'zod'
import { call } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { VmRef } from './ids.ts'
import { Tag } from './servers.ts'
import { AtMs, RemoteText } from './units.ts'

/** libvirt itself refuses documents of more than some megabytes; a real one has 5 to 50 KB. */
export const MAX_XML_CHARS = 1024 * 1024
const Xml = z.string().max(MAX_XML_CHARS)
/** One line of a document that was made comparable. */
const XmlLines = z.array(z.string().max(MAX_XML_CHARS)).max(20_000)

export const ConfiguredDisk = z.object({
  /** Its device name in the definition (vda): unique in it. */
  target: RemoteText,
  bus: RemoteText.nullable(),
  device: z.enum(['disk', 'cdrom', 'floppy', 'lun', 'other']),
  /** How the source is named: a file, a block device, a volume of a pool, something on the network. null = no medium. */
  sourceKind: z.enum(['file', 'block', 'volume', 'network', 'other']).nullable(),
  source: RemoteText.nullable(),
  format: RemoteText.nullable(),
  readOnly: z.boolean(),
  /** Its place in the boot order, from 1. null = not booted from by an order of its own. */
  bootOrder: z.int().nullable()
})
export type ConfiguredDisk = z.infer<typeof ConfiguredDisk>

export const ConfiguredInterface = z.object({
  mac: RemoteText.nullable(),
  /** libvirt's word: network, bridge, direct, user, … */
  kind: RemoteText,
  source: RemoteText.nullable(),
  model: RemoteText.nullable(),
  /** false = the cable is pulled. */
  linkUp: z.boolean(),
  bootOrder: z.int().nullable()
})
export type ConfiguredInterface = z.infer<typeof ConfiguredInterface>

/** The device that a guest agent talks through. */
export const AgentChannel = z.enum(['none', 'connected', 'disconnected', 'unknown'])
export type AgentChannel = z.infer<typeof AgentChannel>

/** One of the two definitions of a VM: that of its running QEMU, or that of its next start. */
export const Hardware = z.object({
  vcpus: z.int(),
  /** What can be plugged in while it runs. */
  vcpusMax: z.int(),
  memoryBytes: z.number(),
  memoryMaxBytes: z.number(),
  /** `<boot dev>` of the firmware: hd, cdrom, network, fd. Used where no device has an order of its own. */
  bootDevices: z.array(RemoteText).max(16),
  title: RemoteText.nullable(),
  description: RemoteText.nullable(),
  tags: z.array(Tag).max(16),
  protected: z.boolean(),
  disks: z.array(ConfiguredDisk).max(256),
  interfaces: z.array(ConfiguredInterface).max(256),
  agentChannel: AgentChannel,
  /** It has a console that can have a password. libvirt does not tell readers whether it has one. */
  hasGraphics: z.boolean()
})
export type Hardware = z.infer<typeof Hardware>

export const MachineConfiguration = z.object({
  /** Of the running QEMU. null = it is off. */
  live: Hardware.nullable(),
  /** null = a transient VM: once it is off, it is gone. */
  nextBoot: Hardware.nullable(),
  /** The two differ in something that only a shutdown and start brings together. */
  needsShutdown: z.boolean()
})
export type MachineConfiguration = z.infer<typeof MachineConfiguration>

export const MachineXml = z.object({
  /** As `virsh dumpxml` prints them, without secrets. */
  live: Xml.nullable(),
  nextBoot: Xml.nullable(),
  /** The same without what changes at each start (aliases, addresses, vnet names, ids), one element a line. */
  liveLines: XmlLines.nullable(),
  nextBootLines: XmlLines.nullable()
})
export type MachineXml = z.infer<typeof MachineXml>

const Target = z.string().regex(/^[a-z][a-z0-9]{1,15}$/)
const Mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i)
const ServerPath = z
  .string()
  .max(1024)
  .regex(/^\/[^\u0000-\u001f\u007f]*$/)
/** A volume that is made before it is attached: `path` is where it will lie. Never over an existing one. */
const NewDisk = z.object({
  pool: z.string().min(1).max(255),
  name: z
    .string()
    .max(200)
    .regex(/^[^/\u0000-\u001f-][^/\u0000-\u001f]*$/),
  capacityBytes: z.int().min(1024 ** 2),
  /** Take all of its space now. */
  full: z.boolean()
})
const MIB = 1024 ** 2
const MemoryBytes = z
  .int()
  .min(MIB)
  .max(64 * 1024 ** 4)
  .refine((bytes) => bytes % 1024 === 0)

/** Buses a disk can be put on. Of these virtio, scsi and usb take a disk while the VM runs. */
export const DiskBus = z.enum(['virtio', 'scsi', 'sata', 'usb'])
export type DiskBus = z.infer<typeof DiskBus>
export const InterfaceModel = z.enum(['virtio', 'e1000e', 'e1000', 'rtl8139'])
export type InterfaceModel = z.infer<typeof InterfaceModel>

export const BootEntry = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('disk'), target: Target }),
  z.object({ kind: z.literal('interface'), mac: Mac })
])
export type BootEntry = z.infer<typeof BootEntry>

/** One change as the operator means it. */
export const MachineChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('vcpus'), count: z.int().min(1).max(4096), max: z.int().min(1).max(4096) }),
  z.object({ kind: z.literal('memory'), bytes: MemoryBytes, maxBytes: MemoryBytes }),
  z.object({
    kind: z.literal('diskAttach'),
    path: ServerPath,
    format: z.enum(['qcow2', 'raw']),
    bus: DiskBus,
    readOnly: z.boolean(),
    create: NewDisk.nullable()
  }),
  z.object({ kind: z.literal('diskGrow'), target: Target, capacityBytes: z.int().min(1) }),
  z.object({ kind: z.literal('diskDetach'), target: Target }),
  /** An empty drive. */
  z.object({ kind: z.literal('driveAttach') }),
  /** null ejects. */
  z.object({ kind: z.literal('media'), target: Target, path: ServerPath.nullable() }),
  z.object({
    kind: z.literal('interfaceAttach'),
    sourceKind: z.enum(['network', 'bridge']),
    source: z.string().min(1).max(255),
    model: InterfaceModel,
    /** null = one is made. */
    mac: Mac.nullable()
  }),
  z.object({ kind: z.literal('interfaceLink'), mac: Mac, up: z.boolean() }),
  z.object({ kind: z.literal('interfaceDetach'), mac: Mac }),
  z.object({ kind: z.literal('boot'), order: z.array(BootEntry).min(1).max(64) }),
  /** The device that a guest agent needs. */
  z.object({ kind: z.literal('agentChannel') }),
  z.object({
    kind: z.literal('title'),
    title: z
      .string()
      .max(255)
      .regex(/^[^\r\n]*$/)
  }),
  z.object({ kind: z.literal('description'), description: z.string().max(4096) }),
  z.object({ kind: z.literal('tags'), tags: z.array(Tag).max(16) }),
  z.object({ kind: z.literal('xml'), xml: Xml.min(1) }),
  /** Makes a definition that was saved before a change the one of the next start. */
  z.object({ kind: z.literal('restore'), savedId: z.int().positive() })
])
export type MachineChange = z.infer<typeof MachineChange>

/** Where a change is done. A VM that is off has no `live`. */
export const ChangeScope = z.enum(['live', 'nextBoot'])
export type ChangeScope = z.infer<typeof ChangeScope>

export const ChangeRequest = VmRef.extend({
  seenName: RemoteText,
  change: MachineChange,
  scopes: z.array(ChangeScope).min(1).max(2)
})
export type ChangeRequest = z.infer<typeof ChangeRequest>

/** Why a change cannot be done there. Without a scope it cannot be done at all. */
export const ChangeRefusal = z.enum([
  'off',
  'transient',
  'nextBootOnly',
  'vcpusAboveMax',
  'memoryAboveMax',
  'maxNextBootOnly',
  'maxBelowPresent',
  'busNotHotplug',
  'noSerialController',
  'notThere',
  'alreadyThere',
  'shrinks',
  'sizeUnknown',
  'notInPool',
  'usedByRunning',
  'notResponding',
  'protected',
  'otherMachine',
  'notWellFormed',
  'nothingToChange'
])
export type ChangeRefusal = z.infer<typeof ChangeRefusal>

export const PlannedStep = z.object({
  scope: ChangeScope,
  /** As an operator would type it. */
  command: z.string().max(2 * MAX_XML_CHARS)
})
export type PlannedStep = z.infer<typeof PlannedStep>

export const ChangePlan = z.object({
  /** In the order in which they are sent. Empty: nothing can be done. */
  steps: z.array(PlannedStep).max(16),
  refusals: z
    .array(
      z.object({
        scope: ChangeScope.nullable(),
        reason: ChangeRefusal,
        /** Facts for the words: a line and the parser's words, a size in bytes, a VM's name. */
        params: z.record(z.string(), z.union([z.string().max(4096), z.number()]))
      })
    )
    .max(16),
  /** Files on the server that stay where they are when their device is taken out. */
  filesLeft: z.array(RemoteText).max(16),
  /**
   * The whole definition is written anew. A console's password would be lost: libvirt does not tell readers whether
   * there is one. It is only done with `acceptsPasswordLoss`, or when the document sets a password for each.
   */
  mayLosePassword: z.boolean()
})
export type ChangePlan = z.infer<typeof ChangePlan>

/** What became of the scopes that were asked for; absent = there was nothing to do there. */
export const ChangeResult = z.object({
  live: z.object({ done: z.boolean(), error: ErrorInfo.nullable() }).nullable(),
  nextBoot: z.object({ done: z.boolean(), error: ErrorInfo.nullable() }).nullable()
})
export type ChangeResult = z.infer<typeof ChangeResult>

/** The definition of the next start as it was right before a change. */
export const SavedConfiguration = z.object({
  id: z.int().positive(),
  atMs: AtMs,
  /** The kind of the change that came after it. */
  before: z.string().max(40)
})
export type SavedConfiguration = z.infer<typeof SavedConfiguration>

export const configurationContract = {
  'configuration.read': call(VmRef, MachineConfiguration),
  'configuration.xml': call(VmRef, MachineXml),
  /** What would be sent, and what cannot be done. Sends nothing. */
  'configuration.plan': call(ChangeRequest, ChangePlan),
  /**
   * Plans anew, saves the present definition, then sends step by step; stops at the first that fails. When nothing was
   * done it fails with the first error; else the result says which scope was done and which not.
   */
  'configuration.change': call(ChangeRequest.extend({ acceptsPasswordLoss: z.boolean() }), ChangeResult),
  /** Newest first, at most 20. */
  'configuration.saved': call(VmRef, z.array(SavedConfiguration).max(20)),
  /** A saved definition, and the present one of the next start, both comparable. */
  'configuration.savedXml': call(
    VmRef.extend({ savedId: z.int().positive() }),
    z.object({ xml: Xml, savedLines: XmlLines, nextBootLines: XmlLines.nullable() })
  )
}
