/**
 * Users, updates, units and containers of real servers: real sshd logins with and without a terminal, real apt. There is no
 * systemd in the lab: systemctl, journalctl and docker are stand-ins on the PATH of the logins, for the wiring of the acts.
 */
import { spawn } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ServerId } from '#contract/ids.ts'
import type { ContainersView, UnitsView, UpdatesView, UsersView } from '#contract/services.ts'
import type { UnitName } from '#contract/vocabulary.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { serviceHandlers } from '../../src-main/application/services/service-handlers.ts'
import { openServices, type Services } from '../../src-main/application/services/services.ts'
import { Telemetry } from '../../src-main/application/telemetry/telemetry.ts'
import { createServiceHost } from '../../src-main/remote/services/service-host.ts'
import { FakeHypervisor, FakeStorage } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab1'
const WORKSTATION = '10.77.0.1'
const never = new AbortController().signal
const context = { signal: never }

const shell = async (command: string): Promise<string> =>
  (await lab.inServer(SERVER, ['bash', '-c', command], { timeoutMs: 120_000 })).stdout.trim()

const quietly = async (command: string): Promise<void> => void (await shell(command))

/** A login with a terminal by the system's own ssh client. Ends with the test at the latest. */
async function login(user: string): Promise<{ end(): Promise<void> }> {
  const child = spawn(
    'ssh',
    [
      '-tt',
      '-q',
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes'],
      ...['-i', lab.labKey('ed25519').privateKey],
      `${user}@${lab.labServer(SERVER).address}`
    ],
    { stdio: ['pipe', 'pipe', 'ignore'] }
  )
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = async (): Promise<void> => {
    child.kill('SIGTERM')
    await gone
  }
  lab.onRestore(end)
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    void gone.then(() => reject(new Error(`${user} was not let in`)))
  })
  return { end }
}

