/** Ports and power of the engine in memory: every server has the same sockets and scans. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import {
  PortPlan,
  type Listener,
  type ListeningView,
  type PortResult,
  type PortScansView
} from '#contract/ports.ts'
import { WakeSettings, type WakeView } from '#contract/switching.ts'
import type { PortState } from '#contract/vocabulary.ts'
import { createTopic } from '../../src-main/application/streams.ts'

type PortHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `ports.${string}` | `switching.${string}`>
>

const listener = (port: number, change: Partial<Listener>): Listener => ({
  protocol: 'tcp',
  family: 4,
  address: '0.0.0.0',
  port,
  exposure: 'allAddresses',
  service: null,
  uid: 0,
  user: 'root',
  process: { pid: 700 + port, name: 'daemon', others: 0 },
  processMissing: null,
  unit: null,
  passing: false,
  ...change
})

export const fakeListening = (): ListeningView => ({
  readAtMs: Date.now() - 20_000,
  leftOut: 0,
  processesHidden: { cause: 'permissionDenied', fix: 'echo rule | sudo tee /etc/sudoers.d/virthelm-ports' },
  listeners: [
    listener(22, { service: 'ssh', process: { pid: 812, name: 'sshd', others: 0 }, unit: 'ssh.service' }),
    listener(80, { service: 'http', process: { pid: 901, name: 'nginx', others: 4 }, unit: 'nginx.service' }),
    listener(5432, {
      service: 'postgresql',
      address: '127.0.0.1',
      exposure: 'loopback',
      user: 'postgres',
      process: null,
      processMissing: 'permissionDenied',
      unit: 'postgresql.service'
    }),
    listener(41_822, { protocol: 'udp', passing: true, process: null, processMissing: 'permissionDenied' })
  ]
})

const result = (port: number, state: PortState, service: string): PortResult => ({
  port,
  state,
  service,
  reason: state === 'open' ? 'synAck' : state === 'closed' ? 'reset' : 'noResponse',
  answerMs: state === 'filtered' ? null : 0.8
})

export const fakeScans = (): PortScansView => {
  const base = {
    startedAtMs: Date.now() - 65_000,
    endedAtMs: Date.now() - 60_000,
    scheduled: false,
    problem: null
  }
  return {
    plan: PortPlan.parse({ ports: '22, 80, 5432' }),
    direct: {
      ...base,
      origin: 'direct',
      address: '10.4.0.21',
      ports: [result(22, 'open', 'ssh'), result(80, 'filtered', 'http'), result(5432, 'closed', 'postgresql')]
    },
    ssh: {
      ...base,
      origin: 'ssh',
      address: '127.0.0.1',
      ports: [result(22, 'open', 'ssh'), result(80, 'open', 'http'), result(5432, 'open', 'postgresql')]
    },
    running: [],
    nextAtMs: null,
    directBlocked: false
  }
}

/** @param seen told of each write, as the engine was asked for it */
export const fakePorts = (seen: (name: string, input: unknown) => void = () => undefined): PortHandlers => {
  let scans = fakeScans()
  const topic = createTopic(scans)
  let settings = WakeSettings.parse({})
  const wakeView = (): WakeView => ({
    settings,
    learned: {
      learnedAtMs: Date.now() - 3_600_000,
      interfaces: [
        {
          name: 'eno1',
          mac: '52:54:00:aa:00:01',
          address: '10.4.0.21',
          prefix: 24,
          broadcast: '10.4.0.255',
          isDefaultRoute: true,
          wakes: false
        }
      ]
    },
    mac: settings.mac ?? '52:54:00:aa:00:01',
    broadcasts: ['10.4.0.255', '255.255.255.255'],
    ports: [9, 7],
    passwordKept: false,
    canKeepPassword: true
  })
  return {
    'ports.watchScans': (_input, { signal }) => topic.latest(signal),
    'ports.watchListening': (_input, { signal }) => createTopic(fakeListening()).latest(signal),
    'ports.readListening': async () => null,
    'ports.setPlan': async (input) => {
      seen('ports.setPlan', input)
      scans = { ...scans, plan: input.plan }
      topic.publish(scans)
      return null
    },
    'ports.scan': async (input, { progress }) => {
      seen('ports.scan', input)
      progress({ origin: 'direct', done: 1, total: 3, open: 1 })
      return { open: 1, closed: 1, filtered: 1 }
    },
    'switching.wakeView': async () => wakeView(),
    'switching.setWake': async (input) => {
      seen('switching.setWake', input)
      settings = input.settings
      return null
    },
    'switching.wake': async (input) => {
      seen('switching.wake', input)
      return { outcome: 'online', afterMs: 41_000, packets: 4 }
    },
    'switching.plan': async ({ action }) => ({
      command: `systemctl ${action === 'shutDown' ? 'poweroff' : action}`,
      cause: null,
      fix: null,
      users: ['anna', 'anna', 'ben']
    }),
    'switching.act': async (input) => {
      seen('switching.act', input)
      return { outcome: 'off', afterMs: 9_000 }
    }
  }
}
