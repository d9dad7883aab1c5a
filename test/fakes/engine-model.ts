/** The servers and VMs that the in-memory engine plays: varied, troubled, hostile. */
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { MachineNow, MachineView } from '#contract/machines.ts'
import { ServerView } from '#contract/servers.ts'
import type { Capability, ConnectionState, HostKey, ServerNow } from '#contract/servers.ts'
import type { DomainState, Presence } from '#contract/vocabulary.ts'

const GIB = 1024 ** 3
const TIB = 1024 ** 4

/** A small generator, so that every run plays the same fleet. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const hex = (random: () => number, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')
const uuid = (random: () => number): string =>
  `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`

export interface Plan {
  name: string
  location: string
  tags: string[]
  host: string
  threads: number
  memoryGib: number
  memoryUsed: number
  diskTib: number
  diskUsed: number
  cpu: number
  netBytesPerSec: number
  upDays: number
  vms: string[]
  trouble?:
    'off' | 'loginRefused' | 'hostKeyUnknown' | 'hostKeyChanged' | 'passwordNeeded' | 'stopped' | 'connecting'
  noLibvirt?: boolean
  lookOnly?: boolean
}

const plan = (name: string, location: string, host: string, rest: Partial<Plan> = {}): Plan => ({
  name,
  location,
  host,
  tags: [],
  threads: 32,
  memoryGib: 128,
  memoryUsed: 0.6,
  diskTib: 4,
  diskUsed: 0.47,
  cpu: 0.3,
  netBytesPerSec: 10e6,
  upDays: 41,
  vms: [],
  ...rest
})

/** What a server added in the window is made of. */
export const EMPTY_PLAN: Plan = plan('', '', '')

export const NINE_SERVERS: readonly Plan[] = [
  plan('kvm-alpha', 'Beijing DC-2', '10.4.0.5', {
    tags: ['prod'],
    cpu: 0.34,
    vms: ['web-01', 'web-02', 'db-primary', 'cache', 'mail', 'build-cache', 'old-wiki', 'template']
  }),
  plan('kvm-bravo', 'Beijing DC-2', '10.4.0.6', {
    tags: ['prod', 'web', 'nightly-backup'],
    cpu: 0.58,
    memoryUsed: 0.83,
    diskUsed: 0.7,
    upDays: 3,
    vms: [
      '$(id)',
      '<b>bold</b>',
      'web-03',
      ';reboot',
      'quo\'te"d',
      '-H',
      'tab\tnew\nline',
      'rtl-\u202egnp.exe',
      'zero\u200bwidth'
    ]
  }),
  plan('gpu-01', 'Beijing DC-2', '10.4.0.9', {
    tags: ['cuda', 'train'],
    threads: 64,
    memoryGib: 256,
    memoryUsed: 0.37,
    diskTib: 7.5,
    diskUsed: 0.55,
    cpu: 0.22,
    netBytesPerSec: 38e6,
    upDays: 9,
    vms: ['train-a', 'train-b', 'notebook-old'],
    lookOnly: true
  }),
  plan('存储-节点-07', 'Beijing DC-2', '10.4.0.12', {
    tags: ['nfs'],
    threads: 16,
    memoryGib: 64,
    memoryUsed: 0.42,
    diskTib: 72,
    diskUsed: 0.81,
    cpu: 0.07,
    netBytesPerSec: 117e6,
    upDays: 203,
    noLibvirt: true
  }),
  plan('edge-seoul', 'Seoul lab', 'edge.seoul.example.net', {
    threads: 8,
    memoryGib: 32,
    memoryUsed: 0.29,
    diskTib: 1,
    diskUsed: 0.3,
    cpu: 0.12,
    netBytesPerSec: 0.5e6,
    upDays: 12,
    vms: ['router', 'probe']
  }),
  plan('build-host', 'Seoul lab', '10.4.0.21', {
    tags: ['ci'],
    cpu: 0.12,
    vms: ['runner-1', 'runner-2'],
    trouble: 'off'
  }),
  plan('new-rack-12', 'Seoul lab', '10.4.0.77', { trouble: 'loginRefused' }),
  plan('web-front-eu-central-frankfurt-rack-07-unit-03-blue', 'Office', '2001:db8:0:f101::1a', {
    tags: ['web', 'public', 'tls', 'blue'],
    threads: 4,
    memoryGib: 16,
    memoryUsed: 0.69,
    diskTib: 0.5,
    diskUsed: 0.92,
    cpu: 0.91,
    netBytesPerSec: 27e6,
    upDays: 0.4,
    vms: ['nginx']
  }),
  plan('<b>nas</b> $(id)', 'Office', '10.8.0.2', {
    threads: 4,
    memoryGib: 8,
    memoryUsed: 0.51,
    diskTib: 16,
    diskUsed: 0.63,
    cpu: 0.04,
    netBytesPerSec: 2e6,
    upDays: 88,
    vms: ['jellyfin']
  })
]

