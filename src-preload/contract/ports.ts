/** Ports: which of a server's answer, from here and through its ssh connection; and what listens on it. */
import { z } from 'zod'
import { call, stream, task } from './define.ts'
import { ServerId } from './ids.ts'
import { MAX_SCAN_PORTS, parsePortList } from './port-list.ts'
import { AtMs, RemoteText } from './units.ts'
import {
  CapabilityCause,
  ListenerExposure,
  PortReason,
  PortState,
  ScanOrigin,
  TransportProtocol
} from './vocabulary.ts'

const Port = z.int().min(1).max(65_535)

/** Ports and ranges as written; checked with parsePortList. */
export const PortListText = z
  .string()
  .max(2_000)
  .refine((text) => parsePortList(text).problem === null)

/** Where a scan through the connection knocks: services may listen on one of them only. */
export const InsideTarget = z.enum(['loopback', 'ownAddress'])
export type InsideTarget = z.infer<typeof InsideTarget>

/** Hours between two scans by themselves; 0 = none. */
export const SCAN_EVERY_HOURS = [0, 1, 6, 12, 24, 168] as const

export const PortPlan = z.object({
  ports: PortListText.default('22, 80, 443, 5900-5910, 8080, 16509, 16514'),
  origins: z.array(ScanOrigin).min(1).max(2).default(['direct', 'ssh']),
  inside: InsideTarget.default('loopback'),
  everyHours: z.literal(SCAN_EVERY_HOURS).default(0)
})
export type PortPlan = z.infer<typeof PortPlan>

export const PortResult = z.object({
  port: Port,
  state: PortState,
  reason: PortReason,
  /** The service that usually has this port (IANA); null = none is known. */
  service: z.string().max(64).nullable(),
  /** Until the answer came; null = none came. */
  answerMs: z.number().nullable()
})
export type PortResult = z.infer<typeof PortResult>

/** Why a scan says nothing about ports. `fix` is a line to copy, made in main from constants. */
export const ScanProblem = z.object({
  kind: z.enum([
    /** sshd opens no way (AllowTcpForwarding, PermitOpen). */
    'forwardingOff',
    /** Only silence, where something answered before: it says something of the way, not of the ports. */
    'hostSilent',
    /** The connection ended on the way. */
    'linkLost'
  ]),
  fix: z.string().max(500).nullable()
})
export type ScanProblem = z.infer<typeof ScanProblem>

/** The newest scan of a server from one origin. */
export const PortScan = z.object({
  origin: ScanOrigin,
  /** The address that was knocked at. */
  address: z.string().max(253),
  startedAtMs: AtMs,
  endedAtMs: AtMs,
  /** Of the plan that is scanned by itself; else on demand. */
  scheduled: z.boolean(),
  ports: z.array(PortResult).max(MAX_SCAN_PORTS),
  problem: ScanProblem.nullable()
})
export type PortScan = z.infer<typeof PortScan>

export const PortScansView = z.object({
  plan: PortPlan,
  direct: PortScan.nullable(),
  ssh: PortScan.nullable(),
  /** Origins that are being scanned right now. */
  running: z.array(ScanOrigin).max(2),
  /** When the plan is scanned next by itself; null = it is not. */
  nextAtMs: AtMs.nullable(),
  /** Set: this server is not scanned from here, because it is reached through a jump host. */
  directBlocked: z.boolean()
})
export type PortScansView = z.infer<typeof PortScansView>

/** A process that has the socket open. Several may share one (workers): the first, and how many more. */
export const ListenerProcess = z.object({ pid: z.int(), name: RemoteText, others: z.int() })
export type ListenerProcess = z.infer<typeof ListenerProcess>

export const Listener = z.object({
  protocol: TransportProtocol,
  family: z.union([z.literal(4), z.literal(6)]),
  /** As text: `0.0.0.0`, `::1`, `10.4.0.7`. */
  address: z.string().max(64),
  port: Port,
  exposure: ListenerExposure,
  service: z.string().max(64).nullable(),
  uid: z.int().nullable(),
  /** null = the number has no name in /etc/passwd. */
  user: RemoteText.nullable(),
  process: ListenerProcess.nullable(),
  /** Why there is no process: another user's (needs root), or the kernel's own. */
  processMissing: z.enum(['permissionDenied', 'kernel']).nullable(),
  /** The systemd unit it belongs to, where the kernel tells; it may be known where the process is not. */
  unit: RemoteText.nullable(),
  /** A UDP socket on a port that the kernel chose: an answer to something, and soon gone. */
  passing: z.boolean()
})
export type Listener = z.infer<typeof Listener>

export const ListeningView = z.object({
  readAtMs: AtMs.nullable(),
  listeners: z.array(Listener),
  /** More than are told. */
  leftOut: z.int(),
  /** Some processes could not be seen; null = all are known. */
  processesHidden: z.object({ cause: CapabilityCause, fix: z.string().max(500).nullable() }).nullable()
})
export type ListeningView = z.infer<typeof ListeningView>

const ById = z.object({ serverId: ServerId })

export const portsContract = {
  'ports.watchScans': stream(ById, PortScansView, 'latest'),
  'ports.watchListening': stream(ById, ListeningView, 'latest'),
  /** Asks the server now. Throws disconnected, and what keeps it from being read. */
  'ports.readListening': call(ById, z.null()),
  'ports.setPlan': call(ById.extend({ plan: PortPlan }), z.null()),
  /** Knocks at ports of a registered server, and of no other. Throws refused {what: scanThroughJump}, disconnected, addressNotFound. */
  'ports.scan': task(
    ById.extend({
      /** For the list of tasks. */
      seenName: z.string().max(300),
      ports: PortListText,
      origins: z.array(ScanOrigin).min(1).max(2),
      inside: InsideTarget
    }),
    z.object({ origin: ScanOrigin, done: z.int(), total: z.int(), open: z.int() }),
    z.object({ open: z.int(), closed: z.int(), filtered: z.int() })
  )
}
