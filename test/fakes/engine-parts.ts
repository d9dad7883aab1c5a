/** Fakes of what the application needs from outside: servers that answer as a test says, a clock a test owns. */
import type { Tools } from '../../src-main/application/telemetry/tools.ts'
import { AppError } from '#contract/errors.ts'
import type { DeletionHost } from '../../src-main/application/deletion/host-survey.ts'
import type { HistoryMark } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { HostKey, ServerFacts } from '#contract/servers.ts'
import type { Clock } from '../../src-main/application/clock.ts'
import type { MachineConfigurator } from '../../src-main/application/configuration/machine-configurator.ts'
import type { GuestAsker } from '../../src-main/application/guest/guest-asker.ts'
import type {
  Hypervisor,
  HypervisorSession,
  MachineListing,
  StatsRound
} from '../../src-main/application/machines/hypervisor.ts'
import type { Log } from '../../src-main/application/platform/platform.ts'
import type { HostSample, HostSampler } from '../../src-main/application/sampling/host-sampler.ts'
import type {
  Connection,
  Connector,
  ConnectRequest,
  HostKeyFailure,
  Secret
} from '../../src-main/application/servers/connection.ts'
import type { Storage, StoredServer, Tick } from '../../src-main/application/storage.ts'
import { noCreation } from './engine-create.ts'
import { noNetworks, noStorage } from './stores.ts'

/** Time that moves only when the test says so; sleepers wake in order. */
export class FakeClock implements Clock {
  #nowMs = 1_700_000_000_000
  #monotonicMs = 0
  readonly #sleepers: { dueMs: number; wake: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      const sleeper = { dueMs: this.#monotonicMs + durationMs, wake: resolve }
      this.#sleepers.push(sleeper)
      signal.addEventListener('abort', () => {
        const index = this.#sleepers.indexOf(sleeper)
        if (index >= 0) this.#sleepers.splice(index, 1)
        reject(signal.reason as Error)
      })
    })
  }

  /** Moves both clocks and lets everything that is due run, step by step. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#monotonicMs + durationMs
    for (;;) {
      await settle()
      this.#sleepers.sort((a, b) => a.dueMs - b.dueMs)
      const next = this.#sleepers[0]
      if (!next || next.dueMs > endMs) break
      this.#sleepers.shift()
      this.#step(Math.max(this.#monotonicMs, next.dueMs))
      next.wake()
    }
    this.#step(endMs)
    await settle()
  }

  /** The workstation sleeps: the wall clock jumps, the monotonic one does not. */
  suspend(durationMs: number): void {
    this.#nowMs += durationMs
  }

  #step(toMonotonicMs: number): void {
    this.#nowMs += toMonotonicMs - this.#monotonicMs
    this.#monotonicMs = toMonotonicMs
  }
}

/** Lets every promise that can go on do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export const fakeSecret = (text: string): Secret => ({
  reveal: () => text,
  toString: () => '[redacted]',
  toJSON: () => '[redacted]'
})

export class FakeConnection implements Connection {
  readonly address = '192.0.2.1'
  readonly serverSoftware = 'SSH-2.0-fake'
  readonly closed: Promise<AppError>
  probes = 0
  #close: (error: AppError) => void

  constructor() {
    const { promise, resolve } = Promise.withResolvers<AppError>()
    this.closed = promise
    this.#close = resolve
  }

  /** The link dies for this reason. */
  die(error: AppError): void {
    this.#close(error)
  }

  openShell(): never {
    throw new Error('not played')
  }

  run(): never {
    throw new Error('not played')
  }

  openForward(): never {
    throw new Error('not played')
  }

  openTerminal(): never {
    throw new Error('not played')
  }

  async probe(): Promise<boolean> {
    this.probes++
    return true
  }

  close(): void {
    this.#close(new AppError('disconnected'))
  }
}

/** `script` says how each attempt ends, in order; the last entry repeats. */
export class FakeConnector implements Connector {
  readonly requests: ConnectRequest[] = []
  readonly connections: FakeConnection[] = []
  script: ('ok' | AppError)[] = ['ok']
  hostKeys: HostKeyFailure | null = null

  async connect(request: ConnectRequest): Promise<Connection> {
    this.requests.push(request)
    const outcome = this.script.length > 1 ? this.script.shift() : this.script[0]
    if (outcome instanceof AppError) throw outcome
    const connection = new FakeConnection()
    this.connections.push(connection)
    return connection
  }

