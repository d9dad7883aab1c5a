/**
 * Creating a virtual machine: what a server offers for it, the plan with its checks, and the task that carries it out. The
 * window chooses the UUID: the same request sent twice is one machine.
 */
import { z } from 'zod'
import { call, stream, task } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { ServerId, VmRef, VmUuid } from './ids.ts'
import { SecretText } from './servers.ts'
import { PoolUuid } from './storage.ts'
import { AtMs, RemoteText } from './units.ts'

/** What libvirt takes as a name, less what people cannot tell apart: no slash, no control character, no outer blanks. */
export const MachineName = z
  .string()
  .min(1)
  .max(64)

  .regex(/^[^/\u0000-\u001f\u007f\u0080-\u009f]+$/)
  .refine((name) => name.trim() === name)

/** Which family of systems is to run in it; decides firmware, buses, video and clock. */
export const OsPreset = z.enum(['linux', 'windows11', 'windows10', 'bsd', 'other'])
export type OsPreset = z.infer<typeof OsPreset>

export const MachineFirmware = z.enum(['bios', 'uefi', 'uefiSecure'])
export type MachineFirmware = z.infer<typeof MachineFirmware>

/** A volume: its pool, and its name in it. */
export const VolumeRef = z.object({ poolUuid: PoolUuid, name: RemoteText.min(1) })
export type VolumeRef = z.infer<typeof VolumeRef>

const HostName = z
  .string()
  .max(63)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/)
/** A user name as Linux's own tools make them. */
const UserName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/)
/** One line of an authorized_keys file. */
const SshKey = z
  .string()
  .max(8192)
  .regex(/^(?:ssh-|ecdsa-|sk-)[^\r\n]+$/)
const Address = z.union([z.ipv4(), z.ipv6()])

/** What cloud-init is told about the network. `automatic`: the image's own default, DHCP. */
export const SeedNetwork = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('automatic') }),
  z.object({
    kind: z.literal('static'),
    address: z.union([z.cidrv4(), z.cidrv6()]),
    gateway: Address.nullable(),
    nameServers: z.array(Address).max(4)
  })
])
export type SeedNetwork = z.infer<typeof SeedNetwork>

/** The cloud-init NoCloud seed: made in the console, uploaded as a small ISO image. The password leaves main as a hash only. */
export const CloudSeed = z.object({
  hostName: HostName,
  user: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('fields'),
      name: UserName,
      password: SecretText.nullable(),
      sshKeys: z.array(SshKey).max(32)
    }),
    /** The operator's own user-data, taken as it is. */
    z.object({ kind: z.literal('own'), userData: z.string().min(1).max(65_536) })
  ]),
  network: SeedNetwork
})
export type CloudSeed = z.infer<typeof CloudSeed>

/** What the machine starts from. */
export const MachineSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('iso'), volume: VolumeRef }),
  /** `backing`: a thin copy that needs the image from then on. `full`: a copy of its own. */
  z.object({
    kind: z.literal('cloudImage'),
    volume: VolumeRef,
    copy: z.enum(['backing', 'full']),
    seed: CloudSeed.nullable()
  }),
  z.object({ kind: z.literal('network') }),
  z.object({ kind: z.literal('existingDisk'), volume: VolumeRef }),
  z.object({ kind: z.literal('none') })
])
export type MachineSource = z.infer<typeof MachineSource>

/** The new disk. Of a cloud image: the copy, grown to this size. */
export const NewDisk = z.object({
  poolUuid: PoolUuid,
  sizeBytes: z.int().min(1024 * 1024),
  format: z.enum(['qcow2', 'raw']),
  /** `full`: all of its space is taken at once. */
  allocation: z.enum(['thin', 'full'])
})
export type NewDisk = z.infer<typeof NewDisk>

export const MacAddress = z.string().regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/)

export const MachineNetwork = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('network'), name: RemoteText.min(1) }),
  /** A bridge of the server itself. Device names of Linux. */
  z.object({ kind: z.literal('bridge'), name: z.string().regex(/^[^\s/]{1,15}$/) }),
  z.object({ kind: z.literal('none') })
])
export type MachineNetwork = z.infer<typeof MachineNetwork>

export const MachineSpec = z.object({
  /** Chosen by the window at random. */
  vmUuid: VmUuid,
  name: MachineName,
  source: MachineSource,
  os: OsPreset,
  /** null = as the system likes it and the server has it. */
  firmware: MachineFirmware.nullable(),
  /** Without KVM: slow, but it runs. */
  emulated: z.boolean(),
  vcpus: z.int().min(1).max(4096),
  memoryBytes: z.int().min(16 * 1024 * 1024),
  disk: NewDisk.nullable(),
  network: MachineNetwork,
  /** null = made from the UUID, in QEMU's range. */
  mac: MacAddress.nullable(),
  start: z.boolean(),
  autostart: z.boolean()
})
export type MachineSpec = z.infer<typeof MachineSpec>

