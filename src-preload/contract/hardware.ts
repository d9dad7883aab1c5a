/** What a server is made of: CPU threads, disks and their health, file systems, interfaces, and the traffic of the month. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { ServerId } from './ids.ts'
import { Capability } from './servers.ts'
import { AtMs, RemoteText } from './units.ts'

const Measured = z.number().nullable()
const Bytes = z.number().nonnegative().nullable()

/** Lists are cut off here; a server that has more is one to look at by other means. */
export const MAX_DISKS = 1_024
export const MAX_LINKS = 1_024
export const MAX_CORES = 4_096

export const Core = z.object({
  /** Number of the CPU thread. */
  key: z.string().max(8),
  usedRatio: Measured
})
export type Core = z.infer<typeof Core>

/** Why the health of a disk is not known. */
export const SmartProblem = z.enum([
  /** A disk of a virtual machine, a card, or a network: it has no health of its own. */
  'virtual',
  'toolMissing',
  'toolTooOld',
  'permissionDenied',
  /** A USB adapter that does not let the question through. */
  'unsupportedBridge',
  /** What the kernel sees is made by a RAID controller. */
  'behindController',
  'notSupported',
  'timedOut',
  'unreadable'
])
export type SmartProblem = z.infer<typeof SmartProblem>

/** What makes a disk worth a look although it may still call itself healthy. */
export const SmartWarning = z.enum([
  'failing',
  'attributeFailing',
  'pendingSectors',
  'reallocatedSectors',
  'uncorrectable',
  'spareLow',
  'wornOut',
  'readOnly',
  'tooHot'
])
export type SmartWarning = z.infer<typeof SmartWarning>

/** A row of a SATA drive's table. Values are the drive's own, 1 to 253, the higher the better. */
export const SmartAttribute = z.object({
  id: z.int(),
  name: RemoteText,
  value: z.number().nullable(),
  worst: z.number().nullable(),
  threshold: z.number().nullable(),
  raw: RemoteText,
  failed: z.enum(['now', 'past']).nullable()
})
export type SmartAttribute = z.infer<typeof SmartAttribute>

/** null = the drive does not tell it. */
export const SmartReport = z.object({
  protocol: z.enum(['ata', 'nvme', 'scsi']).nullable(),
  model: RemoteText.nullable(),
  serial: RemoteText.nullable(),
  firmware: RemoteText.nullable(),
  healthy: z.boolean().nullable(),
  temperatureCelsius: Measured,
  powerOnSec: Measured,
  powerCycles: Measured,
  /** Of its life, as it tells itself; may exceed 1. */
  wearUsedRatio: Measured,
  spareRatio: Measured,
  reallocatedSectors: Measured,
  pendingSectors: Measured,
  /** Sectors, or media errors, that could not be corrected. */
  uncorrectable: Measured,
  warnings: z.array(SmartWarning).max(16),
  attributes: z.array(SmartAttribute).max(64)
})
export type SmartReport = z.infer<typeof SmartReport>

export const SmartState = z.object({
  /** When `report` was read; null = never. */
  readAtMs: AtMs.nullable(),
  report: SmartReport.nullable(),
  /** It slept when it was last asked, and was not woken. */
  asleep: z.boolean(),
  problem: SmartProblem.nullable()
})
export type SmartState = z.infer<typeof SmartState>

export const Disk = z.object({
  /** Kernel name: the key of its series. */
  name: z.string().max(128),
  model: RemoteText.nullable(),
  serial: RemoteText.nullable(),
  sizeBytes: Bytes,
  rotational: z.boolean().nullable(),
  removable: z.boolean(),
  /** The scheduler in use. */
  scheduler: RemoteText.nullable(),
  readBytesPerSec: Measured,
  writeBytesPerSec: Measured,
  readOpsPerSec: Measured,
  writeOpsPerSec: Measured,
  utilisationRatio: Measured,
  awaitMs: Measured,
  queueLength: Measured,
  smart: SmartState
})
export type Disk = z.infer<typeof Disk>

export const FileSystem = z.object({
  /** The key of its series. */
  mountPoint: RemoteText,
  source: RemoteText,
  type: RemoteText,
  readOnly: z.boolean(),
  network: z.boolean(),
  /** A network file system that does not answer. */
  stalled: z.boolean(),
  sizeBytes: Bytes,
  usedBytes: Bytes,
  availableBytes: Bytes,
  usedRatio: Measured,
  /** null: it has no fixed number of them, or they are not asked for (network). */
  inodesTotal: Measured,
  inodesUsed: Measured,
  inodesUsedRatio: Measured
})
export type FileSystem = z.infer<typeof FileSystem>

/** Why an interface counts for the server's total, or why not. */
export const CountReason = z.enum([
  'chosen',
  'notChosen',
  'device',
  'defaultRoute',
  'onlyOnes',
  'partOfMaster',
  'builtOnOthers',
  'notDefaultRoute',
  'forGuests',
  'loopback'
])
export type CountReason = z.infer<typeof CountReason>