/** Every kind of trouble there is, one server each. */
export const TROUBLED_SERVERS: readonly Plan[] = [
  plan('timed-out', 'Lab', '10.9.0.1', { trouble: 'off' }),
  plan('wrong-login', 'Lab', '10.9.0.2', { trouble: 'loginRefused' }),
  plan('new-key', 'Lab', '10.9.0.3', { trouble: 'hostKeyUnknown' }),
  plan('changed-key', 'Lab', '10.9.0.4', { trouble: 'hostKeyChanged' }),
  plan('asks-password', 'Lab', '10.9.0.5', { trouble: 'passwordNeeded' }),
  plan('stopped', 'Lab', '10.9.0.6', { trouble: 'stopped' }),
  plan('first-connect', 'Lab', '10.9.0.7', { trouble: 'connecting' })
]

/** N ordinary servers, for measuring. */
export function manyServers(count: number): readonly Plan[] {
  const random = randomFrom(count)
  return Array.from({ length: count }, (_, index) =>
    plan(
      `server-${String(index + 1).padStart(3, '0')}`,
      ['Berlin', 'Oslo', 'Seoul', 'Lima'][index % 4] ?? '',
      `10.20.${index >> 8}.${index & 255}`,
      {
        tags: index % 3 === 0 ? ['web', 'prod'] : index % 3 === 1 ? ['db'] : [],
        cpu: random(),
        memoryUsed: 0.2 + random() * 0.7,
        diskUsed: 0.2 + random() * 0.7,
        netBytesPerSec: random() * 1e8,
        upDays: 1 + random() * 300,
        vms: Array.from({ length: index % 6 }, (_unused, vm) => `vm-${index + 1}-${vm + 1}`)
      }
    )
  )
}

export interface FakeServer {
  plan: Plan
  view: ServerView
  machines: MachineView[]
  sparkline: (number | null)[]
  random: () => number
  /** Slow swing of the load, in radians. */
  phase: number
}

const key = (host: string, letter: string): HostKey => ({
  host,
  port: 22,
  type: 'ssh-ed25519',
  fingerprint: `SHA256:${letter.repeat(8)}9fQ2m0Zr7xT1cVbN4kLsWd3yHgJpEuAoXi5RtC`.slice(0, 50),
  keyBase64: 'AAAAC3NzaC1lZDI1NTE5AAAAI'
})

function connectionOf(spec: Plan, nowMs: number): { presence: Presence; connection: ConnectionState } {
  const { host } = spec
  const offline = (
    code: 'connectTimeout' | 'loginRefused' | 'hostKeyUnknown' | 'hostKeyChanged' | 'passwordNeeded',
    attempts: number,
    nextTryAtMs: number | null,
    sinceAtMs: number
  ): ConnectionState => ({
    kind: 'offline',
    sinceAtMs,
    attempts,
    nextTryAtMs,
    failure: {
      error: { code, params: { host, port: 22, user: 'admin' }, retryable: nextTryAtMs !== null },
      hostKey:
        code === 'hostKeyUnknown'
          ? { shown: key(host, 'A'), expected: [] }
          : code === 'hostKeyChanged'
            ? { shown: key(host, 'B'), expected: [key(host, 'A')] }
            : null
    }
  })
  switch (spec.trouble ?? 'none') {
    case 'none':
      return { presence: 'ON', connection: { kind: 'online', sinceAtMs: nowMs - 3_600_000 } }
    case 'off':
      return {
        presence: 'OFF',
        connection: offline('connectTimeout', 312, nowMs + 40_000, nowMs - 27_660_000)
      }
    case 'loginRefused':
      return { presence: 'EMPTY', connection: offline('loginRefused', 2, null, nowMs - 900_000) }
    case 'hostKeyUnknown':
      return { presence: 'EMPTY', connection: offline('hostKeyUnknown', 1, null, nowMs - 60_000) }
    case 'hostKeyChanged':
      return { presence: 'OFF', connection: offline('hostKeyChanged', 1, null, nowMs - 4_000_000) }
    case 'passwordNeeded':
      return { presence: 'EMPTY', connection: offline('passwordNeeded', 1, null, nowMs - 60_000) }
    case 'stopped':
      return { presence: 'OFF', connection: { kind: 'stopped', sinceAtMs: nowMs - 86_400_000 } }
    case 'connecting':
      return { presence: 'EMPTY', connection: { kind: 'connecting', sinceAtMs: nowMs, attempt: 1 } }
  }
}

