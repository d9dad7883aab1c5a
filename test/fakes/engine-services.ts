/** Users, units, updates and containers of the engine in memory: every server has the same; a test may change them. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import {
  UsersView,
  UnitsView,
  UpdatesView,
  ContainersView,
  type ServiceOutcome,
  type servicesContract
} from '#contract/services.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type ServiceHandlers = Pick<Handlers<VirthelmContract>, keyof typeof servicesContract>

const HOUR_MS = 3_600_000
const id = (digit: string): string => digit.repeat(64)

export const fakeUsers = (): UsersView =>
  UsersView.parse({
    atMs: Date.now(),
    source: 'logind',
    loggedIn: 2,
    leftOut: 0,
    sessions: [
      ['a', 'ana', 'terminal', 'pts/0', '10.0.0.5', 'sshd', 90_000, false],
      ['b', 'root', 'terminal', 'tty1', null, 'login', 7_200_000, false],
      ['c', 'backup', 'noTerminal', null, '10.0.0.9', 'sshd', null, false],
      ['d', 'admin', 'noTerminal', null, '10.0.0.2', 'sshd', null, true]
    ].map(([key, user, kind, terminal, origin, service, idleMs, isConsole]) => ({
      ...{ key, user, kind, terminal, origin, service, idleMs, isConsole },
      sinceAtMs: Date.now() - 3 * HOUR_MS,
      pid: 1_234
    }))
  })

export const fakeUnits = (): UnitsView =>
  UnitsView.parse({
    atMs: Date.now(),
    init: 'systemd',
    failed: 1,
    leftOut: 0,
    units: [
      ['nginx.service', 'active', 'running', 'A web server', null],
      ['ssh.service', 'active', 'running', 'OpenBSD Secure Shell server', null],
      ['backup.service', 'failed', 'failed', 'Nightly \u202Ebackup', 'exit-code'],
      ['-.mount', 'active', 'mounted', 'Root Mount', null]
    ].map(([name, active, sub, description, result]) => ({
      ...{ name, active, sub, description, result },
      load: 'loaded',
      sinceAtMs: Date.now() - HOUR_MS,
      enabled: 'enabled',
      isWatched: false
    }))
  })

export const fakeUpdates = (): UpdatesView =>
  UpdatesView.parse({
    atMs: Date.now(),
    manager: 'apt',
    pending: 2,
    security: 1,
    updates: [
      { name: 'openssl', current: '3.0.14-1', next: '3.0.14-2', security: true },
      { name: 'tzdata', current: '2024a', next: '2024b', security: false }
    ],
    listsAtMs: Date.now() - 9 * 24 * HOUR_MS,
    rebootRequired: true,
    rebootFor: ['linux-image-amd64']
  })

export const fakeContainers = (): ContainersView =>
  ContainersView.parse({
    atMs: Date.now(),
    engines: ['docker'],
    running: 1,
    leftOut: 0,
    containers: [
      ['web', id('a'), 'running', null, 0.12, 200 * 2 ** 20],
      ['job', id('b'), 'exited', 137, null, null]
    ].map(([name, containerId, state, exitCode, cpuUsedRatio, memoryUsedBytes]) => ({
      ...{ name, state, exitCode, cpuUsedRatio, memoryUsedBytes },
      engine: 'docker',
      viaSudo: false,
      id: containerId,
      image: 'nginx:1.27',
      health: null,
      sinceAtMs: Date.now() - HOUR_MS,
      memoryLimitBytes: null,
      processes: cpuUsedRatio === null ? null : 5
    }))
  })

const LATE = { code: 'deadlineExceeded' as const, params: { deadlineMs: 15_000 }, retryable: true }
const LOG = {
  lines: ['2026-11-28T08:00:00+0000 host nginx[1]: ready'],
  fix: null,
  message: null,
  error: null
}

export function fakeServices(): ServiceHandlers {
  const units = createTopic<UnitsView>(fakeUnits())
  let last = fakeUnits()
  return {
    'services.watchUsers': (_input, { signal }) => createTopic(fakeUsers()).latest(signal),
    'services.watchUnits': (_input, { signal }) => units.latest(signal),
    'services.watchUpdates': (_input, { signal }) => createTopic(fakeUpdates()).latest(signal),
    'services.watchContainers': (_input, { signal }) => createTopic(fakeContainers()).latest(signal),
    'services.readNow': async () => null,
    'services.setUnitWatched': async ({ unit, on }) => {
      last = {
        ...last,
        units: last.units.map((one) => (one.name === unit ? { ...one, isWatched: on } : one))
      }
      units.publish(last)
      return null
    },
    'services.plan': async ({ target, action }) => ({
      command: `${target.kind === 'unit' ? 'systemctl --no-ask-password' : target.engine} ${action} ${target.name}`,
      warning: target.name === 'ssh.service' ? 'remoteAccess' : null
    }),
    'services.act': async ({ target, action }): Promise<ServiceOutcome> =>
      target.name === 'backup.service'
        ? {
            outcome: 'denied',
            exitCode: 1,
            message: 'Access denied',
            stateNow: 'failed',
            fix: 'echo allow | sudo tee /etc/sudoers.d/virthelm-systemctl',
            log: { ...LOG, lines: [], fix: 'sudo usermod -aG systemd-journal "$(id -un)"', atMs: Date.now() }
          }
        : {
            outcome: 'done',
            exitCode: 0,
            message: '',
            stateNow: 'active',
            fix: null,
            log:
              action === 'reload'
                ? { ...LOG, lines: [], error: LATE, atMs: Date.now() }
                : { ...LOG, atMs: Date.now() }
          },
    'services.log': async () => ({ ...LOG, atMs: Date.now() })
  }
}
