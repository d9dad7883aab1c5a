/** What a demo server has of users, units, packages and containers; starting and stopping changes it. */
import type { SimulatedHost } from '../host.ts'
import { hash } from '../noise.ts'

export interface DemoUnit {
  readonly name: string
  readonly description: string
  active: 'active' | 'inactive' | 'failed'
  sub: string
  sinceMs: number
  readonly enabled: string
}

export interface DemoContainer {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly health: string | null
  readonly memoryBytes: number
  readonly limitBytes: number
  readonly cpu: number
  isRunning: boolean
  exitCode: number
  sinceMs: number
}

export interface DemoServices {
  readonly init: 'systemd' | 'openrc'
  readonly manager: 'apt' | 'dnf' | 'apk'
  readonly engine: 'docker' | 'podman' | null
  /** The login user may not use docker. */
  readonly dockerDenied: boolean
  readonly units: DemoUnit[]
  readonly containers: DemoContainer[]
  /** `name installed available security`. */
  readonly updates: readonly (readonly [string, string, string, boolean])[]
  readonly rebootFor: readonly string[]
}

const UNITS: readonly (readonly [name: string, description: string, enabled: string])[] = [
  ['ssh.service', 'OpenBSD Secure Shell server', 'enabled'],
  ['systemd-journald.service', 'Journal Service', 'static'],
  ['systemd-logind.service', 'User Login Management', 'static'],
  ['systemd-networkd.service', 'Network Configuration', 'enabled'],
  ['systemd-udevd.service', 'Rule-based Manager for Device Events and Files', 'static'],
  ['dbus.service', 'D-Bus System Message Bus', 'static'],
  ['cron.service', 'Regular background program processing daemon', 'enabled'],
  ['chrony.service', 'chrony, an NTP client/server', 'enabled'],
  ['libvirtd.service', 'libvirt legacy monolithic daemon', 'enabled'],
  ['virtlogd.service', 'libvirt logging daemon', 'indirect'],
  ['nginx.service', 'A high performance web server and a reverse proxy server', 'enabled'],
  ['prometheus-node-exporter.service', 'Prometheus exporter for machine metrics', 'enabled'],
  ['smartmontools.service', 'Self Monitoring and Reporting Technology (SMART) Daemon', 'enabled'],
  ['mdmonitor.service', 'MD array monitor', 'static'],
  ['unattended-upgrades.service', 'Unattended Upgrades Shutdown', 'enabled'],
  ['serial-getty@ttyS0.service', 'Serial Getty on ttyS0', 'enabled'],
  ['apt-daily.timer', 'Daily apt download activities', 'enabled'],
  ['fstrim.timer', 'Discard unused blocks once a week', 'enabled'],
  ['logrotate.timer', 'Daily rotation of log files', 'enabled'],
  ['docker.socket', 'Docker Socket for the API', 'enabled'],
  ['-.mount', 'Root Mount', 'generated'],
  ['boot-efi.mount', '/boot/efi', 'generated'],
  ['multi-user.target', 'Multi-User System', 'static']
]

const DEBIAN_UPDATES: DemoServices['updates'] = [
  ['base-files', '12.4+deb12u11', '12.4+deb12u12', false],
  ['linux-image-amd64', '6.1.106-3', '6.1.112-1', true],
  ['openssl', '3.0.14-1~deb12u1', '3.0.14-1~deb12u2', true],
  ['libssl3', '3.0.14-1~deb12u1', '3.0.14-1~deb12u2', true],
  ['qemu-system-x86', '1:7.2+dfsg-7+deb12u6', '1:7.2+dfsg-7+deb12u7', false],
  ['tzdata', '2024a-0+deb12u1', '2024b-0+deb12u1', false]
]
const ROCKY_UPDATES: DemoServices['updates'] = [
  ['kernel', '', '5.14.0-427.40.1.el9_4', true],
  ['openssh-server', '', '8.7p1-38.el9_4.4', true],
  ['qemu-kvm', '', '17:8.2.0-11.el9_4.6', false],
  ['systemd', '', '252-32.el9_4.7', false]
]
const ALPINE_UPDATES: DemoServices['updates'] = [
  ['busybox', '1.36.1-r28', '1.36.1-r29', false],
  ['libcrypto3', '3.3.1-r3', '3.3.2-r0', false]
]