function capabilitiesOf(spec: Plan): Capability[] {
  const works = (id: Capability['id']): Capability => ({ id, works: true, cause: null, fix: null })
  return [
    works('host'),
    works('pressure'),
    works('fileSystems'),
    spec.noLibvirt === true
      ? {
          id: 'libvirt',
          works: false,
          cause: 'toolMissing',
          fix: 'apt install libvirt-clients libvirt-daemon-system'
        }
      : works('libvirt'),
    spec.lookOnly === true
      ? { id: 'libvirtWrite', works: false, cause: 'lookOnly', fix: null }
      : works('libvirtWrite')
  ]
}

export function makeServer(spec: Plan, index: number, nowMs: number): FakeServer {
  const random = randomFrom(index * 7919 + 17)
  const id = uuid(random) as ServerId
  const { presence, connection } = connectionOf(spec, nowMs)
  const everSeen = presence !== 'EMPTY'
  const fake: FakeServer = {
    plan: spec,
    random,
    phase: random() * 6,
    machines: [],
    sparkline: [],
    view: ServerView.parse({
      record: {
        id,
        addedAtMs: nowMs - 40 * 86_400_000,
        name: spec.name,
        location: spec.location,
        tags: spec.tags,
        lookOnly: spec.lookOnly ?? false,
        collecting: spec.trouble !== 'stopped',
        connection: { host: spec.host, user: 'admin' }
      },
      presence,
      connection,
      now: null,
      facts: everSeen ? factsOf(spec, nowMs) : null,
      factsAtMs: everSeen ? nowMs - 3_600_000 : null,
      capabilities: capabilitiesOf(spec),
      machinesRunning: null,
      machinesTotal: null,
      secretKept: false
    })
  }
  if (everSeen) {
    fake.machines =
      spec.noLibvirt === true ? [] : spec.vms.map((name, vm) => makeMachine(fake, id, name, vm, nowMs))
    for (let past = 40; past >= 0; past--) stepServer(fake, nowMs - past * 5_000)
    if (presence === 'OFF' && fake.view.now !== null)
      fake.view = { ...fake.view, now: { ...fake.view.now, atMs: connection.sinceAtMs } }
  }
  return fake
}

function factsOf(spec: Plan, nowMs: number): NonNullable<ServerView['facts']> {
  return {
    hostName: spec.name,
    distribution: 'Debian GNU/Linux 13 (trixie)',
    osName: 'GNU/Linux',
    kernelRelease: '6.12.48+deb13-amd64',
    architecture: 'x86_64',
    bits: 64,
    cpuModel: 'AMD EPYC 7543 32-Core Processor',
    cpuSockets: 1,
    cpuCores: spec.threads / 2,
    cpuThreads: spec.threads,
    memoryTotalBytes: spec.memoryGib * GIB,
    virtualisation: 'none',
    boardModel: 'ROMED8-2T',
    bootedAtMs: nowMs - Math.round(spec.upDays * 86_400_000),
    loginShell: '/bin/bash',
    sshServer: 'OpenSSH_10.0p2 Debian-7',
    libvirtVersion: spec.noLibvirt === true ? null : '11.3.0',
    hypervisorVersion: spec.noLibvirt === true ? null : 'QEMU 10.0.3',
    mainBoard: 'ASRockRack ROMED8-2T',
    biosVersion: 'American Megatrends Inc. P3.50',
    biosDate: '12/30/2022',
    serialNumber: null,
    memoryModules: null,
    memorySlots: null,
    timeZone: 'Europe/Berlin',
    defaultGateways: ['10.4.0.1'],
    dnsServers: ['10.4.0.2', '10.4.0.3'],
    packageManager: 'apt',
    initSystem: 'systemd'
  }
}

