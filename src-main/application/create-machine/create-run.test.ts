import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { PoolUuid } from '#contract/storage.ts'
import { FakeClock, FakeStorage, silentLog } from '../../../test/fakes/engine-parts.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import { CreateLedger, type CreateRecord } from './create-ledger.ts'
import { CreateRun } from './create-run.ts'
import type { CreateAction, CreationSession } from './creation.ts'

const serverId = '11111111-1111-4111-8111-111111111111' as ServerId
const vmUuid = '01234567-89ab-4cde-8f01-23456789abcd' as VmUuid
const poolUuid = PoolUuid.parse('5c1f0a52-6a3e-4f59-9df1-0d6b7a2f1c01')
const disk = { poolUuid, name: 'web-01234567.qcow2' }
const seed = { poolUuid, name: 'web-01234567-seed.iso' }
const volumeOf = ({ name }: { name: string }) => ({
  poolUuid,
  name,
  format: 'qcow2' as const,
  capacityBytes: 1,
  allocation: 'thin' as const,
  backing: null
})

const ACTIONS: readonly (readonly ['disk' | 'seed' | 'define' | 'start', CreateAction])[] = [
  ['disk', { kind: 'createVolume', volume: volumeOf(disk) }],
  ['seed', { kind: 'createVolume', volume: volumeOf(seed) }],
  ['seed', { kind: 'uploadVolume', ...seed, content: new Uint8Array([1]) }],
  ['define', { kind: 'define', xml: '<domain/>' }],
  ['define', { kind: 'autostart', vmUuid }],
  ['start', { kind: 'start', vmUuid }]
]

/** What an answer of the server may come to. */
type Fate = 'answers' | 'refuses' | 'lostBefore' | 'lostAfter'

/** A server that keeps what was made on it, and counts what it was asked to make a second time. */
class PlayedServer {
  readonly volumes = new Set<string>(['somebody-elses.qcow2'])
  domain: { name: string; isActive: boolean } | null = null
  /** So often it says that the machine is only being started. */
  startingFor = 0
  readonly sent: string[] = []
  /** By number of the write; others are answered. */
  readonly fates = new Map<number, Fate>()

  readonly creation: CreationSession = {
    identityOf: () => null,
    abilities: () => Promise.reject(new Error('not asked')),
    shown: ({ kind }) => kind,
    run: async (action, journal, signal) => {
      await journal.beforeSend(action.kind)
      const fate = this.fates.get(this.sent.length) ?? 'answers'
      this.sent.push(action.kind)
      signal.throwIfAborted()
      if (fate === 'refuses') throw this.#refusal('no space')
      if (fate !== 'lostBefore') this.#do(action)
      if (fate !== 'answers') throw new AppError('disconnected')
      await journal.afterSend({ exitCode: 0, stderr: '', durationMs: 1 })
    },
    domain: async () => {
      if (this.domain === null) return null
      const isStarting = this.domain.isActive && this.startingFor > 0 && this.startingFor-- > 0
      return { ...this.domain, isStarting, hasNamesake: false }
    },
    hasVolume: async (_pool, name) => this.volumes.has(name)
  }

  #refusal(stderr: string): AppError {
    return new AppError('libvirtFailed', { params: { stderr } })
  }

  #do(action: CreateAction): void {
    switch (action.kind) {
      case 'createVolume':
      case 'copyVolume':
        if (this.volumes.has(action.volume.name)) throw this.#refusal('exists already')
        this.volumes.add(action.volume.name)
        return
      case 'deleteVolume':
        if (!this.volumes.delete(action.name)) throw this.#refusal('Storage volume not found')
        return
      case 'define':
        this.domain = { name: 'web', isActive: this.domain?.isActive ?? false }
        return
      case 'start':
        if (this.domain === null) throw this.#refusal('no domain')
        if (this.domain.isActive) throw this.#refusal('Domain is already active')
        this.domain.isActive = true
        return
      case 'forceOff':
        if (this.domain !== null) this.domain.isActive = false
        return
      case 'undefine':
        if (this.domain?.isActive === true) throw this.#refusal('active')
        this.domain = null
        return
      case 'growVolume':
      case 'uploadVolume':
      case 'autostart':
    }
  }
}

function begin(server = new PlayedServer()) {
  const storage = new FakeStorage()
  const clock = new FakeClock()
  const { blobs, journal } = storage.asStorage()
  const ledger = new CreateLedger(blobs, silentLog)
  const record: CreateRecord = {
    ref: { serverId, vmUuid },
    serverName: 'kvm',
    vmName: 'web',
    sinceAtMs: 0,
    steps: ACTIONS.map(([step, action]) => ({ step, action })),
    volumes: [disk, seed],
    done: 0,
    step: 'check',
    error: null
  }
  const runtime = {
    record: { id: serverId, name: 'kvm', lookOnly: false },
    session: { creation: server.creation }
  } as unknown as ServerRuntime
  const deps = { ledger, journal, clock, onJournal: () => undefined }
  const run = new CreateRun(record, runtime, deps)
  /** Lets the clock go on while it waits. */
  const finished = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false
    const ended = work.finally(() => (isOver = true))
    ended.catch(() => undefined)
    for (let turn = 0; !isOver && turn < 400; turn++) await clock.advance(1_000)
    return ended
  }
  return { server, storage, ledger, run, runtime, deps, record, finished }
}
const never = new AbortController().signal
const quiet = (): void => undefined