  hostKeyFailureOf(error: unknown): HostKeyFailure | null {
    return error instanceof AppError && error.code.startsWith('hostKey') ? this.hostKeys : null
  }
}

export const noFacts: ServerFacts = {
  hostName: null,
  distribution: null,
  osName: null,
  kernelRelease: null,
  architecture: null,
  bits: null,
  cpuModel: null,
  cpuSockets: null,
  cpuCores: null,
  cpuThreads: null,
  memoryTotalBytes: null,
  virtualisation: null,
  boardModel: null,
  bootedAtMs: null,
  loginShell: null,
  sshServer: null,
  libvirtVersion: null,
  hypervisorVersion: null,
  mainBoard: null,
  biosVersion: null,
  biosDate: null,
  serialNumber: null,
  memoryModules: null,
  memorySlots: null,
  timeZone: null,
  defaultGateways: null,
  dnsServers: null,
  packageManager: null,
  initSystem: null
}

export function fakeSampler(clock: Clock, uptimeSec = (): number => 10): HostSampler {
  return {
    start: async () => ({
      readFacts: async () => ({ ...noFacts, cpuThreads: 4 }),
      sample: async (): Promise<HostSample> => ({
        atMs: clock.nowMs(),
        uptimeSec: uptimeSec(),
        entities: [{ kind: 'server', key: '', values: { cpuUsedRatio: 0.25, uptimeSec: uptimeSec() } }],
        brokenBy: null
      }),
      readFileSystems: async () => [],
      readProcesses: async () => ({
        atMs: clock.nowMs(),
        uptimeSec: uptimeSec(),
        stats: new Map(),
        statuses: new Map()
      }),
      fileSystemDetails: () => [],
      countReasons: () => new Map(),
      countInterfaces: () => undefined,
      capabilities: () => [{ id: 'host', works: true, cause: null, fix: null }],
      close: () => undefined
    })
  }
}

/** A hypervisor whose list and stats a test sets; `null` = no libvirt on that server. */
/** A subject of a session that the test does not play. */
const unplayed = new Proxy({} as never, {
  get(_target, name) {
    throw new Error(`not played: ${String(name)}`)
  }
})

export class FakeHypervisor implements Hypervisor {
  listings: MachineListing[] | null = null
  round: StatsRound = { machines: [], notResponding: [] }
  tiers: string[] = []
  acts: { uuid: string; action: string; seenName: string }[] = []
  guests: GuestAsker = unplayed
  configuration: MachineConfigurator = unplayed
  actError: AppError | null = null
  deletion: DeletionHost = {
    survey: () => Promise.reject(new AppError('libvirtFailed')),
    commandOf: () => '',
    run: () => Promise.reject(new AppError('libvirtFailed'))
  }
  #change: () => void = () => undefined

  changeOutside(listings: MachineListing[]): void {
    this.listings = listings
    this.#change()
  }

  async open(): Promise<HypervisorSession> {
    const { listings } = this
    if (!listings) throw new AppError('libvirtMissing')
    return {
      libvirtVersion: '9.0.0',
      hypervisorVersion: '7.2.0',
      capabilities: [{ id: 'libvirt', works: true, cause: null, fix: null }],
      clones: { read: () => Promise.reject(new AppError('vmNotFound')) } as never,
      snapshots: { libvirtVersion: '9.0.0', read: () => Promise.reject(new AppError('vmNotFound')) } as never,
      // Its own tests play it.
      migration: null as unknown as HypervisorSession['migration'],
      list: async () => this.listings ?? [],
      stats: async (tier) => {
        this.tiers.push(tier)
        return this.round
      },
      detail: () => Promise.reject(new AppError('vmNotFound')),
      onChange: (listener) => {
        this.#change = listener
      },
      act: async (request, journal) => {
        this.acts.push(request)
        await journal.beforeSend(`virsh ${request.action} ${request.uuid}`)
        if (this.actError) throw this.actError
        await journal.afterSend({ exitCode: 0, stderr: '', durationMs: 3 })
        return 'done'
      },
      configuration: this.configuration,
      guests: this.guests,
      storage: noStorage,
      networks: noNetworks,
      settings: {
        rename: async () => undefined,
        setProtected: async () => undefined,
        setBalloonPeriod: async () => undefined
      },
      deletion: this.deletion,
      consoles: {
        displays: async () => [],
        openVnc: () => Promise.reject(new AppError('displayMissing')),
        openSpice: () => Promise.reject(new AppError('displayMissing')),
        serialCommand: (uuid) => `virsh console ${uuid}`,
        openSerial: () => Promise.reject(new AppError('serialMissing')),
        picture: () => Promise.reject(new AppError('displayMissing'))
      },
      closed: new Promise(() => undefined),
      creation: noCreation,
      close: () => undefined
    }
  }

