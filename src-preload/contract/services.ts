/**
 * What runs on a server beside its machines, and who is on it: logins, systemd units, pending updates, containers. Each part
 * is read at a pace of its own; why one cannot be read stands in the server's capabilities.
 */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { ServerId } from './ids.ts'
import { AtMs, DurationMs, RemoteText } from './units.ts'
import {
  ContainerEngine,
  ContainerId,
  ContainerName,
  InitSystem,
  PackageManager,
  SessionKind,
  SessionSource,
  UnitName
} from './vocabulary.ts'

/** More of one kind are left out and counted. */
export const MAX_SESSIONS_SHOWN = 500
export const MAX_UNITS_SHOWN = 2_000
export const MAX_UPDATES_SHOWN = 2_000
export const MAX_CONTAINERS_SHOWN = 500

export const UserSession = z.object({
  /** Of this reading; two readings of the same login give the same key. */
  key: z.string().max(1024),
  user: RemoteText,
  kind: SessionKind,
  /** pts/0, tty1, :0; null = it has none. */
  terminal: RemoteText.nullable(),
  /** The address or host it came from. null = at the server itself, or not known. */
  origin: RemoteText.nullable(),
  /** sshd, login, gdm-password, …; null where the source does not tell. */
  service: RemoteText.nullable(),
  sinceAtMs: AtMs.nullable(),
  /** Since the terminal was last typed into. null = not known. */
  idleMs: DurationMs.nullable(),
  pid: z.int().nullable(),
  /** The connection of this console. Shown apart, never counted. */
  isConsole: z.boolean()
})
export type UserSession = z.infer<typeof UserSession>

export const UsersView = z.object({
  atMs: AtMs,
  source: SessionSource,
  /** Logins with a terminal or a screen: what the metric `usersLoggedIn` counts. */
  loggedIn: z.int().nonnegative(),
  sessions: z.array(UserSession).max(MAX_SESSIONS_SHOWN),
  leftOut: z.int().nonnegative()
})
export type UsersView = z.infer<typeof UsersView>

/** Kinds of units that may be started and stopped from here. Mounts, slices and targets are not switched by a click. */
export const ACTED_UNIT_TYPES = ['service', 'socket', 'timer', 'path'] as const
export const isActedUnit = (name: string): boolean =>
  ACTED_UNIT_TYPES.some((type) => name.endsWith(`.${type}`)) && UnitName.safeParse(name).success

export const Unit = z.object({
  name: UnitName,
  description: RemoteText,
  /** systemd's own words: loaded, not-found, masked, …; active, failed, …; running, exited, dead, … */
  load: RemoteText,
  active: RemoteText,
  sub: RemoteText,
  /** When it came into this state. null = not asked for this unit, or never. */
  sinceAtMs: AtMs.nullable(),
  /** enabled, disabled, static, … */
  enabled: RemoteText.nullable(),
  /** Why it failed: exit-code, signal, oom-kill, … */
  result: RemoteText.nullable(),
  isWatched: z.boolean()
})
export type Unit = z.infer<typeof Unit>

export const UnitsView = z.object({
  atMs: AtMs,
  init: InitSystem,
  units: z.array(Unit).max(MAX_UNITS_SHOWN),
  failed: z.int().nonnegative(),
  leftOut: z.int().nonnegative()
})
export type UnitsView = z.infer<typeof UnitsView>

export const MAX_WATCHED_UNITS = 64

export const PendingUpdate = z.object({
  name: RemoteText,
  /** null where the tool does not say. */
  current: RemoteText.nullable(),
  next: RemoteText,
  /** null = this package manager does not tell. */
  security: z.boolean().nullable()
})
export type PendingUpdate = z.infer<typeof PendingUpdate>

export const UpdatesView = z.object({
  atMs: AtMs,
  manager: PackageManager,
  /** By what the server knew when it last fetched its package lists; the console never makes it fetch them. */
  pending: z.int().nonnegative(),
  /** null = this package manager does not tell. */
  security: z.int().nonnegative().nullable(),
  updates: z.array(PendingUpdate).max(MAX_UPDATES_SHOWN),
  /** When the server last fetched its package lists. */
  listsAtMs: AtMs.nullable(),
  /** null = not known on this system. */
  rebootRequired: z.boolean().nullable(),
  /** Packages that ask for it, where the system says. */
  rebootFor: z.array(RemoteText).max(100)
})
export type UpdatesView = z.infer<typeof UpdatesView>

