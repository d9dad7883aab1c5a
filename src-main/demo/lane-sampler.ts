/** Plays the lanes `sampler` and `mounts` of docs/remote-protocol.md: the texts that a real kernel and df would print. */
import type { HostProfile, MountProfile } from './profiles.ts'
import type { SimulatedHost } from './host.ts'
import type { DiskState } from './host-counters.ts'
import type { LaneIo, LanePlayer } from './model.ts'
import { processRecords, processStatuses } from './tools/processes.ts'

const FILES = [
  '/proc/uptime',
  '/proc/stat',
  '/proc/meminfo',
  '/proc/loadavg',
  '/proc/net/dev',
  '/proc/diskstats'
]
const PRESSURE_FILES = ['/proc/pressure/cpu', '/proc/pressure/memory', '/proc/pressure/io']
const SECTOR_BYTES = 512
const ZONES: Readonly<Partial<Record<number, string>>> = {
  1: 'Europe/Berlin',
  8: 'Asia/Shanghai',
  9: 'Asia/Seoul'
}
const KIB = 1024

export function createSamplerPlayer(host: SimulatedHost): LanePlayer {
  const answers: Record<string, () => string> = {
    s: () => frame(host),
    p: () => processRecords(host),
    P: () => processRecords(host),
    i: () => inventory(host)
  }
  return {
    attach(lane, io) {
      if (lane !== 'sampler' && lane !== 'mounts') return false
      io.onLine((line) => {
        const [operation = '', number = ''] = line.split(' ')
        host.advance()
        const text =
          lane === 'mounts'
            ? operation === 'm'
              ? mounts(host, io)
              : null
            : operation === 'f'
              ? facts(host, io)
              : operation.startsWith('u:')
                ? processStatuses(host, new Set(operation.slice(2).split(',').map(Number)))
                : (answers[operation]?.() ?? null)
        if (text !== null) io.write(`${io.marker} begin ${number}\n${text}\n${io.marker} end ${number}\n`)
      })
      io.write(`\n${io.marker} ready\n`)
      return true
    }
  }
}

function frameFiles(profile: HostProfile): string[] {
  return profile.pressure ? [...FILES, ...PRESSURE_FILES] : FILES
}

/** Interfaces of the host and of its running VMs: [name, index, has a device, has a master]. */
export function interfaces(
  host: SimulatedHost
): { name: string; index: number; device: boolean; master: boolean }[] {
  const fixed = host.profile.nics.map((nic, at) => ({
    name: nic.name,
    index: at + 2,
    device: nic.physical,
    master: nic.hasMaster ?? false
  }))
  const guests = host.domains.flatMap((domain) =>
    domain.interfaces.flatMap((nic) =>
      nic.target === null
        ? []
        : [{ name: nic.target, index: 100 + Number(nic.target.slice(4)), device: false, master: true }]
    )
  )
  return [{ name: 'lo', index: 1, device: false, master: false }, ...fixed, ...guests]
}

function inventory(host: SimulatedHost): string {
  const flag = (value: boolean): string => (value ? '1' : '0')
  const clockMs = Date.now() + host.profile.clockSkewMs
  return [
    ...interfaces(host).map(
      (nic) => `net ${nic.name} ${nic.index} ${flag(nic.device)} ${flag(nic.master)} 0`
    ),
    ...host.profile.disks.map(
      (disk) =>
        `blk ${disk.name} ${disk.major}:${disk.minor} 1 0 ${Math.round(disk.sizeBytes / SECTOR_BYTES)}`
    ),
    `kernel ${host.profile.kernel}`,
    `files ${frameFiles(host.profile).join(' ')}`,
    `time ${Math.floor(clockMs / 1000)} ${String((clockMs % 1000) * 1_000_000).padStart(9, '0')}`
  ].join('\n')
}

function frame(host: SimulatedHost): string {
  const { pressureMicros } = host.counters
  const parts = [
    `${host.uptimeSec().toFixed(2)} ${(host.counters.cpuTicks.idle / 100).toFixed(2)}`,
    stat(host),
    meminfo(host),
    loadavg(host),
    netDev(host),
    [...host.counters.disks.values()].map(diskLines).join('\n')
  ]
  if (host.profile.pressure) {
    parts.push(...[pressureMicros.cpu, pressureMicros.memory, pressureMicros.io].map(pressure))
  }
  return parts.join('\nLinux\n')
}