  capabilitiesOf(): ReturnType<Hypervisor['capabilitiesOf']> {
    return [{ id: 'libvirt', works: false, cause: 'toolMissing', fix: null }]
  }
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => 'incident'
}

/** What of storage a runtime uses, kept in arrays. */
export class FakeStorage {
  readonly ticks: Tick[] = []
  readonly gaps: { fromAtMs: number; toAtMs: number | null; reason: string; vmUuid?: VmUuid }[] = []
  readonly marks: HistoryMark[] = []
  readonly blobs = new Map<string, Uint8Array>()
  readonly pins: { key: HostKey; replace: boolean }[] = []
  readonly journal: { id: number; action: string; outcome: string; command: string; serverName: string }[] =
    []
  readonly stored: StoredServer[] = []
  /** How many records each transaction wrote. */
  readonly updates: number[] = []
  readonly removals: { serverIds: readonly ServerId[]; deleteHistory: boolean }[] = []
  full = false
  /** The server list cannot be written. */
  listFull = false

  asStorage(): Storage {
    const history: Partial<Storage['history']> = {
      append: async (tick) => {
        if (this.full) throw new AppError('diskFull')
        this.ticks.push(tick)
      },
      beginGap: async (_serverId, fromAtMs, reason, vmUuid) => {
        if (this.full) throw new AppError('diskFull')
        const open = this.gaps.find((gap) => gap.toAtMs === null && gap.vmUuid === vmUuid)
        if (open) open.reason = reason
        else this.gaps.push({ fromAtMs, toAtMs: null, reason, ...(vmUuid && { vmUuid }) })
      },
      endGap: async (_serverId, toAtMs, vmUuid) => {
        if (this.full) throw new AppError('diskFull')
        const open = this.gaps.find((gap) => gap.toAtMs === null && gap.vmUuid === vmUuid)
        if (open) open.toAtMs = toAtMs
      },
      addMark: async (mark) => {
        if (this.full) throw new AppError('diskFull')
        this.marks.push(mark)
      }
    }
    const servers: Storage['servers'] = {
      list: async () => this.stored,
      insert: async (record) => {
        this.stored.push({ record, facts: null, factsAtMs: null, lastNow: null, lastGoodAddress: null })
      },
      update: async (records) => {
        this.updates.push(records.length)
        if (this.listFull) throw new AppError('diskFull')
        for (const record of records) {
          const index = this.stored.findIndex((server) => server.record.id === record.id)
          const server = this.stored[index]
          if (server) this.stored[index] = { ...server, record }
        }
      },
      remove: async (serverIds, options) => {
        if (this.listFull) throw new AppError('diskFull')
        this.removals.push({ serverIds, ...options })
      },
      saveFacts: async () => {
        if (this.full) throw new AppError('diskFull')
      },
      saveLastGoodAddress: async () => undefined
    }
    const parts = {
      servers,
      history,
      pins: {
        list: async () => [],
        pin: async (key: HostKey, { replace }: { replace: boolean }) => {
          this.pins.push({ key, replace })
        }
      },
      blobs: {
        get: async (name: string) => this.blobs.get(name) ?? null,
        set: async (name: string, value: Uint8Array | null) => {
          if (value) this.blobs.set(name, value)
          else this.blobs.delete(name)
        }
      },
      journal: {
        begin: async (entry: { action: string; command: string; serverName: string }) => {
          const row = { ...entry, id: this.journal.length + 1, outcome: 'pending' }
          this.journal.push(row)
          return row
        },
        end: async (id: number, result: { outcome: string }) => {
          const row = this.journal[id - 1]
          if (row) row.outcome = result.outcome
          return row
        }
      }
    }
    // Only the parts above are played; anything else a test touches fails loudly.
    return parts as unknown as Storage
  }
}

/** A server on which no tool is installed. */
export const noTools: Tools = {
  run: async () => ({ stdout: '', exitCode: 127 }),
  follow: async () => 127,
  close: () => undefined
}
