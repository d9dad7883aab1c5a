/** What the window can ask about users, units, updates and containers, and have done to units and containers. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import {
  MAX_WATCHED_UNITS,
  type ServiceAction,
  type ServiceLog,
  type ServiceOutcome,
  type servicesContract,
  type ServiceTarget
} from '#contract/services.ts'
import { isRemoteAccess } from '../../domain/services/units.ts'
import { type JournalDeps, journalled } from '../operations/journal-row.ts'
import type { Connection } from '../servers/connection.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import type { ServiceHost, Sudo } from './service-host.ts'
import type { ServicePart } from './service-lanes.ts'
import type { Services } from './services.ts'

/** The lanes' own deadlines are shorter; the longest is that of the package lists. */
const READ_DEADLINE_MS = 240_000
const ACT_DEADLINE_MS = 150_000
const LOG_DEADLINE_MS = 20_000
/** A reading this young is new enough for a window that was just opened. */
const YOUNG_MS = 10_000
/** Since when and why is asked of services only while somebody looks. */
const ALWAYS_ANEW_MS = 0

const SEE_JOURNAL = 'sudo usermod -aG systemd-journal "$(id -un)"'
const JOIN_DOCKER = 'sudo usermod -aG docker "$(id -un)"'
const allowSudo = (tool: 'systemctl' | 'podman'): string =>
  `echo "$(id -un) ALL=(root) NOPASSWD: $(command -v ${tool})" | sudo tee /etc/sudoers.d/virthelm-${tool}`

export interface ServiceHandlerDeps extends JournalDeps {
  readonly directory: ServerDirectory
  readonly services: Services
  readonly host: ServiceHost
}

type ServiceHandlers = Pick<Handlers<VirthelmContract>, keyof typeof servicesContract>

export function serviceHandlers(deps: ServiceHandlerDeps): ServiceHandlers {
  const { directory, services, host } = deps

  /** The newest view, then newer ones; an old one is read anew at once. */
  const watch = <V extends { readonly atMs: number }>(
    part: ServicePart<V>,
    serverId: ServerId,
    signal: AbortSignal,
    youngMs = YOUNG_MS
  ): AsyncIterable<V> => {
    directory.get(serverId)
    const latest = part.board.latest(serverId)
    const isOld = latest === null || deps.clock.nowMs() - latest.atMs >= youngMs
    const views = part.board.watch(serverId, signal)
    if (isOld) void part.bell.ring(serverId, signal)
    return views
  }

  return {
    'services.watchUsers': ({ serverId }, { signal }) => watch(services.users, serverId, signal),
    'services.watchUnits': ({ serverId }, { signal }) =>
      watch(services.units, serverId, signal, ALWAYS_ANEW_MS),
    // Counting packages is work for the server: a look at the page is no reason for it, unless it never was done.
    'services.watchUpdates': ({ serverId }, { signal }) =>
      watch(services.updates, serverId, signal, Number.POSITIVE_INFINITY),
    'services.watchContainers': ({ serverId }, { signal }) => watch(services.containers, serverId, signal),
    'services.readNow': async ({ serverId, part }, { signal }) => {
      const connection = connectionOf(directory.get(serverId))
      if (part === 'updates') services.memory.ask(serverId)
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(READ_DEADLINE_MS)])
      await Promise.race([services[part].bell.ring(serverId, deadline), connection.closed])
      return null
    },
    'services.setUnitWatched': async ({ serverId, unit, on }, { signal }) => {
      directory.get(serverId)
      const others = services.options.get(serverId).watchedUnits.filter((name) => name !== unit)
      if (on && others.length >= MAX_WATCHED_UNITS)
        throw new AppError('conflict', { params: { what: 'watchedUnits', max: MAX_WATCHED_UNITS } })
      await services.options.set(serverId, { watchedUnits: on ? [...others, unit] : others })
      void services.units.bell.ring(serverId, signal)
      return null
    },
    'services.plan': async ({ serverId, target, action }) => ({
      command: host.commandOf(target, action, sudoOf(directory.get(serverId))),
      warning:
        target.kind === 'unit' && action !== 'start' && isRemoteAccess(target.name) ? 'remoteAccess' : null
    }),
    'services.act': ({ serverId, target, action }, { signal }) =>
      act(deps, directory.get(serverId), { target, action }, signal),
    'services.log': async ({ serverId, target }, { signal }) =>
      readLog(deps, directory.get(serverId), target, signal)
  }
}

async function act(
  deps: ServiceHandlerDeps,
  runtime: ServerRuntime,
  { target, action }: { readonly target: ServiceTarget; readonly action: ServiceAction },
  signal: AbortSignal
): Promise<ServiceOutcome> {
  const { services, host } = deps
  const { record } = runtime
  const connection = writableConnectionOf(runtime)
  const sudo = sudoOf(runtime)
  const both = AbortSignal.any([signal, AbortSignal.timeout(ACT_DEADLINE_MS)])
  const part = target.kind === 'unit' ? services.units : services.containers
  try {
    const result = await journalled(
      { action: `${target.kind}.${action}`, record, vm: null },
      deps,
      (journal) => host.act(connection, { target, action, sudo }, journal, both)
    )
    // The act has been done, or not: that is the answer. Without its state it is shown as not known, and a log says why there is none.
    const [stateNow, log] = await Promise.all([
      host.stateOf(connection, target, sudo, both).catch(() => null),
      readLog(deps, runtime, target, both).catch((cause: unknown) => ({
        lines: [],
        fix: null,
        message: null,
        error: (cause instanceof AppError ? cause : new AppError('internal', { cause })).toInfo(),
        atMs: deps.clock.nowMs()
      }))
    ])
    const { exitCode, message, denied } = result
    const outcome = exitCode === 0 ? 'done' : denied ? 'denied' : 'failed'
    return { outcome, exitCode, message, stateNow, fix: denied ? allowing(target) : null, log }
  } finally {
    void part.bell.ring(record.id, both)
  }
}

async function readLog(
  { host, clock }: ServiceHandlerDeps,
  runtime: ServerRuntime,
  target: ServiceTarget,
  signal: AbortSignal
): Promise<ServiceLog> {
  const connection = connectionOf(runtime)
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(LOG_DEADLINE_MS)])
  const { lines, denied, message } = await host.log(connection, target, sudoOf(runtime), deadline)
  const fix = target.kind === 'unit' ? SEE_JOURNAL : JOIN_DOCKER
  return { lines: [...lines], fix: denied ? fix : null, message, error: null, atMs: clock.nowMs() }
}

function allowing(target: ServiceTarget): string {
  if (target.kind === 'unit') return allowSudo('systemctl')
  return target.engine === 'docker' ? JOIN_DOCKER : allowSudo('podman')
}

/** root needs no sudo, and may have none. */
const sudoOf = ({ record }: ServerRuntime): Sudo =>
  record.useSudo && record.connection.user !== 'root' ? 'sudo -n ' : ''

function connectionOf({ connection, record }: ServerRuntime): Connection {
  if (connection === null)
    throw new AppError('disconnected', { params: { server: record.name }, retryable: true })
  return connection
}

/** Throws refused (look-only), disconnected. */
function writableConnectionOf(runtime: ServerRuntime): Connection {
  const { record } = runtime
  if (record.lookOnly) throw new AppError('refused', { params: { what: 'lookOnly', server: record.name } })
  return connectionOf(runtime)
}
