/** Users, units, updates and containers of a demo server, as its tools would print them; acts on units and containers too. */
import { answerRun } from '../lane-run.ts'
import type { SimulatedHost } from '../host.ts'
import type { LanePlayer } from '../model.ts'
import { smooth } from '../noise.ts'
import type { ToolAnswer, ToolPlayer } from './player.ts'
import { servicesOf, type DemoContainer, type DemoServices, type DemoUnit } from './services-state.ts'

const answer = (...lines: readonly string[]): ToolAnswer => ({ stdout: `${lines.join('\n')}\n`, exitCode: 0 })
const sec = (atMs: number): number => Math.floor(atMs / 1_000)
const section = (name: string, ...lines: readonly string[]): string[] => ['', `@@ ${name}`, ...lines]
/** As systemd prints it with TZ=UTC0. */
const utc = (atMs: number): string => `Sat ${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** By a line that only that script has (src-main/remote/services/scripts.ts). */
export const playServices: ToolPlayer = (host, script) => {
  const services = servicesOf(host)
  if (script.includes('p logind\n')) return users(host)
  if (script.includes('p init\n')) return units(services)
  if (script.includes('systemctl show --no-pager')) return unitDetails(services, script)
  if (script.includes('p manager;')) return updates(services)
  if (script.includes('engine docker docker')) return containers(host, services)
  return null
}

function users(host: SimulatedHost): ToolAnswer {
  const now = Date.now()
  const people = [
    ['ana', 'pts/0', '10.20.0.14', 95, 2],
    ['ana', 'pts/1', '10.20.0.14', 12, 0.2],
    ['wei', 'pts/2', 'vpn-7.example', 2_900, 610],
    ['root', 'tty1', '', 11_000, 9_000]
  ] as const
  const shown = people.slice(0, 1 + (host.seed % 4))
  const session = (lines: readonly string[]): string[] => [...lines, '']
  return answer(
    ...section('now', String(sec(now))),
    ...section('own', '4242'),
    ...section(
      'logind',
      ...session([
        'Id=91',
        'Name=demo',
        'Class=user',
        'Type=tty',
        'TTY=',
        'Service=sshd',
        'Leader=4242',
        'Remote=yes',
        'RemoteHost=127.0.0.1',
        'State=active',
        `Timestamp=${utc(now - 60_000)}`
      ]),
      ...session([
        'Id=88',
        'Name=backup',
        'Class=user',
        'Type=tty',
        'TTY=',
        'Service=sshd',
        'Leader=3100',
        'Remote=yes',
        'RemoteHost=10.20.0.40',
        'State=active',
        `Timestamp=${utc(now - 420_000)}`
      ]),
      ...shown.flatMap(([user, tty, from, minutes], index) =>
        session([
          `Id=${10 + index}`,
          `Name=${user}`,
          'Class=user',
          'Type=tty',
          `TTY=${tty}`,
          `Service=${from === '' ? 'login' : 'sshd'}`,
          `Leader=${1_200 + index * 37}`,
          `Remote=${from === '' ? 'no' : 'yes'}`,
          ...(from === '' ? [] : [`RemoteHost=${from}`]),
          'State=active',
          `Timestamp=${utc(now - minutes * 60_000)}`
        ])
      )
    ),
    ...section('tty', ...shown.map(([, tty, , , idle]) => `${sec(now - idle * 60_000)} /dev/${tty}`))
  )
}

function units({ init, units: all }: DemoServices): ToolAnswer {
  if (init !== 'systemd') return answer(...section('init', init))
  const lines = all.map(
    ({ name, active, sub, description }) => `${name} loaded ${active} ${sub} ${description}`
  )
  return answer(...section('init', 'systemd'), ...section('units', ...lines), ...section('exit', '0'))
}

function unitDetails({ units: all }: DemoServices, script: string): ToolAnswer {
  const asked = new Set([...script.matchAll(/'([^']+)'/g)].map(([, name]) => name))
  return answer(
    ...all
      .filter(({ name }) => asked.has(name))
      .flatMap(({ name, sinceMs, enabled, active }) => [
        `Id=${name}`,
        `StateChangeTimestamp=${utc(sinceMs)}`,
        `UnitFileState=${enabled}`,
        `Result=${active === 'failed' ? 'exit-code' : 'success'}`,
        ''
      ])
  )
}

function updates({ manager, updates: all, rebootFor }: DemoServices): ToolAnswer {
  const list = all.map(([name, current, next, security]) => {
    if (manager === 'apt')
      return `Inst ${name} [${current}] (${next} Debian${security ? '-Security' : ''}:12/stable [amd64])`
    return manager === 'dnf' ? `${name}.x86_64    ${next}    baseos` : `${name}-${current}   < ${next}`
  })
  const urgent = all
    .filter(([, , , security]) => security)
    .map(([name, , next]) => `${name}.x86_64   ${next}   baseos`)
  return answer(
    ...section('manager', manager),
    ...section('list', ...list),
    ...section('exit', manager === 'dnf' ? '100' : '0'),
    ...(manager === 'dnf' ? section('security', ...urgent) : []),
    ...section('lists', String(sec(Date.now() - 5 * 3_600_000))),
    ...section('reboot', ...(rebootFor.length > 0 ? ['yes', ...rebootFor] : ['no']))
  )
}

function containers(host: SimulatedHost, services: DemoServices): ToolAnswer {
  const { engine, containers: all, dockerDenied } = services
  if (engine === null) return answer('')
  if (dockerDenied)
    return answer(
      ...section('docker-list'),
      ...section('docker-exit', '1'),
      ...section('docker-errors', 'permission denied while trying to connect to the Docker daemon socket')
    )
  const running = all.filter(({ isRunning }) => isRunning)
  return answer(
    ...section(
      `${engine}-list`,
      ...all.map(
        ({ id, isRunning, health }) =>
          `${id} ${isRunning ? `Up${health === null ? '' : ` (${health})`}` : 'Exited'}`
      )
    ),
    ...section(`${engine}-exit`, '0'),
    ...section(`${engine}-inspect`, ...all.map(inspected)),
    ...section(`${engine}-use`, ...running.map((container) => use(host, container)))
  )
}

const inspected = ({ id, name, image, isRunning, exitCode, sinceMs, limitBytes }: DemoContainer): string => {
  const since = new Date(sinceMs).toISOString()
  return JSON.stringify({
    id,
    name: `/${name}`,
    image,
    status: isRunning ? 'running' : 'exited',
    exit: exitCode,
    started: since,
    finished: isRunning ? '0001-01-01T00:00:00Z' : since,
    limit: limitBytes
  })
}

/** CPU time grows by its share of the uptime, with a slow wave. */
function use(host: SimulatedHost, { id, cpu, memoryBytes }: DemoContainer): string {
  const uptimeSec = host.uptimeSec()
  const wave = smooth(host.seed + memoryBytes, Date.now() / 1_000, 240)
  const cpuUs = Math.round(uptimeSec * cpu * 1e6 + wave * cpu * 1e7)
  const memory = Math.round(memoryBytes * (0.9 + 0.2 * wave))
  return `${id} up=${uptimeSec.toFixed(2)} cpu_us=${cpuUs} mem=${memory} inactive=0 pids=${4 + Math.round(wave * 9)}`
}

/** One-shot scripts on units and containers: acts, states and logs. */
export function createServicesRunPlayer(host: SimulatedHost): LanePlayer {
  return {
    attach(lane, io) {
      if (lane !== 'run') return false
      const played = playRun(servicesOf(host), io.script.replaceAll(`'\\''`, `'`))
      if (played === null) return false
      answerRun(io, { stderr: '', exitCode: 0, ...played })
      return true
    }
  }
}

interface Played {
  readonly stdout: string
  readonly stderr?: string
  readonly exitCode?: number
}

const UNIT_ACT = /systemctl --no-ask-password (start|stop|restart|reload) -- '?([\w@:.\\-]+)'?/
const CONTAINER_ACT = /^(?:docker|podman) (start|stop|restart) ([\w.-]+)$/m

function playRun({ units: all, containers: boxes }: DemoServices, script: string): Played | null {
  const [, unitAction = '', unitName] = UNIT_ACT.exec(script) ?? []
  if (unitName !== undefined)
    return actOnUnit(
      all.find(({ name }) => name === unitName),
      unitAction,
      unitName
    )
  const [, action = '', boxName] = CONTAINER_ACT.exec(script) ?? []
  if (boxName !== undefined)
    return actOnContainer(
      boxes.find(({ name }) => name === boxName),
      action,
      boxName
    )
  const asked = /systemctl is-active -- '([^']+)'/.exec(script)?.[1]
  if (asked !== undefined)
    return { stdout: `${all.find(({ name }) => name === asked)?.active ?? 'inactive'}\n` }
  const inspectedId = /\{\{\.State\.Status\}\}'? '([0-9a-f]+)'/.exec(script)?.[1]
  if (inspectedId !== undefined)
    return {
      stdout: boxes.find(({ id }) => id === inspectedId)?.isRunning === true ? 'running\n' : 'exited\n'
    }
  const logged = /journalctl -u '([^']+)'/.exec(script)?.[1]
  if (logged !== undefined) return { stdout: journalOf(all.find(({ name }) => name === logged)) }
  return /(?:docker|podman) logs --tail/.test(script) ? { stdout: containerLog() } : null
}

function actOnUnit(unit: DemoUnit | undefined, action: string, name: string): Played {
  if (unit === undefined)
    return { stdout: '', stderr: `Failed to ${action} ${name}: Unit ${name} not found.\n`, exitCode: 5 }
  // One that fails for a reason fails again.
  if (action !== 'stop' && unit.name === 'backup-nightly.service')
    return {
      stdout: '',
      stderr: `Job for ${name} failed because the control process exited with error code.\nSee "systemctl status ${name}" and "journalctl -xeu ${name}" for details.\n`,
      exitCode: 1
    }
  unit.active = action === 'stop' ? 'inactive' : 'active'
  unit.sub = action === 'stop' ? 'dead' : name.endsWith('.timer') ? 'waiting' : 'running'
  unit.sinceMs = Date.now()
  return { stdout: '' }
}

function actOnContainer(box: DemoContainer | undefined, action: string, name: string): Played {
  if (box === undefined) return { stdout: '', stderr: `Error: No such container: ${name}\n`, exitCode: 1 }
  box.isRunning = action !== 'stop'
  box.exitCode = 0
  box.sinceMs = Date.now()
  return { stdout: `${name}\n` }
}

const line = (secondsAgo: number, text: string): string =>
  `${new Date(Date.now() - secondsAgo * 1_000).toISOString().slice(0, 19)}+0000 ${text}\n`

function journalOf(unit: DemoUnit | undefined): string {
  if (unit === undefined) return '-- No entries --\n'
  const word = unit.name.replace(/\..*$/, '')
  const started = line(3_700, `host systemd[1]: Starting ${unit.name} - ${unit.description}...`)
  if (unit.active !== 'failed')
    return (
      started +
      line(3_699, `host ${word}[1187]: ready`) +
      line(3_698, `host systemd[1]: Started ${unit.name} - ${unit.description}.`)
    )
  return (
    started +
    line(3_650, `host ${word}[40211]: rsync: [sender] connection to storage-07 timed out`) +
    line(3_650, `host systemd[1]: ${unit.name}: Main process exited, code=exited, status=30/n/a`) +
    line(3_649, `host systemd[1]: ${unit.name}: Failed with result 'exit-code'.`)
  )
}

const containerLog = (): string =>
  line(600, 'INFO listening on 0.0.0.0:8000') +
  line(42, 'INFO 10.20.0.14 "GET /health" 200') +
  line(12, 'INFO 10.20.0.14 "GET /" 200')