/** Nothing of the create is left; what was there before is. */
function expectNothing(server: PlayedServer): void {
  expect(server.domain).toBeNull()
  expect([...server.volumes]).toEqual(['somebody-elses.qcow2'])
}
function expectWhole(server: PlayedServer): void {
  expect(server.domain).toEqual({ name: 'web', isActive: true })
  expect([...server.volumes].sort()).toEqual([seed.name, disk.name, 'somebody-elses.qcow2'].sort())
}

describe('a create', () => {
  it('does every step once, in order, with a row of the journal each', async () => {
    const { run, server, storage, finished } = begin()
    await finished(run.forward(never, quiet))
    expect(server.sent).toEqual(ACTIONS.map(([, { kind }]) => kind))
    expectWhole(server)
    expect(storage.journal.map(({ outcome }) => outcome)).toEqual(ACTIONS.map(() => 'done'))
  })

  it.each(ACTIONS.map(([, { kind }], index) => [index, kind] as const))(
    'takes everything back that was made before step %i (%s) was refused',
    async (index) => {
      const { run, server, ledger, record, finished } = begin()
      server.fates.set(index, 'refuses')
      await expect(finished(run.forward(never, quiet))).rejects.toMatchObject({ code: 'libvirtFailed' })
      await finished(run.undo(quiet))
      expectNothing(server)
      expect(await ledger.find(record.ref)).toBeNull()
    }
  )

  const losses = ACTIONS.flatMap(([, { kind }], index) =>
    (['lostBefore', 'lostAfter'] as const).map((fate) => [fate, index, kind] as const)
  )
  it.each(losses)(
    'an answer that is %s at step %i (%s) is read back: one whole machine',
    async (fate, index) => {
      const { run, server, finished } = begin()
      server.fates.set(index, fate)
      await finished(run.forward(never, quiet))
      expectWhole(server)
    }
  )

  it('waits for a machine that is only being brought up, and does not start it twice', async () => {
    const { run, server, finished } = begin()
    server.fates.set(ACTIONS.length - 1, 'lostAfter')
    server.startingFor = 30
    await finished(run.forward(never, quiet))
    expect(server.startingFor).toBe(0)
    expect(server.sent.filter((kind) => kind === 'start')).toHaveLength(1)
    expectWhole(server)
  })

  it.each(losses)(
    'cancelled while the answer is %s at step %i (%s): nothing is left',
    async (fate, index) => {
      const { run, server, finished } = begin()
      const cancel = new AbortController()
      server.fates.set(index, fate)
      const work = run.forward(cancel.signal, ({ doneRatio }) => {
        if (Math.round(doneRatio * ACTIONS.length) === index)
          queueMicrotask(() => cancel.abort(new AppError('cancelled')))
      })
      await expect(finished(work)).rejects.toBeDefined()
      await finished(run.undo(quiet))
      expectNothing(server)
    }
  )

  it.each([0, 1, 2, 3, 4, 5, 6])(
    'a console that ends after %i writes can take it back, or go on',
    async (writes) => {
      for (const end of ['undo', 'finish'] as const) {
        const { run, server, storage, ledger, record, runtime, deps, finished } = begin()
        // All that is known afterwards is what was kept.
        class Ended extends Error {}
        let sent = 0
        const dead = run.forward(never, () => {
          if (sent++ === writes) throw new Ended()
        })
        await finished(dead).catch((error: unknown) => expect(error).toBeInstanceOf(Ended))
        const text = Buffer.from(storage.blobs.get('create:unfinished') ?? []).toString()
        expect(text).not.toContain('"content":{')
        expect(await ledger.find(record.ref)).toMatchObject({ done: Math.min(writes, 6) })
        const later = new CreateLedger(storage.asStorage().blobs, silentLog)
        const kept = await later.find(record.ref)
        if (kept === null) throw new Error('nothing was kept')
        const again = new CreateRun(kept, runtime, { ...deps, ledger: later })
        if (end === 'undo') {
          await finished(again.undo(quiet))
          expectNothing(server)
          expect(storage.blobs.has('create:unfinished')).toBe(false)
        } else if (writes > 2) {
          // The seed is there; before that its content would be missing.
          await finished(again.forward(never, quiet, true))
          expectWhole(server)
          expect(await again.isComplete(never)).toBe(true)
        }
      }
    }
  )

  it('leaves a machine alone that was renamed meanwhile', async () => {
    const { run, server, ledger, record, finished } = begin()
    await finished(run.forward(never, quiet))
    if (server.domain !== null) server.domain.name = 'taken into use'
    await expect(finished(run.undo(quiet))).rejects.toMatchObject({ code: 'vmChanged' })
    expect(server.domain).toMatchObject({ name: 'taken into use', isActive: true })
    expect(await ledger.find(record.ref)).not.toBeNull()
  })
})