export const NetworkInterface = z.object({
  /** The key of its series. */
  name: z.string().max(128),
  /** RFC 2863: up, down, lowerlayerdown, unknown, … */
  state: RemoteText.nullable(),
  /** bridge, bond, vlan, wlan, …; null = a plain one. */
  kind: RemoteText.nullable(),
  speedBitsPerSec: Measured,
  duplex: RemoteText.nullable(),
  mac: RemoteText.nullable(),
  mtuBytes: Measured,
  /** With the length of their prefix: `192.0.2.7/24`. */
  addresses: z.array(RemoteText).max(64),
  master: RemoteText.nullable(),
  counted: z.boolean(),
  /** null until the first sample. */
  why: CountReason.nullable(),
  rxBytesPerSec: Measured,
  txBytesPerSec: Measured,
  rxBytes: Bytes,
  txBytes: Bytes,
  rxErrorsPerSec: Measured,
  txErrorsPerSec: Measured,
  rxDropsPerSec: Measured,
  txDropsPerSec: Measured
})
export type NetworkInterface = z.infer<typeof NetworkInterface>

/** What the operator chose for one server. */
export const HardwareOptions = z.object({
  /** Whose traffic is the server's; null = the console decides. */
  countedInterfaces: z.array(z.string().min(1).max(64)).min(1).max(64).nullable().default(null),
  /** The day on which a month of traffic begins; every month has the 28th. */
  resetDay: z.int().min(1).max(28).default(1),
  quotaBytes: z.number().positive().max(1e18).nullable().default(null),
  quotaOf: z.enum(['both', 'received', 'sent']).default('both')
})
export type HardwareOptions = z.infer<typeof HardwareOptions>

export const HardwareView = z.object({
  /** Of the newest value in it; null = none in this run of the console. */
  atMs: AtMs.nullable(),
  /** When models, addresses and the like were read; null = not yet. */
  readAtMs: AtMs.nullable(),
  /** Why they could not be read this time. */
  error: ErrorInfo.nullable(),
  cores: z.array(Core).max(MAX_CORES),
  /** null: not read yet. */
  disks: z.array(Disk).max(MAX_DISKS).nullable(),
  fileSystems: z.array(FileSystem).max(512).nullable(),
  interfaces: z.array(NetworkInterface).max(MAX_LINKS).nullable(),
  /** Of the health of disks. null: not asked yet. */
  smart: Capability.nullable(),
  options: HardwareOptions
})
export type HardwareView = z.infer<typeof HardwareView>

/** `2026-11-28`, by the console's time zone. */
export const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

export const TrafficSum = z.object({ rxBytes: z.number(), txBytes: z.number() })
export type TrafficSum = z.infer<typeof TrafficSum>

export const TrafficDay = TrafficSum.extend({
  day: Day,
  /** Of the sum: divided evenly over the days, because the console was closed or the server not reached. */
  spreadBytes: z.number()
})
export type TrafficDay = z.infer<typeof TrafficDay>

export const TrafficPeriod = z.object({ fromDay: Day, toDay: Day, sum: TrafficSum })
export type TrafficPeriod = z.infer<typeof TrafficPeriod>

export const TrafficOf = z.object({
  /** '' = the server's total; else an interface's name. */
  key: z.string().max(1024),
  thisMonth: TrafficPeriod,
  lastMonth: TrafficPeriod,
  /** What this month will be when it ends, by the days so far. null: fewer than one full day was counted. */
  forecast: z.object({ totalBytes: z.number(), fromDays: z.int() }).nullable(),
  /** Of both months; days without any traffic are left out. */
  days: z.array(TrafficDay).max(800)
})
export type TrafficOf = z.infer<typeof TrafficOf>

export const TrafficView = z.object({
  today: Day,
  /** The first day that was counted, if it lies within these two months. */
  sinceDay: Day.nullable(),
  /** The server's total first, then its interfaces by name. Empty = nothing was counted yet. */
  traffic: z.array(TrafficOf).max(MAX_LINKS + 1)
})
export type TrafficView = z.infer<typeof TrafficView>

const ById = z.object({ serverId: ServerId })

export const hardwareContract = {
  /** At each tick of the server while it is watched. What is shown while the server is off is what was seen last. */
  'hardware.watch': stream(ById, HardwareView, 'latest'),
  /** Reads the health of the disks now; those that sleep are let sleep. */
  'hardware.readHealth': call(ById, z.null()),
  /** Traffic of this month and the last one, by the reset day of the options. */
  'hardware.traffic': call(ById, TrafficView),
  'hardware.setOptions': call(z.object({ serverId: ServerId, options: HardwareOptions }), z.null())
}