describe.skipIf(missing !== null)(
  `services of real servers${missing === null ? '' : ` (${missing})`}`,
  () => {
    let services: Services
    let console_: LabConsole
    let handlers: ReturnType<typeof serviceHandlers>

    beforeEach(() => {
      const host = createServiceHost({ clock: systemClock })
      services = openServices({ host, blobs: new FakeStorage().asStorage().blobs, clock: systemClock })
      console_ = startLabConsole(new FakeHypervisor(), 5_000, new Telemetry([services.subject]))
      const { journal } = console_.storage.asStorage()
      const { directory } = console_
      const onJournal = (): void => undefined
      handlers = serviceHandlers({ directory, services, host, journal, clock: systemClock, onJournal })
    })
    afterEach(async () => {
      await console_.close()
      await lab.restoreLab()
    })

    async function connect(user: string): Promise<ServerRuntime> {
      const runtime = await console_.add({ server: SERVER, user })
      runtime.start()
      await lab.eventually('the server is online', () => runtime.state.kind === 'online', 30_000)
      return runtime
    }
    const idOf = (runtime: ServerRuntime): ServerId => runtime.record.id
    const read = async (
      runtime: ServerRuntime,
      part: 'users' | 'units' | 'updates' | 'containers'
    ): Promise<void> => {
      await handlers['services.readNow']({ serverId: idOf(runtime), part }, context)
    }
    const capability = (runtime: ServerRuntime, id: string) =>
      runtime.picture.capabilities.all().find((one) => one.id === id)
    async function users(runtime: ServerRuntime): Promise<UsersView> {
      await read(runtime, 'users')
      const view = services.users.board.latest(idOf(runtime))
      if (view === null) throw new Error('no users were read')
      return view
    }
    const shown = ({ sessions }: UsersView) =>
      sessions.map(
        ({ user, kind, origin, isConsole }) =>
          `${user} ${kind} ${origin ?? '-'}${isConsole ? ' console' : ''}`
      )

    it('sees logins of several accounts come and go, without utmp and without logind', async () => {
      const runtime = await connect('root')
      const before = await users(runtime)
      expect(before.source).toBe('processes')
      expect(shown(before)).toContain(`root noTerminal ${WORKSTATION} console`)
      const [dash, fish] = [await login('op-dash'), await login('op-fish')]
      await login('op-dash')
      const during = await users(runtime)
      expect(during.loggedIn).toBe(before.loggedIn + 3)
      expect(shown(during).filter((one) => one === `op-dash terminal ${WORKSTATION}`)).toHaveLength(2)
      expect(shown(during)).toContain(`op-fish terminal ${WORKSTATION}`)
      expect(
        during.sessions.every(({ sinceAtMs }) => Math.abs((sinceAtMs ?? 0) - Date.now()) < 600_000)
      ).toBe(true)
      expect(
        during.sessions.filter(({ kind }) => kind === 'terminal').every(({ idleMs }) => idleMs !== null)
      ).toBe(true)
      expect(runtime.view().now?.usersLoggedIn).toBe(during.loggedIn)
      await Promise.all([dash.end(), fish.end()])
      await lab.eventually(
        'they are gone',
        async () => (await users(runtime)).loggedIn === before.loggedIn + 1
      )
    })

    it('reads utmp where sshd writes it, as `who` does', async () => {
      // Nothing of the lab uses it: made for this test, and taken away again.
      await shell('install -m 664 -g utmp /dev/null /run/utmp')
      lab.onRestore(() => quietly('rm -f /run/utmp'))
      const runtime = await connect('op')
      const { end } = await login('op-zsh')
      const view = await users(runtime)
      expect(view.source).toBe('utmp')
      const who = (await shell('TZ=UTC0 LC_ALL=C who -u')).split('\n')
      expect(view.loggedIn).toBe(who.length)
      const session = view.sessions.find(({ user }) => user === 'op-zsh')
      expect(session).toMatchObject({ kind: 'terminal', origin: WORKSTATION })
      expect(who.join('\n')).toContain(`op-zsh   ${session?.terminal ?? '?'} `)
      expect(shown(view)).toContain(`op noTerminal ${WORKSTATION} console`)
      await end()
      await lab.eventually(
        'it is gone',
        async () => !shown(await users(runtime)).some((one) => one.startsWith('op-zsh'))
      )
    })

    it('shows an unprivileged account who is there, and of others no address that it may not see', async () => {
      await login('op-dash')
      const runtime = await connect('plain')
      const view = await users(runtime)
      expect(shown(view)).toContain(`plain noTerminal ${WORKSTATION} console`)
      expect(shown(view)).toContain('op-dash terminal -')
      expect(capability(runtime, 'users')?.works).toBe(true)
    })

    it('counts updates as apt itself does, on a server that reaches no mirror and whose disk is read-only', async () => {
      const runtime = await connect('plain')
      await read(runtime, 'updates')
      const view: UpdatesView | null = services.updates.board.latest(idOf(runtime))
      const own = await shell(
        "apt-get -s -o Debug::NoLocking=true -o APT::Get::Upgrade-Allow-New=true upgrade | grep -c '^Inst [^ ]* \\['"
      )
      expect(view).toMatchObject({ manager: 'apt', pending: Number(own) })
      expect(view?.security).not.toBeNull()
      expect(runtime.view().now?.updatesPending).toBe(Number(own))
      expect(Math.abs(Date.now() - (view?.listsAtMs ?? 0))).toBeLessThan(10 * 365 * 86_400_000)
    })

    it('says plainly that there is no systemd, and what stands before the containers', async () => {
      const runtime = await connect('plain')
      await read(runtime, 'units')
      expect(capability(runtime, 'units')).toMatchObject({ works: false, cause: 'notPresent' })
      expect(services.units.board.latest(idOf(runtime))).toMatchObject({ units: [] })
      await read(runtime, 'containers')
      expect(['notPresent', 'daemonDown', 'permissionDenied']).toContain(
        capability(runtime, 'containers')?.cause
      )
      expect(runtime.view().now?.unitsFailed).toBeNull()
      expect(runtime.view().now?.containersRunning).toBeNull()
    })

    it('starts and stops by the command that was shown, journals it, and refuses a look-only server', async () => {
      await standIns()
      const runtime = await connect('op')
      const serverId = idOf(runtime)
      const stop = new AbortController()
      const views = handlers['services.watchUnits']({ serverId }, { signal: stop.signal })
      await read(runtime, 'units')
      const unit = (name: string) =>
        services.units.board
          .latest(serverId)
          ?.units.find((one: UnitsView['units'][number]) => one.name === name)
      expect(unit('web.service')).toMatchObject({ active: 'active' })
      expect(runtime.view().now?.unitsFailed).toBe(1)
      await handlers['services.setUnitWatched'](
        { serverId, unit: 'web.service' as UnitName, on: true },
        context
      )
      await read(runtime, 'units')
      expect(unit('web.service')?.isWatched).toBe(true)

      const target = { kind: 'unit' as const, name: 'web.service' as UnitName }
      const asked = { serverId, target, action: 'stop' as const }
      const { command } = await handlers['services.plan'](asked, context)
      const outcome = await handlers['services.act'](asked, context)
      expect(outcome).toMatchObject({ outcome: 'done', exitCode: 0, stateNow: 'inactive' })
      expect(outcome.log.lines).toEqual(['2025-11-28T08:00:00+0000 host web[1]: a line'])
      expect(console_.storage.journal.at(-1)).toMatchObject({ action: 'unit.stop', command, outcome: 'done' })
      expect(await shell('cat /tmp/services/acted')).toBe('--no-ask-password stop -- web.service')
      await lab.eventually('the list is read again', () => unit('web.service')?.active === 'inactive')
      const series = console_.storage.ticks
        .flatMap(({ entities }) => entities)
        .filter(({ kind }) => kind === 'unit')
      expect(series).toContainEqual({ kind: 'unit', key: 'web.service', values: { active: 0 } })
      expect(series).toContainEqual({ kind: 'unit', key: 'bad.service', values: { active: 0 } })

      const denied = await handlers['services.act']({ ...asked, action: 'reload' }, context)
      expect(denied).toMatchObject({ outcome: 'denied', exitCode: 4 })
      expect(denied.fix).toContain('sudoers.d')

      await read(runtime, 'containers')
      const box: ContainersView['containers'][number] | undefined =
        services.containers.board.latest(serverId)?.containers[0]
      expect(box).toMatchObject({ name: 'web-1', state: 'running' })
      const container = {
        kind: 'container' as const,
        engine: 'docker' as const,
        viaSudo: false,
        id: box?.id ?? '',
        name: 'web-1'
      }
      const restarted = await handlers['services.act'](
        { serverId, target: container, action: 'restart' },
        context
      )
      expect(restarted.outcome).toBe('done')
      expect(console_.storage.journal.at(-1)).toMatchObject({
        action: 'container.restart',
        command: 'docker restart web-1'
      })

      const { record } = runtime
      await console_.directory.edit(serverId, { ...record, lookOnly: true }, undefined)
      const rows = console_.storage.journal.length
      await expect(handlers['services.act'](asked, context)).rejects.toMatchObject({ code: 'refused' })
      expect(console_.storage.journal).toHaveLength(rows)
      stop.abort()
      for await (const _view of views) void _view
    })
  }
)

