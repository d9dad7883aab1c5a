/** The list of servers over fakes; what it tells the window is kept in arrays. Opened twice, it is a console restarted. */
import type { HistoryMark, LiveTick } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { ServerDraft } from '#contract/servers.ts'
import type { MachineListing, MachineStats } from '../../src-main/application/machines/hypervisor.ts'
import { PromptBroker } from '../../src-main/application/servers/prompt-broker.ts'
import { SecretVault } from '../../src-main/application/servers/secret-vault.ts'
import { ServerDirectory } from '../../src-main/application/servers/server-directory.ts'
import {
  FakeClock,
  FakeConnector,
  FakeHypervisor,
  fakeSampler,
  fakeSecret,
  FakeStorage,
  noTools,
  silentLog
} from './engine-parts.ts'
import { Telemetry } from '../../src-main/application/telemetry/telemetry.ts'

export class FakeWorld {
  readonly clock = new FakeClock()
  readonly connector = new FakeConnector()
  readonly hypervisor = new FakeHypervisor()
  readonly storage = new FakeStorage()
  readonly ticks: LiveTick[] = []
  readonly marks: HistoryMark[] = []
  /** What hears of servers that are changed or gone. */
  serverTouched: (serverId: ServerId) => void = () => undefined
  /** Of the played server; counts up with the clock from here. */
  bootedAtMs = this.clock.nowMs() - 10_000_000

  telemetry = new Telemetry([])

  open(): ServerDirectory {
    const { clock, connector, hypervisor } = this
    const storage = this.storage.asStorage()
    const cannotKeep = {
      canKeep: false,
      backend: 'none',
      encrypt: () => Promise.reject(new Error('nothing is kept')),
      decrypt: () => Promise.resolve(null)
    }
    return new ServerDirectory(
      {
        connector,
        sampler: fakeSampler(clock, () => (clock.nowMs() - this.bootedAtMs) / 1_000),
        hypervisor,
        telemetry: this.telemetry,
        toolsOf: () => noTools,
        storage,
        vault: new SecretVault({ cipher: cannotKeep, blobs: storage.blobs, secretOf: fakeSecret }),
        prompts: new PromptBroker(() => undefined),
        clock,
        log: silentLog,
        random: () => 1,
        defaultIntervalMs: () => 5_000
      },
      {
        serverChanged: (serverId) => this.serverTouched(serverId),
        serverRemoved: (serverId) => this.serverTouched(serverId),
        machinesChanged: () => undefined,
        tick: (tick) => this.ticks.push(tick),
        mark: (mark) => this.marks.push(mark)
      }
    )
  }

  /** Closes the console and opens it again over the same storage. */
  async reopen(directory: ServerDirectory): Promise<ServerDirectory> {
    await directory.close()
    const next = this.open()
    await next.load()
    next.start()
    return next
  }
}

export const draftOf = (name = 'alpha'): ServerDraft =>
  ServerDraft.parse({ name, connection: { host: '192.0.2.1', user: 'root' } })

export const vmUuid = (digit: number): VmUuid => `00000000-0000-4000-8000-00000000000${digit}` as VmUuid

export const listingOf = (digit: number, state: MachineListing['state'] = 'running'): MachineListing => ({
  uuid: vmUuid(digit),
  name: `vm${digit}`,
  state,
  stateReason: null,
  autostart: false,
  persistent: true,
  hasSnapshot: false,
  hasSavedState: false,
  needsShutdown: false,
  isProtected: false,
  tags: [],
  vcpus: 1,
  memoryMaxBytes: 128 * 1024 ** 2,
  template: false
})

export const statsOf = (digit: number, cpuUsedRatio = 0.5): MachineStats => ({
  uuid: vmUuid(digit),
  values: { kind: 'vm', key: vmUuid(digit), values: { cpuUsedRatio } },
  memoryUnknown: null
})
