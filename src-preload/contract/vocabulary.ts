/** The field's words that the domain, the engine and the window share. Pure; no schemas of calls here. */
import { z } from 'zod'

/** State of a libvirt domain, as `virsh domstate` words it, in camel case. */
export const DomainState = z.enum([
  'running',
  'blocked',
  'paused',
  'shuttingDown',
  'shutOff',
  'crashed',
  'suspended',
  'unknown'
])
export type DomainState = z.infer<typeof DomainState>

/**
 * What the operator can ask of a VM. `start` goes on from a saved state where there is one; `save` makes one and switches it
 * off; `discardSaved` forgets it.
 */
export const MachineAction = z.enum([
  'start',
  'shutDown',
  'reboot',
  'reset',
  'forceOff',
  'pause',
  'resume',
  'save',
  'discardSaved',
  'autostartOn',
  'autostartOff'
])
export type MachineAction = z.infer<typeof MachineAction>

/** Why a series has no values for a while. A gap is drawn as a gap, with this reason. */
export const GapReason = z.enum([
  'consoleClosed',
  'serverOff',
  'linkLost',
  'collectionStopped',
  'rebooted',
  'counterReset',
  'notResponding',
  'notSupported',
  'storageFull'
])
export type GapReason = z.infer<typeof GapReason>

/** What a server may or may not be able to tell. One entry each in its capability list. */
export const CapabilityId = z.enum([
  'host',
  'pressure',
  'fileSystems',
  'libvirt',
  'libvirtWrite',
  'processes',
  'processIo',
  'users',
  'units',
  'updates',
  'containers',
  'smart',
  'sensors',
  'gpu',
  'power',
  'listeningPorts',
  'accessLogs',
  /** Ways through the ssh connection to the server's own ports (AllowTcpForwarding). */
  'portForwarding',
  /** What only the firmware's tables tell: memory modules, serial number. */
  'firmwareTables',
  /** `sudo -n`, where the operator allows it for this server. */
  'sudo'
])
export type CapabilityId = z.infer<typeof CapabilityId>

/** Why a capability is missing. The window words the cause and the one-line fix. */
export const CapabilityCause = z.enum([
  'checking',
  'kernelTooOld',
  'toolMissing',
  'permissionDenied',
  'daemonDown',
  'stalled',
  'unreadable',
  'lookOnly',
  /** The server has no such thing: nothing to mend. */
  'notPresent'
])
export type CapabilityCause = z.infer<typeof CapabilityCause>

/** A card's state: EMPTY until the first data ever, then ON or OFF. */
export const Presence = z.enum(['EMPTY', 'ON', 'OFF'])
export type Presence = z.infer<typeof Presence>

/** `noTerminal`: an ssh login for commands or files (sftp, a script, another console); it counts as nobody. */
export const SessionKind = z.enum(['terminal', 'graphical', 'noTerminal'])
export type SessionKind = z.infer<typeof SessionKind>

/** Where it was read: systemd-logind, utmp (`who`), or the titles of sshd's processes where a system keeps neither. */
export const SessionSource = z.enum(['logind', 'utmp', 'processes'])
export type SessionSource = z.infer<typeof SessionSource>

/** A unit's full name. systemd allows no other characters; one word of a shell, whatever it holds. */
export const UnitName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9:_.\\@-]+\.[a-z]+$/)
export type UnitName = z.infer<typeof UnitName>

/** What starts services on the server. Only systemd's are listed. */
export const InitSystem = z.enum(['systemd', 'openrc', 'runit', 's6', 'other'])
export type InitSystem = z.infer<typeof InitSystem>

export const PackageManager = z.enum(['apt', 'dnf', 'yum', 'zypper', 'pacman', 'apk'])
export type PackageManager = z.infer<typeof PackageManager>

export const ContainerEngine = z.enum(['docker', 'podman'])
export type ContainerEngine = z.infer<typeof ContainerEngine>

export const ContainerName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/)
export const ContainerId = z.string().regex(/^[0-9a-f]{12,64}$/)
/** Where a port scan knocks from: this computer, or the server itself by its ssh connection. */
export const ScanOrigin = z.enum(['direct', 'ssh'])
export type ScanOrigin = z.infer<typeof ScanOrigin>

export const PortState = z.enum(['open', 'closed', 'filtered'])
export type PortState = z.infer<typeof PortState>

/**
 * Why a port is in its state. `connectFailed`: the server could not connect and did not say why. `localRefusal`: this
 * computer itself did not send (a firewall of its own).
 */
export const PortReason = z.enum([
  'synAck',
  'reset',
  'noResponse',
  'hostUnreachable',
  'netUnreachable',
  'connectFailed',
  'localRefusal'
])
export type PortReason = z.infer<typeof PortReason>

export const TransportProtocol = z.enum(['tcp', 'udp'])
export type TransportProtocol = z.infer<typeof TransportProtocol>

/** Who can reach a listening socket: the server itself, whoever reaches one of its addresses, or all of them. */
export const ListenerExposure = z.enum(['loopback', 'oneAddress', 'allAddresses'])
export type ListenerExposure = z.infer<typeof ListenerExposure>

/** What the operator can ask of a server itself. */
export const ServerPowerAction = z.enum(['shutDown', 'reboot', 'suspend'])
export type ServerPowerAction = z.infer<typeof ServerPowerAction>
/** `common` and `combined` are those of Apache and nginx; `vhost…` have the virtual host (and its port) in front. */
export const LogFormat = z.enum(['squid', 'common', 'combined', 'vhostCommon', 'vhostCombined'])
export type LogFormat = z.infer<typeof LogFormat>

/** What stands behind a line of the access formats: how long the request took (nginx $request_time; Apache %D, %T). */
export const LogTiming = z.enum(['none', 'seconds', 'microseconds'])
export type LogTiming = z.infer<typeof LogTiming>

export const LogSpec = z.object({ format: LogFormat, timing: LogTiming })
export type LogSpec = z.infer<typeof LogSpec>

/** Requests that name no domain (plain paths of a web server) are under this key; the window names the server. */
export const OWN_DOMAIN = '/'
/** What was folded, because a day had too many different ones. */
export const OTHER_KEY = ''

export const TrafficTotal = z.object({
  /** Domain, client, code, day …; OTHER_KEY = folded. */
  key: z.string().max(4096),
  visits: z.number(),
  /** Requests of which the log says whether they were served from the cache, and those that were. */
  judged: z.number(),
  hits: z.number(),
  bytes: z.number(),
  /** Requests of which the log says how long they took, and the sum of that. */
  timed: z.number(),
  responseMs: z.number(),
  /** Requests by the first digit of their status; `statusOther`: none (000), or none of these. */
  status1xx: z.number(),
  status2xx: z.number(),
  status3xx: z.number(),
  status4xx: z.number(),
  status5xx: z.number(),
  statusOther: z.number()
})
export type TrafficTotal = z.infer<typeof TrafficTotal>

/** RED: it is so. AMBER: it is foretold, or the rule was made to warn only. */
export const AlertLevel = z.enum(['RED', 'AMBER'])
export type AlertLevel = z.infer<typeof AlertLevel>