/** systemctl, journalctl and docker that keep their state in a file, first on the PATH of every login from now on. */
async function standIns(): Promise<void> {
  const id = 'ab'.repeat(32)
  const inspected = JSON.stringify({
    id,
    name: '/web-1',
    image: 'nginx',
    status: 'running',
    exit: 0,
    started: '2025-11-28T08:00:00Z',
    finished: '0001-01-01T00:00:00Z',
    limit: 0
  })
  const files: Record<string, string> = {
    systemctl: `case $1 in
list-units) s=running a=active; [ -e /tmp/services/stopped ] && s=dead a=inactive
  echo "web.service loaded $a $s A web server"; echo "* bad.service loaded failed failed A bad one";;
show) echo;;
is-active) [ -e /tmp/services/stopped ] && echo inactive || echo active;;
--no-ask-password) echo "$*" >>/tmp/services/acted
  case $2 in stop) : >/tmp/services/stopped;; reload) echo 'Access denied' >&2; exit 4;; esac;;
esac`,
    journalctl: `echo '2025-11-28T08:00:00+0000 host web[1]: a line'`,
    docker: `case $1 in
ps) echo '${id} Up 2 hours';;
inspect) case "$3" in '{{.Id}}') echo ${id};; *) printf '%s 0 bridge %s\\n' ${id} '${inspected}';; esac;;
restart) echo "$2";;
esac`
  }
  await shell('rm -rf /tmp/services; mkdir -m 777 /tmp/services; mkdir -p /run/systemd/system')
  lab.onRestore(() => quietly('rm -rf /tmp/services; rmdir /run/systemd/system /run/systemd || true'))
  for (const [name, script] of Object.entries(files))
    await lab.inServer(
      SERVER,
      ['bash', '-c', `cat >/tmp/services/${name}; chmod 755 /tmp/services/${name}`],
      {
        input: `#!/bin/sh\n${script}\n`
      }
    )
  await lab.setSshdOptions(SERVER, ['SetEnv PATH=/tmp/services:/usr/bin:/bin'])
}