function stat(host: SimulatedHost): string {
  const { cpuTicks, coreTicks, ticksPerCore } = host.counters
  const ticks = (name: keyof typeof cpuTicks): number => Math.floor(cpuTicks[name])
  const all = [
    ticks('user'),
    ticks('nice'),
    ticks('system'),
    ticks('idle'),
    ticks('iowait'),
    0,
    ticks('softirq'),
    0,
    ticks('guest'),
    0
  ]
  const core = (busy: number, index: number): string => {
    const system = Math.floor(busy * 0.22)
    const user = Math.floor(busy) - system
    return `cpu${index} ${user} 0 ${system} ${Math.max(0, Math.floor(ticksPerCore - busy))} 0 0 0 0 0 0`
  }
  const bootTime = Math.floor((Date.now() + host.profile.clockSkewMs) / 1000 - host.uptimeSec())
  return [
    `cpu  ${all.join(' ')}`,
    ...coreTicks.map(core),
    `intr 1254499 ${'0 '.repeat(40)}0`,
    'ctxt 3378012',
    `btime ${bootTime}`,
    'processes 27964',
    `procs_running ${host.counters.running}`,
    'procs_blocked 0'
  ].join('\n')
}

function meminfo(host: SimulatedHost): string {
  const { memoryBytes, swapBytes } = host.profile
  const used = host.counters.memoryUsedBytes
  const available = memoryBytes - used
  const lines: readonly (readonly [string, number])[] = [
    ['MemTotal', memoryBytes],
    ['MemFree', available * 0.3],
    ['MemAvailable', available],
    ['Buffers', available * 0.02],
    ['Cached', available * 0.6],
    ['SwapCached', 0],
    ['Active', used * 0.6 + available * 0.2],
    ['Inactive', used * 0.2 + available * 0.35],
    ['SwapTotal', swapBytes],
    ['SwapFree', swapBytes - host.counters.swapUsedBytes],
    ['Shmem', used * 0.01],
    ['SReclaimable', available * 0.05]
  ]
  return lines
    .map(([name, bytes]) => `${`${name}:`.padEnd(16)}${String(Math.round(bytes / KIB)).padStart(8)} kB`)
    .join('\n')
}

function loadavg(host: SimulatedHost): string {
  const loads = host.counters.load.map((load) => load.toFixed(2)).join(' ')
  return `${loads} ${host.counters.running}/${220 + host.profile.threads * 9 + host.domains.length * 12} 27964`
}

export function netDev(host: SimulatedHost): string {
  const line = (name: string, rx: number, tx: number): string =>
    `${name.padStart(6)}: ${Math.floor(rx)} ${Math.floor(rx / 900)} 0 0 0 0 0 0 ${Math.floor(tx)} ${Math.floor(tx / 900)} 0 0 0 0 0 0`
  const { rxBytes, txBytes } = host.counters
  return [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    line('lo', 1_000_000, 1_000_000),
    ...host.profile.nics.map((nic) => line(nic.name, rxBytes * nic.share, txBytes * nic.share)),
    // What a guest sends is what its host's end receives.
    ...host.domains.flatMap((domain) =>
      domain.interfaces.flatMap((nic) =>
        nic.target === null ? [] : [line(nic.target, nic.txBytes, nic.rxBytes)]
      )
    )
  ].join('\n')
}

function diskLines(disk: DiskState): string {
  const { name, major, minor } = disk.profile
  const line = (device: string, number: number): string => {
    const reads = Math.floor(disk.readBytes / 20_480)
    const writes = Math.floor(disk.writeBytes / 16_384)
    const busyMs = Math.floor(disk.busyMs)
    return `${String(major).padStart(4)} ${String(number).padStart(7)} ${device} ${reads} 0 ${Math.floor(disk.readBytes / SECTOR_BYTES)} ${Math.floor(busyMs * 0.6)} ${writes} 0 ${Math.floor(disk.writeBytes / SECTOR_BYTES)} ${busyMs} 0 ${busyMs} ${busyMs * 2} 0 0 0 0 0 0`
  }
  const partition = /\d$/.test(name) ? `${name}p1` : `${name}1`
  return `${line(name, minor)}\n${line(partition, minor + 1)}`
}

