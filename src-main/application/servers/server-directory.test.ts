import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { LiveTick } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { ServerDraft, type HostKey } from '#contract/servers.ts'
import {
  FakeClock,
  FakeConnector,
  FakeHypervisor,
  FakeStorage,
  fakeSampler,
  fakeSecret,
  settle,
  noTools,
  silentLog
} from '../../../test/fakes/engine-parts.ts'
import { actOnMachine } from '../machines/act.ts'
import { PromptBroker } from './prompt-broker.ts'
import { SecretVault } from './secret-vault.ts'
import { ServerDirectory } from './server-directory.ts'
import { serverNow } from './server-now.ts'
import { Telemetry } from '../telemetry/telemetry.ts'

const draft = (name = 'alpha'): ServerDraft =>
  ServerDraft.parse({ name, connection: { host: '192.0.2.1', user: 'root' } })
const uuid = (digit: number): VmUuid => `00000000-0000-4000-8000-00000000000${digit}` as VmUuid
const listing = (digit: number, state: 'running' | 'shutOff') => ({
  uuid: uuid(digit),
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

let clock: FakeClock
let connector: FakeConnector
let hypervisor: FakeHypervisor
let storage: FakeStorage
let directory: ServerDirectory
let ticks: LiveTick[]
let kept: Map<string, Uint8Array>

beforeEach(() => {
  clock = new FakeClock()
  connector = new FakeConnector()
  hypervisor = new FakeHypervisor()
  storage = new FakeStorage()
  ticks = []
  kept = new Map()
  const vault = new SecretVault({
    cipher: {
      canKeep: true,
      backend: 'test',
      encrypt: async (plain) => new TextEncoder().encode(plain).reverse(),
      decrypt: async (cipher) => new TextDecoder().decode(Uint8Array.from(cipher).reverse())
    },
    blobs: {
      get: async (name) => kept.get(name) ?? null,
      set: async (name, value) => {
        if (value) kept.set(name, value)
        else kept.delete(name)
      }
    },
    secretOf: fakeSecret
  })
  directory = new ServerDirectory(
    {
      connector,
      sampler: fakeSampler(clock),
      hypervisor,
      telemetry: new Telemetry([]),
      toolsOf: () => noTools,
      storage: storage.asStorage(),
      vault,
      prompts: new PromptBroker(() => undefined),
      clock,
      log: silentLog,
      random: () => 1,
      defaultIntervalMs: () => 5_000
    },
    {
      serverChanged: () => undefined,
      serverRemoved: () => undefined,
      machinesChanged: () => undefined,
      tick: (tick) => ticks.push(tick),
      mark: () => undefined
    }
  )
})

const view = (serverId: ServerId) => directory.get(serverId).view()
const hostTicks = () =>
  ticks.filter((tick) => tick.entities.some((entity) => 'cpuUsedRatio' in entity.values))

describe('a registered server', () => {
  it('is EMPTY, then ON with values, and is sampled at its interval', async () => {
    connector.script = [new AppError('connectTimeout', { retryable: true }), 'ok']
    const id = await directory.add(draft(), undefined)
    await settle()
    expect(view(id).presence).toBe('EMPTY')
    expect(view(id).connection).toMatchObject({ kind: 'offline', attempts: 1 })
    await clock.advance(1_500)
    expect(view(id)).toMatchObject({ presence: 'ON', now: { cpuUsedRatio: 0.25, cpuThreads: 4 } })
    const before = hostTicks().length
    await clock.advance(50_000)
    expect(hostTicks().length - before).toBe(10)
  })

  it('goes OFF when the link freezes, comes back by itself, and leaves a gap with its reason', async () => {
    const id = await directory.add(draft(), undefined)
    await clock.advance(20_000)
    const lastTickAtMs = hostTicks().at(-1)?.atMs
    connector.script = [new AppError('connectTimeout'), new AppError('connectTimeout'), 'ok']
    connector.connections[0]?.die(new AppError('linkFrozen'))
    await settle()
    expect(view(id).presence).toBe('OFF')
    expect(view(id).now?.cpuUsedRatio).toBe(0.25)
    await clock.advance(8_000)
    expect(view(id).presence).toBe('ON')
    expect(storage.gaps).toEqual([
      { fromAtMs: lastTickAtMs, toAtMs: expect.any(Number) as number, reason: 'linkLost' }
    ])
  })

  it('calls a server off, not its link, after a minute without an answer', async () => {
    await directory.add(draft(), undefined)
    await clock.advance(6_000)
    connector.script = [new AppError('connectionRefused')]
    connector.connections[0]?.die(new AppError('connectionClosed'))
    await clock.advance(30_000)
    expect(storage.gaps.map((gap) => gap.reason)).toEqual(['linkLost'])
    await clock.advance(60_000)
    expect(storage.gaps.map((gap) => gap.reason)).toEqual(['serverOff'])
  })

  it('stops after two refused logins and tries again when a new password is given', async () => {
    connector.script = [new AppError('loginRefused')]
    const id = await directory.add(draft(), { password: 'wrong', remember: false })
    await clock.advance(600_000)
    expect(connector.requests).toHaveLength(2)
    expect(view(id).connection).toMatchObject({
      kind: 'offline',
      nextTryAtMs: null,
      failure: { error: { code: 'loginRefused' } }
    })
    connector.script = ['ok']
    await directory.giveSecrets(id, { password: 'right', remember: false })
    await settle()
    expect(view(id).connection.kind).toBe('online')
    expect(connector.requests.at(-1)?.password?.reveal()).toBe('right')
  })

  it('never leaks a password into what the window sees, and keeps it only when asked', async () => {
    const id = await directory.add(draft(), { password: 'canary-1', remember: false })
    expect(kept.size).toBe(0)
    await directory.giveSecrets(id, { password: 'canary-2', remember: true })
    expect(kept.size).toBe(1)
    expect(JSON.stringify(view(id))).not.toContain('canary')
    expect(view(id).secretKept).toBe(true)
    await directory.forgetSecrets(id)
    expect(kept.size).toBe(0)
  })

  it('waits at an unknown host key, and trusts only a key that was shown', async () => {
    const shown: HostKey = {
      host: '192.0.2.1',
      port: 22,
      type: 'ssh-ed25519',
      fingerprint: 'SHA256:x',
      keyBase64: 'AAAA'
    }
    connector.script = [new AppError('hostKeyUnknown')]
    connector.hostKeys = { shown, expected: [] }
    const id = await directory.add(draft(), undefined)
    await clock.advance(60_000)
    expect(connector.requests).toHaveLength(1)
    await expect(directory.trustHostKey({ ...shown, keyBase64: 'BBBB' }, true)).rejects.toMatchObject({
      code: 'refused'
    })
    connector.script = ['ok']
    await directory.trustHostKey(shown, false)
    await settle()
    expect(storage.pins).toEqual([{ key: shown, replace: false }])
    expect(view(id).connection.kind).toBe('online')
  })

  it('is probed when the workstation wakes from suspend', async () => {
    await directory.add(draft(), undefined)
    await clock.advance(6_000)
    clock.suspend(3_600_000)
    await clock.advance(5_000)
    expect(connector.connections[0]?.probes).toBeGreaterThan(0)
  })

  it('stops and starts collecting, and does not connect meanwhile', async () => {
    const id = await directory.add(draft(), undefined)
    await clock.advance(6_000)
    await directory.setCollecting(id, false)
    const connects = connector.requests.length
    await clock.advance(60_000)
    expect(connector.requests).toHaveLength(connects)
    expect(view(id).connection.kind).toBe('stopped')
    expect(storage.gaps.at(-1)?.reason).toBe('collectionStopped')
    await directory.setCollecting(id, true)
    await clock.advance(6_000)
    expect(view(id).connection.kind).toBe('online')
    expect(storage.gaps.at(-1)?.toAtMs).not.toBeNull()
  })

  it('goes on showing values while the disk is full, and marks what could not be kept', async () => {
    const id = await directory.add(draft(), undefined)
    await clock.advance(11_000)
    storage.full = true
    connector.connections[0]?.die(new AppError('connectionClosed'))
    await clock.advance(20_000)
    expect(view(id).presence).toBe('ON')
    expect(connector.connections).toHaveLength(2)
    storage.full = false
    const kept = storage.ticks.length
    await clock.advance(11_000)
    expect(storage.ticks.length).toBeGreaterThan(kept)
    expect(storage.gaps.at(-1)).toMatchObject({ reason: 'storageFull', toAtMs: expect.any(Number) as number })
  })

  it('keeps its last values after a restart, and is called OFF only when it does not answer', async () => {
    const id = '00000000-0000-4000-8000-0000000000aa' as ServerId
    storage.stored.push({
      record: { ...draft(), id, addedAtMs: 0, machinesNotCollected: [] },
      facts: null,
      factsAtMs: null,
      lastNow: serverNow(clock.nowMs() - 60_000, { cpuUsedRatio: 0.5 }, 4),
      lastGoodAddress: null
    })
    let answer: (outcome: AppError) => void = () => undefined
    connector.connect = () => new Promise((_resolve, reject) => (answer = reject))
    await directory.load()
    directory.start()
    await settle()
    expect(view(id)).toMatchObject({
      presence: 'ON',
      connection: { kind: 'connecting' },
      now: { cpuUsedRatio: 0.5 }
    })
    answer(new AppError('connectTimeout'))
    await clock.advance(1_500)
    expect(view(id)).toMatchObject({ presence: 'OFF', connection: { kind: 'connecting' } })
  })

  it('refuses a name that is taken, whatever its case', async () => {
    await directory.add(draft('Alpha'), undefined)
    await expect(directory.add(draft('alpha'), undefined)).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('machines of a server', () => {
  it('shows an outside change at the hint, long before the next list', async () => {
    hypervisor.listings = [listing(1, 'running'), listing(2, 'running')]
    const id = await directory.add(draft(), undefined)
    await clock.advance(6_000)
    expect(view(id)).toMatchObject({ machinesRunning: 2, machinesTotal: 2 })
    hypervisor.changeOutside([listing(1, 'shutOff'), listing(2, 'running')])
    await settle()
    expect(view(id)).toMatchObject({ machinesRunning: 1, machinesTotal: 2 })
  })

  it('marks a hung VM since when it hangs, and clears the mark when it answers', async () => {
    hypervisor.listings = [listing(1, 'running')]
    hypervisor.round = { machines: [], notResponding: [uuid(1)] }
    const id = await directory.add(draft(), undefined)
    await clock.advance(6_000)
    const machine = () => directory.get(id).machines.view(uuid(1))
    expect(machine()?.notRespondingSinceAtMs).not.toBeNull()
    hypervisor.round = {
      machines: [
        {
          uuid: uuid(1),
          values: { kind: 'vm', key: uuid(1), values: { cpuUsedRatio: 0.5 } },
          memoryUnknown: 'noBalloonPeriod'
        }
      ],
      notResponding: []
    }
    await clock.advance(6_000)
    expect(machine()).toMatchObject({
      notRespondingSinceAtMs: null,
      now: { cpuUsedRatio: 0.5, memoryUsedRatio: null, memoryUnknown: 'noBalloonPeriod' }
    })
  })

  it('reads slow values at every tick only while somebody looks', async () => {
    hypervisor.listings = [listing(1, 'running')]
    const id = await directory.add(draft(), undefined)
    await clock.advance(26_000)
    expect(hypervisor.tiers.filter((tier) => tier === 'full')).toHaveLength(1)
    const release = directory.get(id).watch()
    await clock.advance(10_000)
    release()
    expect(hypervisor.tiers.slice(-2)).toEqual(['full', 'full'])
  })

  it('journals before it sends, and calls a lost answer unknown', async () => {
    hypervisor.listings = [listing(1, 'running')]
    const id = await directory.add(draft(), undefined)
    await clock.advance(1_000)
    const request = {
      runtime: directory.get(id),
      vmUuid: uuid(1),
      action: 'forceOff' as const,
      seenName: 'vm1'
    }
    const deps = { journal: storage.asStorage().journal, clock, onJournal: () => undefined }
    const never = new AbortController().signal
    await expect(actOnMachine(request, deps, never)).resolves.toBe('done')
    hypervisor.actError = new AppError('disconnected')
    await expect(actOnMachine(request, deps, never)).rejects.toMatchObject({ code: 'disconnected' })
    expect(storage.journal.map((row) => row.outcome)).toEqual(['done', 'unknown'])
    expect(storage.journal[0]?.command).toContain(uuid(1))
  })

  it('refuses every write on a look-only server', async () => {
    hypervisor.listings = [listing(1, 'running')]
    const id = await directory.add({ ...draft(), lookOnly: true }, undefined)
    await clock.advance(1_000)
    const deps = { journal: storage.asStorage().journal, clock, onJournal: () => undefined }
    const request = {
      runtime: directory.get(id),
      vmUuid: uuid(1),
      action: 'start' as const,
      seenName: 'vm1'
    }
    await expect(actOnMachine(request, deps, new AbortController().signal)).rejects.toMatchObject({
      code: 'refused'
    })
    expect(hypervisor.acts).toHaveLength(0)
    expect(storage.journal).toHaveLength(0)
  })
})
