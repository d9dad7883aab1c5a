/** The processes of a demo server: what such a server runs, as busy as its profile says, with a QEMU for each running VM. */
import type { SimulatedHost } from './host.ts'
import { TICKS_PER_SEC } from './host-counters.ts'
import { hash } from './noise.ts'

export interface DemoProcess {
  readonly pid: number
  readonly parentPid: number
  readonly name: string
  /** Arguments; empty for a kernel thread. */
  readonly args: readonly string[]
  readonly user: string
  readonly uid: number
  /** Ticks after boot. */
  readonly startTicks: number
  /** Mean share of one CPU thread. */
  readonly cpu: number
  readonly residentBytes: number
  readonly threads: number
  nice: number
}

type Sort = readonly [name: string, args: string, user: string, cpu: number, mib: number, threads: number]

const USERS: Readonly<Record<string, number>> = {
  root: 0,
  'www-data': 33,
  postgres: 112,
  redis: 113,
  prometheus: 114,
  messagebus: 104,
  'systemd-network': 101,
  _chrony: 110,
  'libvirt-qemu': 64055,
  anna: 1000,
  deploy: 1001
}

const SERVICES: readonly Sort[] = [
  ['systemd-journal', '/lib/systemd/systemd-journald', 'root', 0.004, 48, 1],
  ['systemd-udevd', '/lib/systemd/systemd-udevd', 'root', 0.0004, 7, 1],
  ['systemd-network', '/lib/systemd/systemd-networkd', 'systemd-network', 0.0006, 8, 1],
  ['dbus-daemon', '/usr/bin/dbus-daemon --system --address=systemd: --nofork', 'messagebus', 0.0007, 5, 1],
  ['cron', '/usr/sbin/cron -f', 'root', 0.0002, 3, 1],
  ['chronyd', '/usr/sbin/chronyd -F 1', '_chrony', 0.0003, 4, 1],
  ['sshd', 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups', 'root', 0.0001, 9, 1],
  ['rsyslogd', '/usr/sbin/rsyslogd -n -iNONE', 'root', 0.002, 6, 4],
  ['smartd', '/usr/sbin/smartd -n', 'root', 0.0001, 7, 1],
  ['prometheus-node', '/usr/bin/prometheus-node-exporter', 'prometheus', 0.006, 22, 9],
  ['nginx', 'nginx: master process /usr/sbin/nginx -g daemon on; master_process on;', 'root', 0, 2, 1],
  ['nginx', 'nginx: worker process', 'www-data', 0.06, 31, 1],
  ['nginx', 'nginx: worker process', 'www-data', 0.045, 29, 1],
  [
    'postgres',
    '/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main',
    'postgres',
    0.004,
    29,
    1
  ],
  ['postgres', 'postgres: 15/main: checkpointer', 'postgres', 0.006, 860, 1],
  ['postgres', 'postgres: 15/main: walwriter', 'postgres', 0.01, 24, 1],
  ['postgres', 'postgres: 15/main: app app 10.20.0.31(48122) idle', 'postgres', 0.16, 410, 1],
  ['redis-server', '/usr/bin/redis-server 127.0.0.1:6379', 'redis', 0.02, 260, 5],
  ['python3', '/usr/bin/python3 /opt/ingest/worker.py --queue events --batch 500', 'deploy', 0.34, 512, 12],
  ['node', 'node /srv/shop/server.js', 'deploy', 0.12, 330, 11],
  ['bash', '-bash', 'anna', 0, 6, 1]
]
const KERNEL = [
  'kthreadd',
  'rcu_preempt',
  'ksoftirqd/0',
  'migration/0',
  'kcompactd0',
  'kswapd0',
  'kworker/0:1H'
]

const MIB = 2 ** 20
/** Deviation from the mean comes and goes over these times; shares never fall below 0 by it. */
const WAVES_SEC = [37, 211] as const

export class DemoProcesses {
  readonly #host: SimulatedHost
  readonly #fixed: DemoProcess[]
  #nextPid: number

  constructor(host: SimulatedHost) {
    this.#host = host
    this.#fixed = fixedProcesses(host)
    this.#nextPid = 30_000
  }

  all(): DemoProcess[] {
    return [...this.#fixed, ...this.#host.domains.flatMap((domain) => qemuOf(this.#host, domain) ?? [])]
  }

  users(): readonly (readonly [string, number])[] {
    return Object.entries(USERS)
  }

  /** A service that is ended comes back under another pid, as its supervisor would have it. */
  end(pid: number): boolean {
    const index = this.#fixed.findIndex((one) => one.pid === pid)
    const ended = this.#fixed[index]
    if (ended === undefined) return false
    const startTicks = Math.floor(this.#host.uptimeSec() * TICKS_PER_SEC)
    if (ended.parentPid === 1) this.#fixed[index] = { ...ended, pid: this.#nextPid++, startTicks }
    else this.#fixed.splice(index, 1)
    return true
  }

  renice(pid: number, nice: number): void {
    const found = this.#fixed.find((one) => one.pid === pid)
    if (found !== undefined) found.nice = nice
  }
}

/** User and system ticks so far: the mean over its life, with waves. */
export function ticksOf(process: DemoProcess, uptimeSec: number): { user: number; system: number } {
  const ageSec = Math.max(0, uptimeSec - process.startTicks / TICKS_PER_SEC)
  const waves = WAVES_SEC.map((period, index) => {
    const phase = hash(process.pid, index) * 2 * Math.PI
    return period * 0.42 * (Math.sin(ageSec / period + phase) - Math.sin(phase))
  })
  const ticks = process.cpu * TICKS_PER_SEC * Math.max(0, ageSec + waves.reduce((sum, one) => sum + one, 0))
  return { user: Math.floor(ticks * 0.78), system: Math.floor(ticks * 0.22) }
}

function fixedProcesses(host: SimulatedHost): DemoProcess[] {
  const busy = Math.max(0.3, host.profile.cpu * 6)
  const size = Math.min(1, host.profile.memoryBytes / (16 * 1024 * MIB))
  const list: DemoProcess[] = [
    {
      pid: 1,
      parentPid: 0,
      name: 'systemd',
      args: ['/sbin/init'],
      user: 'root',
      uid: 0,
      startTicks: 2,
      cpu: 0.002,
      residentBytes: 13 * MIB,
      threads: 1,
      nice: 0
    }
  ]
  for (const [index, name] of KERNEL.entries()) {
    const pid = index + 2
    list.push({
      pid,
      parentPid: pid === 2 ? 0 : 2,
      name,
      args: [],
      user: 'root',
      uid: 0,
      startTicks: 2,
      cpu: 0.0006,
      residentBytes: 0,
      threads: 1,
      nice: name.endsWith('H') ? -20 : 0
    })
  }
  for (const [index, [name, args, user, cpu, mib, threads]] of SERVICES.entries()) {
    const spread = 0.6 + hash(host.seed, index) * 0.8
    const before = list.at(-1)
    list.push({
      pid: 400 + index * 37 + (host.seed % 23),
      parentPid: before?.name === name && index > 0 ? masterPid(list, name) : 1,
      name,
      args: [args],
      user,
      uid: USERS[user] ?? 65_534,
      startTicks: 400 + index * 90,
      cpu: cpu * busy * spread,
      residentBytes: Math.round(mib * MIB * size * spread),
      threads,
      nice: 0
    })
  }
  return list
}

const masterPid = (list: readonly DemoProcess[], name: string): number =>
  list.find((one) => one.name === name)?.pid ?? 1

function qemuOf(host: SimulatedHost, domain: SimulatedHost['domains'][number]): DemoProcess | null {
  if (domain.id === null) return null
  const { profile } = domain
  return {
    pid: 20_000 + domain.id * 31,
    parentPid: 1,
    name: 'qemu-system-x86',
    args: [
      `/usr/bin/qemu-system-x86_64 -name guest=${domain.name},debug-threads=on -m ${profile.memoryBytes / MIB} -uuid ${domain.uuid}`
    ],
    user: 'libvirt-qemu',
    uid: USERS['libvirt-qemu'] ?? 0,
    startTicks: 6_000 + domain.id * 100,
    cpu: profile.cpu * domain.vcpus * 0.5,
    residentBytes: Math.round(profile.memoryBytes * (0.35 + profile.memory * 0.6)),
    threads: domain.vcpus + 5,
    nice: 0
  }
}