const CONTAINERS: readonly (readonly [
  name: string,
  image: string,
  memoryMib: number,
  cpu: number,
  health: string | null
])[] = [
  ['jupyterhub', 'quay.io/jupyterhub/jupyterhub:5.1', 412, 0.04, 'healthy'],
  ['mlflow', 'ghcr.io/mlflow/mlflow:v2.16.0', 688, 0.02, null],
  ['postgres', 'docker.io/library/postgres:16-alpine', 1_240, 0.11, 'healthy'],
  ['dcgm-exporter', 'nvcr.io/nvidia/k8s/dcgm-exporter:3.3.7', 190, 0.06, null],
  ['old-notebook', 'docker.io/jupyter/scipy-notebook:2023-10-20', 0, 0, null]
]

const states = new WeakMap<SimulatedHost, DemoServices>()

/** The same object for the life of the host. */
export function servicesOf(host: SimulatedHost): DemoServices {
  const known = states.get(host) ?? make(host)
  states.set(host, known)
  return known
}

function make(host: SimulatedHost): DemoServices {
  const { distribution, tags } = host.profile
  const bootedMs = Date.now() - host.uptimeSec() * 1_000
  const isAlpine = distribution.startsWith('Alpine')
  const manager = isAlpine ? 'apk' : distribution.startsWith('Rocky') ? 'dnf' : 'apt'
  const engine =
    tags.includes('gpu') || tags.includes('storage') ? 'docker' : tags.includes('edge') ? 'podman' : null
  const failing = tags.includes('prod')
  return {
    init: isAlpine ? 'openrc' : 'systemd',
    manager,
    engine,
    dockerDenied: tags.includes('storage'),
    units: isAlpine ? [] : unitsOf(host, bootedMs, failing),
    containers: engine === null ? [] : containersOf(host, engine === 'podman' ? 3 : CONTAINERS.length),
    updates: manager === 'apk' ? ALPINE_UPDATES : manager === 'dnf' ? ROCKY_UPDATES : DEBIAN_UPDATES,
    rebootFor:
      manager === 'apt' && host.profile.uptimeDays > 20 ? ['linux-image-6.1.0-26-amd64', 'libc6'] : []
  }
}

function unitsOf(host: SimulatedHost, bootedMs: number, failing: boolean): DemoUnit[] {
  const units = UNITS.filter(([name]) => host.libvirt !== null || !/^(?:libvirtd|virtlogd)/.test(name)).map(
    ([name, description, enabled], index): DemoUnit => ({
      name,
      description,
      enabled,
      active: name === 'mdmonitor.service' ? 'inactive' : 'active',
      sub: subOf(name),
      sinceMs: bootedMs + 4_000 + Math.floor(hash(host.seed, index) * 20_000)
    })
  )
  if (!failing) return units
  const failed = (name: string, description: string, hoursAgo: number): DemoUnit => ({
    name,
    description,
    enabled: 'enabled',
    active: 'failed',
    sub: 'failed',
    sinceMs: Date.now() - hoursAgo * 3_600_000
  })
  return [
    ...units,
    failed('backup-nightly.service', 'Nightly backup to storage-07', 7),
    failed('certbot.service', 'Certbot', 31)
  ]
}

function subOf(name: string): string {
  if (name === 'mdmonitor.service') return 'dead'
  if (name.endsWith('.timer')) return 'waiting'
  if (name.endsWith('.socket')) return 'listening'
  if (name.endsWith('.mount')) return 'mounted'
  return name.endsWith('.target') ? 'active' : 'running'
}

function containersOf(host: SimulatedHost, count: number): DemoContainer[] {
  return CONTAINERS.slice(0, count).map(([name, image, memoryMib, cpu, health], index) => {
    const isRunning = memoryMib > 0
    const id = Array.from({ length: 64 }, (_unused, at) =>
      Math.floor(hash(host.seed * 17 + index, at) * 16).toString(16)
    ).join('')
    return {
      id,
      name,
      image,
      health,
      cpu,
      memoryBytes: memoryMib * 2 ** 20,
      limitBytes: index === 2 ? 4 * 2 ** 30 : 0,
      isRunning,
      exitCode: isRunning ? 0 : 137,
      sinceMs: Date.now() - (1 + index) * 41_000_000
    }
  })
}
