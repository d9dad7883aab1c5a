import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import {
  createLocalConnection,
  LOCAL_SHELLS,
  type LocalConnection
} from '../../../test/fakes/local-connection.ts'
import { recordedServices } from '../../../test/fakes/recorded-services.ts'
import { systemClock } from '../../application/clock.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import type { ReadFrom, Sudo } from '../../application/services/service-host.ts'
import type { Tools } from '../../application/telemetry/tools.ts'
import { sectionsOf } from '../../domain/services/text.ts'
import { createTools } from '../tools/tool-shell.ts'
import { createServiceHost } from './service-host.ts'

const root = mkdtempSync(join(tmpdir(), 'virthelm-services-'))
const bin = join(root, 'bin')
const places = { run: join(root, 'run'), proc: join(root, 'proc'), cgroup: join(root, 'cgroup') }
const ID = '3f'.repeat(32)
const JOB = '4e'.repeat(32)

function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  chmodSync(path, mode)
}
const fake = (name: string, script: string): void => put(join(bin, name), `#!/bin/sh\n${script}\n`, 0o755)

let tools: Tools | null = null
let connection: LocalConnection | null = null
beforeAll(() => {
  mkdirSync(join(places.run, 'systemd/system'), { recursive: true })
  mkdirSync(join(places.run, 'systemd/sessions'), { recursive: true })
  put(join(root, 'units.txt'), recordedServices('debian-12-units.txt'))
  put(join(root, 'show.txt'), recordedServices('debian-12-show.txt'))
  put(join(root, 'logind.txt'), sectionsOf(recordedServices('debian-12-logind.txt')).get('logind') ?? '')
})
afterEach(() => {
  tools?.close()
  connection?.close()
  rmSync(bin, { recursive: true, force: true })
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const host = createServiceHost({ clock: systemClock }, places)
function open(shell: readonly string[], sudo: Sudo = ''): ReadFrom {
  connection = createLocalConnection({ shell, env: { PATH: `${bin}:/usr/bin:/bin` } })
  tools = createTools(connection)
  return { tools, sudo, signal: new AbortController().signal }
}
function connected(): LocalConnection {
  if (connection === null) throw new Error('not opened')
  return connection
}

describe.each(Object.entries(LOCAL_SHELLS))('services in %s', (name, shell) => {
  /** This busybox takes its own who, stat and id before any that a test puts into the PATH. */
  const ownTools = name === 'ash'

  it('reads sessions by loginctl, and by its files where it does not answer', async () => {
    fake(
      'loginctl',
      `case $1 in list-sessions) echo '  3 0 root seat0 tty1'; echo '55 1000 ana - -'; echo '$(id) x';; *) cat ${root}/logind.txt;; esac`
    )
    const read = await host.users(open(shell))
    expect(read.source).toBe('logind')
    expect(read.sessions.map(({ user }) => user)).toEqual(['root', 'ana', 'deploy', 'op'])
    fake('loginctl', 'exit 1')
    put(
      join(places.run, 'systemd/sessions/9'),
      'UID=1000\nUSER=kim\nTTY=pts/3\nREMOTE_HOST=192.0.2.44\nSERVICE=sshd\nLEADER=6900\nCLASS=user\nTYPE=tty\n'
    )
    const { sessions } = await host.users(open(shell))
    expect(sessions).toMatchObject([{ user: 'kim', terminal: 'pts/3', origin: '192.0.2.44' }])
    rmSync(join(places.run, 'systemd/sessions/9'))
  })

  it.skipIf(ownTools)('reads utmp by who, also where it knows no -u', async () => {
    fake(
      'who',
      `[ "$1" = -u ] && exit 1\necho 'ana             pts/0           00:03   Nov 28 08:40:11  10.0.2.2'`
    )
    const { source, sessions } = await host.users(open(shell))
    expect(source).toBe('utmp')
    expect(sessions[0]).toMatchObject({ user: 'ana', terminal: 'pts/0', origin: '10.0.2.2' })
  })

  it('lists units, asks for the given ones by their quoted names, and says why there are none', async () => {
    fake(
      'systemctl',
      `case $1 in list-units) cat ${root}/units.txt;; show) shift; echo "$*" >${root}/asked; cat ${root}/show.txt;; esac`
    )
    const from = open(shell)
    const answer = await host.units(from)
    expect(answer.kind === 'listed' && answer.units).toHaveLength(9)
    const details = await host.unitDetails(from, ['nginx.service', 'dev-disk-by\\x2duuid-3f2a.swap'])
    expect(details.get('nginx.service')?.result).toBe('exit-code')
    fake('systemctl', 'echo "Failed to connect to bus: No such file or directory" >&2; exit 1')
    expect(await host.units(open(shell))).toEqual({ kind: 'daemonDown' })
  })

  it.each([
    [
      'dnf',
      `[ "$*" = '-q -C check-update --security' ] && cat ${root}/fedora-sec || { [ "$*" = '-q -C check-update' ] && cat ${root}/fedora; exit 100; }`,
      3
    ],
    ['zypper', `case "$*" in *list-updates) cat ${root}/zypper;; *needs-rebooting) exit 102;; esac`, 2],
    ['apk', `[ "$*" = 'version --no-network -l <' ] && cat ${root}/apk`, 3],
    ['pacman', `cat ${root}/pacman`, 2]
  ])('counts what %s says', async (manager, script, pending) => {
    put(join(root, 'fedora'), recordedServices('fedora-41-dnf.txt'))
    put(join(root, 'fedora-sec'), recordedServices('fedora-41-dnf-security.txt'))
    put(join(root, 'zypper'), recordedServices('opensuse-zypper.txt'))
    put(join(root, 'apk'), recordedServices('alpine-apk.txt'))
    put(join(root, 'pacman'), recordedServices('arch-pacman.txt'))
    fake(manager, script)
    // Of this machine's own tools only those that the script needs: no apt.
    const only = join(root, `only-${manager}`)
    mkdirSync(only, { recursive: true })
    for (const name of [
      'sh',
      'stat',
      'sort',
      'tail',
      'head',
      'uname',
      'nice',
      'ionice',
      'id',
      'cat',
      'timeout',
      'date'
    ])
      put(join(only, name), `#!/bin/sh\nexec /usr/bin/${name} "$@"\n`, 0o755)
    put(join(only, 'stat'), '#!/bin/sh\necho 1764319800\n', 0o755)
    connection = createLocalConnection({ shell, env: { PATH: `${bin}:${only}` } })
    tools = createTools(connection)
    const answer = await host.updates({ tools, sudo: '', signal: new AbortController().signal })
    // The age of pacman's lists is that of a folder, which this machine does not have.
    if (ownTools || manager === 'pacman') {
      expect(answer).toMatchObject({ kind: 'notListed', manager })
      return
    }
    expect(answer).toMatchObject({ kind: 'updates', updates: { manager, listsAtMs: 1_764_319_800_000 } })
    expect(answer.kind === 'updates' && answer.updates.updates).toHaveLength(pending)
    if (manager === 'zypper') expect(answer).toMatchObject({ updates: { rebootRequired: true } })
  })

  it.each(['v2', 'v1'])('reads containers, their use from control groups %s', async (version) => {
    const pid = version === 'v2' ? '71' : '72'
    put(join(places.proc, 'uptime'), '5000.25 9000.00\n')
    put(
      join(places.proc, pid, 'net/dev'),
      'Inter-|   Receive\n face |bytes\n    lo: 9 9 0 0 0 0 0 0 9 9\n  eth0: 1000 9 0 0 0 0 0 0 2000 9 0 0 0 0 0 0\n'
    )
    if (version === 'v2') {
      const group = join(places.cgroup, `system.slice/docker-${ID}.scope`)
      put(join(places.proc, pid, 'cgroup'), `0::/system.slice/docker-${ID}.scope/init.scope\n`)
      put(join(group, 'cpu.stat'), 'usage_usec 2500000\nuser_usec 1\n')
      put(join(group, 'memory.current'), '1000000\n')
      put(join(group, 'memory.max'), 'max\n')
      put(join(group, 'memory.stat'), 'anon 5\ninactive_file 400000\n')
      put(join(group, 'pids.current'), '7\n')
      put(
        join(group, 'io.stat'),
        '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2\n259:0 rbytes=4096 wbytes=0 rios=1 wios=0\n'
      )
    } else {
      put(
        join(places.proc, pid, 'cgroup'),
        `5:memory:/docker/${ID}\n4:cpu,cpuacct:/docker/${ID}\n3:pids:/docker/${ID}\n`
      )
      put(join(places.cgroup, `cpuacct/docker/${ID}/cpuacct.usage`), '2500000000\n')
      put(join(places.cgroup, `memory/docker/${ID}/memory.usage_in_bytes`), '1000000\n')
      put(join(places.cgroup, `memory/docker/${ID}/memory.limit_in_bytes`), '9223372036854771712\n')
      put(join(places.cgroup, `memory/docker/${ID}/memory.stat`), 'cache 1\ntotal_inactive_file 400000\n')
      put(join(places.cgroup, `pids/docker/${ID}/pids.current`), '7\n')
    }
    const one = {
      id: ID,
      name: '/web',
      image: 'nginx',
      status: 'running',
      exit: 0,
      started: '2025-11-28T08:00:00Z',
      finished: '0001-01-01T00:00:00Z',
      limit: 0
    }
    put(
      join(root, 'inspect'),
      `${ID} ${pid} bridge ${JSON.stringify(one)}\n${JOB} 0 bridge ${JSON.stringify({ ...one, id: JOB, name: '/job', status: 'exited', exit: 3 })}\n`
    )
    fake(
      'docker',
      `case $1 in ps) echo '${ID} Up 2 hours (healthy)'; echo '${JOB} Exited (3)';; inspect) cat ${root}/inspect;; esac`
    )
    const { engines } = await host.containers(open(shell))
    const docker = engines[0]?.answer
    expect(engines[1]?.answer.kind).toBe('missing')
    expect(docker).toMatchObject({
      kind: 'listed',
      total: 2,
      containers: [
        {
          name: 'web',
          health: 'healthy',
          use: {
            uptimeSec: 5000.25,
            cpuSec: 2.5,
            memoryBytes: 600_000,
            memoryLimitBytes: null,
            processes: 7,
            rxBytes: 1000,
            txBytes: 2000,
            readBytes: version === 'v2' ? 8192 : null
          }
        },
        { name: 'job', exitCode: 3, use: null }
      ]
    })
  })

  it.skipIf(ownTools)('asks docker by sudo only where the login user may not', async () => {
    fake('docker', 'echo "permission denied while trying to connect" >&2; exit 1')
    expect((await host.containers(open(shell))).engines[0]?.answer.kind).toBe('denied')
    fake('id', 'echo 1000')
    fake('sudo', `shift; shift; case $1 in ps) echo '${ID} Up';; inspect) cat ${root}/inspect;; esac`)
    const { engines } = await host.containers(open(shell, 'sudo -n '))
    expect(engines[0]?.answer).toMatchObject({ kind: 'listed', containers: [{ viaSudo: true }, {}] })
  })

  it('acts by the exact command that was shown, and leaves a container that was replaced alone', async () => {
    fake(
      'systemctl',
      `echo "$*" >>${root}/acted; [ "$2" = stop ] && { echo 'Interactive authentication required.' >&2; exit 4; }; exit 0`
    )
    fake('docker', `case $1 in inspect) echo ${ID};; *) echo "docker $*" >>${root}/acted;; esac`)
    open(shell)
    const rows: string[] = []
    const journal: ActionJournal = {
      beforeSend: async (command) => void rows.push(command),
      afterSend: async ({ exitCode }) => void rows.push(String(exitCode))
    }
    const signal = new AbortController().signal
    const unit = { kind: 'unit' as const, name: 'dev-\\x2d@x.service' as never }
    const restart = await host.act(
      connected(),
      { target: unit, action: 'restart', sudo: '' },
      journal,
      signal
    )
    expect(restart).toMatchObject({ exitCode: 0, denied: false })
    const stop = await host.act(connected(), { target: unit, action: 'stop', sudo: '' }, journal, signal)
    expect(stop).toMatchObject({ exitCode: 4, denied: true, message: 'Interactive authentication required.' })
    expect(rows).toEqual([
      "systemctl --no-ask-password restart -- 'dev-\\x2d@x.service'",
      '0',
      "systemctl --no-ask-password stop -- 'dev-\\x2d@x.service'",
      '4'
    ])
    const box = { kind: 'container' as const, engine: 'docker' as const, viaSudo: false, id: ID, name: 'web' }
    await host.act(connected(), { target: box, action: 'stop', sudo: '' }, journal, signal)
    expect(rows.at(-2)).toBe('docker stop web')
    const replaced = host.act(
      connected(),
      { target: { ...box, id: JOB }, action: 'stop', sudo: '' },
      journal,
      signal
    )
    await expect(replaced).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('what cannot be asked for', () => {
  it.each([
    [{ kind: 'unit', name: '-.mount' }, 'stop'],
    [{ kind: 'unit', name: 'multi-user.target' }, 'stop'],
    [{ kind: 'container', engine: 'docker', viaSudo: false, id: ID, name: 'web' }, 'reload'],
    [{ kind: 'container', engine: 'podman', viaSudo: true, id: ID, name: 'web' }, 'stop']
  ] as const)('%j %s', (target, action) => {
    expect(() => host.commandOf(target as never, action, '')).toThrow(AppError)
  })
})