function makeMachine(
  fake: FakeServer,
  serverId: ServerId,
  name: string,
  index: number,
  nowMs: number
): MachineView {
  const states: DomainState[] = ['running', 'running', 'running', 'shutOff', 'running', 'paused']
  const state = states[index % states.length] ?? 'running'
  return {
    ref: { serverId, vmUuid: uuid(fake.random) as VmUuid },
    name,
    state,
    stateReason: state === 'running' ? 'booted' : null,
    stateSinceAtMs: nowMs - 86_400_000 * (index + 1),
    autostart: index % 2 === 0,
    persistent: true,
    hasSnapshot: index % 5 === 1,
    hasSavedState: false,
    needsShutdown: false,
    isProtected: false,
    tags: name.startsWith('web') ? ['prod', 'web'] : name.startsWith('db') ? ['db', 'prod'] : [],
    vcpus: 2 << (index % 3),
    memoryMaxBytes: (4 << (index % 3)) * GIB,
    template: false,
    collecting: true,
    notRespondingSinceAtMs: name === 'web-03' ? nowMs - 40_000 : null,
    now: null
  }
}

const clamp = (ratio: number): number => Math.min(1, Math.max(0.01, ratio))

/** One tick: values walk around their plan; the views are new objects, as they come out of the rpc. */
export function stepServer(fake: FakeServer, atMs: number): void {
  const { plan: spec, random } = fake
  fake.phase += 0.11
  const wave = Math.sin(fake.phase) * 0.06
  const net = Math.max(0, spec.netBytesPerSec * (1 + wave * 3 + (random() - 0.5) * 0.5))
  const cpu = clamp(spec.cpu + wave + (random() - 0.5) * 0.04)
  const memoryRatio = clamp(spec.memoryUsed + wave / 8)
  const memoryTotal = spec.memoryGib * GIB
  const diskTotal = Math.round(spec.diskTib * TIB)
  const now: ServerNow = {
    atMs,
    cpuUsedRatio: cpu,
    cpuThreads: spec.threads,
    load1: cpu * spec.threads * 0.5,
    load5: spec.cpu * spec.threads * 0.5,
    load15: spec.cpu * spec.threads * 0.48,
    memoryUsedBytes: Math.round(memoryTotal * memoryRatio),
    memoryTotalBytes: memoryTotal,
    memoryUsedRatio: memoryRatio,
    swapUsedBytes: 0.1 * GIB,
    swapTotalBytes: 8 * GIB,
    diskUsedBytes: Math.round(diskTotal * spec.diskUsed),
    diskTotalBytes: diskTotal,
    diskUsedRatio: spec.diskUsed,
    netRxBytesPerSec: Math.round(net * 0.6),
    netTxBytesPerSec: Math.round(net * 0.4),
    netRxBytes: Math.round(spec.netBytesPerSec * 1e5),
    netTxBytes: Math.round(spec.netBytesPerSec * 7e4),
    uptimeSec: Math.round(spec.upDays * 86_400),
    clockSkewMs: 12,
    usersLoggedIn: spec.threads % 5,
    unitsFailed: 0,
    updatesPending: spec.threads % 7,
    containersRunning: 0,
    powerWatts: Math.round(90 + cpu * spec.threads * 6),
    temperatureMaxCelsius: Math.round(38 + cpu * 40),
    gpuMemoryFreeBytes: null,
    gpuMemoryTotalBytes: null,
    gpus: []
  }
  fake.machines = fake.machines.map((machine) => ({ ...machine, now: machineNow(machine, fake, atMs) }))
  fake.view = {
    ...fake.view,
    now,
    machinesRunning:
      spec.noLibvirt === true ? null : fake.machines.filter(({ state }) => state === 'running').length,
    machinesTotal: spec.noLibvirt === true ? null : fake.machines.length
  }
  fake.sparkline = [...fake.sparkline.slice(-39), net]
}

function machineNow(machine: MachineView, fake: FakeServer, atMs: number): MachineNow | null {
  if (machine.state !== 'running') return null
  const { random } = fake
  const max = machine.memoryMaxBytes ?? 0
  const noBalloon = machine.name === 'probe' || machine.name === '-H'
  const used = noBalloon ? null : Math.round(max * (0.4 + random() * 0.05))
  return {
    atMs,
    cpuUsedRatio: clamp(fake.plan.cpu * 0.8 + random() * 0.1),
    memoryUsedBytes: used,
    memoryBalloonBytes: max,
    memoryUsedRatio: used === null ? null : used / max,
    memoryUnknown: noBalloon ? 'noBalloonPeriod' : null,
    diskUsedRatio: 0.59,
    diskAllocationBytes: 118 * GIB,
    diskCapacityBytes: 200 * GIB,
    diskReadBytesPerSec: Math.round(random() * 2e8),
    diskWriteBytesPerSec: Math.round(random() * 5e7),
    netRxBytesPerSec: Math.round(random() * 5e6),
    netTxBytesPerSec: Math.round(random() * 1e6)
  }
}