function pressure(micros: number): string {
  const total = Math.floor(micros)
  return `some avg10=0.00 avg60=0.00 avg300=0.00 total=${total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=${Math.floor(total / 3)}`
}

function facts(host: SimulatedHost, io: LaneIo): string {
  const { profile } = host
  const texts: readonly (readonly [string, string])[] = [
    ['hostname', profile.hostName],
    ['ostype', 'Linux'],
    ['osrelease', profile.kernel],
    ['machine', profile.machine],
    ['os-release', `PRETTY_NAME="${profile.distribution}"`],
    ['uptime', host.uptimeSec().toFixed(2)],
    ['meminfo', `MemTotal: ${Math.round(profile.memoryBytes / KIB)} kB`],
    ['cpuinfo', `model name\t: ${profile.cpuModel}`],
    ['topology', topology(profile)],
    ['sys-vendor', profile.vendor],
    ['product-name', profile.product],
    ['device-tree', profile.vendor === '' ? profile.cpuModel : ''],
    ['detect-virt', profile.virtualisation],
    ['login-shell', profile.loginShell],
    ['board-vendor', profile.vendor],
    ['board-name', profile.product === '' ? '' : `${profile.product}-MB`],
    ['bios-vendor', profile.vendor === '' ? '' : 'American Megatrends International, LLC.'],
    ['bios-version', profile.vendor === '' ? '' : '2.8'],
    ['bios-date', profile.vendor === '' ? '' : '01/19/2024'],
    ['time-zone', `/usr/share/zoneinfo/${ZONES[profile.utcOffsetHours] ?? 'Etc/UTC'}`],
    // The addresses of RFC 5737: documentation only.
    ['routes', '4 eth0 00000000 010200C0 0003 100'],
    ['name-servers', '192.0.2.53\n198.51.100.53'],
    ['package-manager', /rocky|fedora|red hat/i.test(profile.distribution) ? 'dnf' : 'apt-get'],
    ['init', 'systemd']
  ]
  return texts.map(([name, text]) => `\n${io.marker} fact ${name}\n${text}\n`).join('')
}

function topology(profile: HostProfile): string {
  const coresPerSocket = profile.cores / profile.sockets
  return Array.from({ length: profile.threads }, (_unused, thread) => {
    const core = thread % profile.cores
    return `cpu ${Math.floor(core / coresPerSocket)} ${core % coresPerSocket}`
  }).join('\n')
}

function mounts(host: SimulatedHost, io: LaneIo): string {
  const all = host.profile.mounts
  const mountinfo = [
    '20 1 0:5 / /dev rw,nosuid - devtmpfs udev rw',
    '21 1 0:21 / /proc rw - proc proc rw',
    '22 1 0:24 / /run rw,nosuid - tmpfs tmpfs rw',
    ...all.map(
      (mount, at) =>
        `${30 + at} 1 ${mount.device} / ${mount.mountPoint} rw - ${mount.type} ${mount.source} rw`
    )
  ]
  const row = (mount: MountProfile): string => {
    const total = Math.floor(mount.sizeBytes / KIB)
    const used = Math.floor(host.mountUsedBytes(mount) / KIB)
    const reserved = mount.type === 'ext4' ? Math.floor(total * 0.05) : 0
    const available = Math.max(0, total - used - reserved)
    const percent = Math.ceil((100 * used) / (used + available))
    return `${mount.source} ${total} ${used} ${available} ${percent}% ${mount.mountPoint}`
  }
  const inodes = (mount: MountProfile): string => {
    if (mount.type === 'btrfs' || mount.type === 'vfat') return `${mount.source} 0 0 0 - ${mount.mountPoint}`
    const total = Math.floor(mount.sizeBytes / 16_384)
    const used = Math.floor(total * mount.used * 0.4)
    return `${mount.source} ${total} ${used} ${total - used} 40% ${mount.mountPoint}`
  }
  const part = (name: string, lines: readonly string[]): string =>
    `\n${io.marker} part ${name}\n${lines.join('\n')}\n`
  return [
    part('mountinfo', mountinfo),
    part('space', ['Filesystem 1024-blocks Used Available Capacity Mounted on', ...all.map(row)]),
    part('inodes', ['Filesystem Inodes IUsed IFree IUse% Mounted on', ...all.map(inodes)]),
    part('network', []),
    part('tools', ['/bin/df'])
  ].join('')
}