/** What the server's libvirt and QEMU can do for a new machine. */
export const CreateOptions = z.object({
  architecture: RemoteText,
  kvm: z.boolean(),
  /** `uefiSecure` also needs keys that come with the server's firmware. */
  firmwares: z.array(MachineFirmware).max(3),
  tpm: z.boolean(),
  maxVcpus: z.int().nullable(),
  cpuThreads: z.int().nullable(),
  memoryTotalBytes: z.number().nullable(),
  /** What the kernel could give out now. */
  memoryAvailableBytes: z.number().nullable(),
  /** vCPUs and memory promised to the machines that run now. */
  running: z.object({ machines: z.int(), vcpus: z.int(), memoryBytes: z.number() })
})
export type CreateOptions = z.infer<typeof CreateOptions>

export const CreateCheckId = z.enum([
  'name',
  'acceleration',
  'firmware',
  'tpm',
  'cpus',
  'memory',
  'source',
  'pool',
  'space',
  'network',
  'xml'
])
export type CreateCheckId = z.infer<typeof CreateCheckId>

/** One line of the preflight. `reason` is a word of the locale files; `params` its facts. */
export const CreateCheck = z.object({
  id: CreateCheckId,
  state: z.enum(['ok', 'warn', 'fail']),
  reason: z.string().max(40),
  params: z.record(z.string(), z.union([z.string().max(4096), z.number()]))
})
export type CreateCheck = z.infer<typeof CreateCheck>

export const CreatePlan = z.object({
  checks: z.array(CreateCheck).max(20),
  /** The domain as it will be defined: made from the choices, or the operator's own text. */
  xml: z.string().max(1_048_576),
  /** What is run, in order, as an operator would type it. */
  commands: z.array(z.string().max(1_100_000)).max(12)
})
export type CreatePlan = z.infer<typeof CreatePlan>

/** What is done, in this order; `undo` comes only after a failure. */
export const CreateStep = z.enum(['check', 'disk', 'seed', 'define', 'start', 'undo'])
export type CreateStep = z.infer<typeof CreateStep>

export const CreateProgress = z.object({ step: CreateStep, doneRatio: z.number() })
export type CreateProgress = z.infer<typeof CreateProgress>

/** A create that was cut off (the console ended, the server went away): it can be finished or undone. */
export const UnfinishedCreate = z.object({
  ref: VmRef,
  serverName: z.string(),
  vmName: z.string(),
  sinceAtMs: AtMs,
  /** Where it stood. */
  step: CreateStep,
  /** Why it stopped; null = the console ended meanwhile. */
  error: ErrorInfo.nullable(),
  /** False: what is missing cannot be made again (the seed held a password and was not kept), so it can only be undone. */
  canFinish: z.boolean(),
  /** A task works on it now. */
  busy: z.boolean()
})
export type UnfinishedCreate = z.infer<typeof UnfinishedCreate>

const Request = z.object({
  serverId: ServerId,
  spec: MachineSpec,
  /** The operator's own XML in place of the one made from the choices. */
  xml: z.string().max(1_048_576).nullable()
})
export type CreateRequest = z.infer<typeof Request>

export const CreateResult = z.object({
  serverId: ServerId,
  vmUuid: VmUuid,
  name: z.string(),
  started: z.boolean()
})
export type CreateResult = z.infer<typeof CreateResult>

export const createContract = {
  /** Changes nothing on the server. Throws refused (look-only), disconnected, libvirtFailed. */
  'machines.createOptions': call(z.object({ serverId: ServerId }), CreateOptions),
  /** Checks everything again and shows what would be done. Changes nothing. */
  'machines.createPlan': call(Request, CreatePlan),
  /**
   * Makes it. On failure all that it made is taken away again and the error says so (`undone`: what was taken away, or
   * `left`: what could not be). Throws createRefused {reason, check} when a check fails, createFailed {step, stderr}.
   */
  'machines.create': task(Request, CreateProgress, CreateResult),
  'machines.createUnfinished': stream(z.object({}), z.array(UnfinishedCreate), 'latest'),
  /** Goes on where it was cut off. */
  'machines.createFinish': task(VmRef, CreateProgress, CreateResult),
  /** Takes away what it made, and nothing else. */
  'machines.createUndo': task(VmRef, CreateProgress, z.object({ name: z.string() }))
}