export const Container = z.object({
  engine: ContainerEngine,
  /** Seen only through sudo: docker where the login user may not, and root's own set of podman. */
  viaSudo: z.boolean(),
  id: ContainerId,
  name: ContainerName,
  image: RemoteText,
  /** The engine's word: running, exited, paused, created, restarting, dead, … */
  state: RemoteText,
  /** healthy, unhealthy, starting; null = it has no check. */
  health: RemoteText.nullable(),
  /** Of the last run that ended; null while it runs. */
  exitCode: z.int().nullable(),
  /** When it started, or ended. */
  sinceAtMs: AtMs.nullable(),
  /** Share of one CPU thread; null at the first reading and when it does not run. */
  cpuUsedRatio: z.number().nullable(),
  memoryUsedBytes: z.number().nullable(),
  /** null = no limit. */
  memoryLimitBytes: z.number().nullable(),
  processes: z.int().nullable()
})
export type Container = z.infer<typeof Container>

export const ContainersView = z.object({
  atMs: AtMs,
  engines: z.array(ContainerEngine),
  running: z.int().nonnegative(),
  containers: z.array(Container).max(MAX_CONTAINERS_SHOWN),
  leftOut: z.int().nonnegative()
})
export type ContainersView = z.infer<typeof ContainersView>

export const ServiceAction = z.enum(['start', 'stop', 'restart', 'reload'])
export type ServiceAction = z.infer<typeof ServiceAction>

/** What is acted on, or whose log is read. A container is known by its id and by the name that was seen with it. */
export const ServiceTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unit'), name: UnitName }),
  z.object({
    kind: z.literal('container'),
    engine: ContainerEngine,
    viaSudo: z.boolean(),
    id: ContainerId,
    name: ContainerName
  })
])
export type ServiceTarget = z.infer<typeof ServiceTarget>

export const MAX_LOG_LINES = 200

export const ServiceLog = z.object({
  /** Oldest first. */
  lines: z.array(RemoteText).max(MAX_LOG_LINES),
  /** The login user may not see all of it, or none; the line that mends it. */
  fix: z.string().max(500).nullable(),
  /** What the tool said instead, when it failed. */
  message: RemoteText.nullable(),
  /** Why none could be read where no tool has said so: the link, a deadline, too much of it. */
  error: ErrorInfo.nullable(),
  atMs: AtMs
})
export type ServiceLog = z.infer<typeof ServiceLog>

/** What an action would do; nothing is sent yet. */
export const ServicePlan = z.object({
  /** Exactly what will be run on the server. */
  command: z.string(),
  /** `remoteAccess`: the console itself, or its way to the server, hangs on this unit. */
  warning: z.enum(['remoteAccess']).nullable()
})
export type ServicePlan = z.infer<typeof ServicePlan>

/** `denied`: the login user may not; `fix` is the line that allows it. Both words are expected ends, so no errors. */
export const ServiceOutcome = z.object({
  outcome: z.enum(['done', 'failed', 'denied']),
  exitCode: z.int(),
  /** The server's own words. */
  message: RemoteText,
  /** How it stands now, in the tool's word; null = could not be read back. */
  stateNow: RemoteText.nullable(),
  /** The line that allows it, for `denied`. */
  fix: z.string().max(500).nullable(),
  log: ServiceLog
})
export type ServiceOutcome = z.infer<typeof ServiceOutcome>

const ById = z.object({ serverId: ServerId })
const Act = z.object({ serverId: ServerId, target: ServiceTarget, action: ServiceAction })

export const servicesContract = {
  /** The newest reading, then each newer one; read more often while somebody looks. */
  'services.watchUsers': stream(ById, UsersView, 'latest'),
  'services.watchUnits': stream(ById, UnitsView, 'latest'),
  'services.watchUpdates': stream(ById, UpdatesView, 'latest'),
  'services.watchContainers': stream(ById, ContainersView, 'latest'),
  /** Reads one part anew. Resolves when it has been read, or could not be (see the capabilities). */
  'services.readNow': call(
    z.object({ serverId: ServerId, part: z.enum(['users', 'units', 'updates', 'containers']) }),
    z.null()
  ),
  /** A watched unit has a series of its own (1 = active), whether it fails or not. */
  'services.setUnitWatched': call(
    z.object({ serverId: ServerId, unit: UnitName, on: z.boolean() }),
    z.null()
  ),
  'services.plan': call(Act, ServicePlan),
  /** Journalled before it is sent. Refused on a look-only server; `conflict` when the name leads to another container now. */
  'services.act': call(Act, ServiceOutcome),
  /** The newest 50 lines of the journal, or of the container's output. */
  'services.log': call(z.object({ serverId: ServerId, target: ServiceTarget }), ServiceLog)
}
