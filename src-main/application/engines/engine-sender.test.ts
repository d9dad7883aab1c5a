import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineSettings, type EngineState } from '#contract/engines.ts'
import { AppError } from '#contract/errors.ts'
import { FakeClock, fakeSecret, silentLog } from '../../../test/fakes/engine-parts.ts'
import { answerOf, ScriptedEngine, tickOf } from '../../../test/fakes/outside-engine.ts'
import { diskQueues } from '../../platform/disk-queue.ts'
import { EngineSender, type SenderSetup } from './engine-sender.ts'
import type { RecordQueue } from './record-queue.ts'

const ID = '00000000-0000-4000-8000-0000000000ee'
const MIB = 1024 ** 2

let folder = ''
let clock: FakeClock
let engine: ScriptedEngine
let sender: EngineSender
let limitBytes: number

const settings = (more: Partial<EngineSettings> = {}): EngineSettings => ({
  ...EngineSettings.parse({
    name: 'influx',
    enabled: true,
    target: { kind: 'influx1', url: 'http://influx:8086', database: 'virthelm', user: '' }
  }),
  ...more
})
const setup = (more: Partial<SenderSetup> = {}): SenderSetup => ({
  engineId: ID,
  settings: settings(),
  secret: null,
  secretMissing: false,
  ...more
})
const openQueue = (): Promise<RecordQueue> => diskQueues(folder, silentLog).open(ID, limitBytes)
function make(given: SenderSetup = setup(), open = openQueue): EngineSender {
  return new EngineSender(given, open, {
    http: engine,
    clock,
    log: silentLog,
    random: () => 1,
    onChange: () => undefined
  })
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'virthelm-sender-'))
  clock = new FakeClock()
  engine = new ScriptedEngine()
  limitBytes = 64 * MIB
  sender = make()
  sender.start()
})
afterEach(async () => {
  await sender.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Lets time pass, a little at a time, until it is so. */
async function until(what: string, look: () => boolean): Promise<void> {
  const startedMs = performance.now()
  while (performance.now() - startedMs < 20_000) {
    if (look()) return
    await clock.advance(100)
  }
  throw new Error(`never: ${what}; ${JSON.stringify(sender.status())}`)
}
const untilState = (state: EngineState): Promise<void> => until(state, () => sender.status().state === state)
const untilTaken = (count: number): Promise<void> =>
  until(`${String(count)} taken`, () => engine.taken.length >= count)
/** Ticks of `values` numbers each; each its own record where they are 500. */
function give(from: number, to: number, values = 1): void {
  for (let number = from; number < to; number++) {
    const many = Object.fromEntries(
      Array.from({ length: values - 1 }, (_, index) => [`unknown${String(index)}`, 1])
    )
    sender.take(tickOf(number, { load1: number, ...many }))
  }
}
const numbers = (): (number | undefined)[] => engine.taken.map(({ fields }) => fields['load1'])
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

describe('a sender', () => {
  it('sends what it is given, in order, and says so', async () => {
    expect(sender.status().state).toBe('starting')
    give(0, 20)
    await untilTaken(20)
    give(20, 30)
    await untilTaken(30)
    expect(numbers()).toEqual(upTo(30))
    await until('all acknowledged', () => sender.status().sentSamples === 30)
    expect(sender.status()).toMatchObject({
      state: 'sending',
      queuedSamples: 0,
      droppedSamples: 0,
      error: null
    })
    expect(engine.requests.length).toBeLessThanOrEqual(3)
  })

  it('keeps all while the engine is down, tries ever less often, and sends it in order when it is back', async () => {
    engine.answer = () => {
      throw new AppError('connectionRefused', { params: { service: 'engine' } })
    }
    give(0, 10)
    const waitsMs = new Map<number, number>()
    await until('six attempts', () => {
      const { lastErrorAtMs, retryAtMs } = sender.status()
      if (lastErrorAtMs !== null && retryAtMs !== null) waitsMs.set(lastErrorAtMs, retryAtMs - lastErrorAtMs)
      return waitsMs.size === 6
    })
    expect([...waitsMs.values()]).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000])
    expect(sender.status().state).toBe('waiting')
    give(10, 25)
    await until('it is kept', () => sender.status().queuedSamples === 25)
    const { retryAtMs, error, queuedBytes } = sender.status()
    expect(retryAtMs).toBeGreaterThan(clock.nowMs())
    expect(error?.code).toBe('connectionRefused')
    expect(queuedBytes).toBeGreaterThan(0)
    engine.answer = () => answerOf(204)
    await untilTaken(25)
    expect(numbers()).toEqual(upTo(25))
    await untilState('sending')
    expect(sender.status()).toMatchObject({
      sentSamples: 25,
      droppedSamples: 0,
      error: null,
      retryAtMs: null
    })
  })

  it('waits as long as the engine asks for', async () => {
    let firstAtMs = 0
    engine.answer = () => {
      if (firstAtMs !== 0) return answerOf(204)
      firstAtMs = clock.nowMs()
      return answerOf(429, '', { 'retry-after': '90' })
    }
    give(0, 1)
    await untilTaken(1)
    expect(clock.nowMs() - firstAtMs).toBeGreaterThanOrEqual(90_000)
  })

  it('sends again what got no answer', async () => {
    let lost = true
    engine.answer = (points) => {
      if (!lost) return answerOf(204)
      lost = false
      // It took them, but the connection broke before it could say so.
      engine.taken.push(...points)
      throw new AppError('connectionClosed')
    }
    give(0, 3)
    await until('sent twice', () => engine.taken.length === 6)
    expect(numbers()).toEqual([0, 1, 2, 0, 1, 2])
  })

  it('sends in smaller pieces where a request is too large', async () => {
    engine.answer = (points) => answerOf(points.length > 2 ? 413 : 204)
    give(0, 10, 500)
    await untilTaken(10)
    expect(numbers()).toEqual(upTo(10))
    expect(sender.status().refusedSamples).toBe(0)
  })

  it('lets an engine refuse the samples it does not want, and only those', async () => {
    engine.answer = (points) =>
      points.some(({ fields }) => fields['load1'] === 4)
        ? answerOf(400, '{"error":"field type conflict"}')
        : answerOf(204)
    give(0, 10, 500)
    await untilTaken(9)
    expect(numbers().toSorted()).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9])
    await until('one refused', () => sender.status().refusedSamples === 500)
    await untilState('sending')
  })

  it('never stands still where everything is refused', async () => {
    engine.answer = () => answerOf(400, 'no')
    give(0, 10, 500)
    await until('all refused', () => sender.status().refusedSamples === 5_000)
    expect(sender.status()).toMatchObject({ state: 'refused', queuedSamples: 0 })
    expect(sender.status().error?.params).toMatchObject({ status: 400, text: 'no' })
  })

  it('waits for the operator where its login or its database is refused, and loses nothing', async () => {
    engine.answer = () => answerOf(404, '{"error":"database not found: \\"virthelm\\""}')
    give(0, 5)
    await untilState('refused')
    expect(sender.status().error).toMatchObject({ code: 'engineStoreMissing', params: { name: 'virthelm' } })
    const attempts = engine.requests.length
    await clock.advance(20_000)
    expect(engine.requests.length).toBe(attempts)
    engine.answer = () => answerOf(204)
    sender.retryNow()
    await untilTaken(5)
    expect(numbers()).toEqual(upTo(5))
  })

  it('drops the oldest when its room is full, and counts every sample', async () => {
    await sender.close()
    limitBytes = 1_000
    engine.answer = () => answerOf(503)
    sender = make()
    sender.start()
    for (let number = 0; number < 120; number++) {
      sender.take(tickOf(number, { load1: number }))
      await until('kept', () => sender.status().queuedSamples > 0)
      await clock.advance(2_000)
    }
    await untilState('dropping')
    engine.answer = () => answerOf(204)
    // A request that is under way when its records are dropped may bring them all the same.
    await until('each is sent or dropped', () => {
      const { droppedSamples, sentSamples, queuedSamples } = sender.status()
      return queuedSamples === 0 && droppedSamples + sentSamples >= 120
    })
    expect(sender.status().droppedSamples).toBeGreaterThan(0)
    expect(numbers()).toEqual(upTo(120).slice(-numbers().length))
    await untilState('sending')
  })

  it('queues without its secret, and sends when it has one', async () => {
    await sender.change(
      setup({
        settings: settings({
          target: { kind: 'influx1', url: 'http://influx:8086', database: 'virthelm', user: 'writer' }
        }),
        secretMissing: true
      })
    )
    give(0, 3)
    await until('queued', () => sender.status().queuedSamples === 3)
    await clock.advance(60_000)
    expect(engine.requests).toEqual([])
    expect(sender.status().state).toBe('secretNeeded')
    await sender.change(
      setup({
        settings: settings({
          target: { kind: 'influx1', url: 'http://influx:8086', database: 'virthelm', user: 'writer' }
        }),
        secret: fakeSecret('pässword')
      })
    )
    await untilTaken(3)
    const [, credentials = ''] = engine.requests[0]?.headers['authorization']?.split(' ') ?? []
    expect(Buffer.from(credentials, 'base64').toString()).toBe('writer:pässword')
  })

  it('goes on after a restart with what it had not sent, also what it had only gathered', async () => {
    engine.answer = () => answerOf(503)
    give(0, 5)
    await untilState('waiting')
    give(5, 8)
    await sender.close()
    engine.answer = () => answerOf(204)
    sender = make()
    sender.start()
    await untilTaken(8)
    expect(numbers()).toEqual(upTo(8))
  })

  it('takes and sends nothing while it is off', async () => {
    await sender.change(setup({ settings: settings({ enabled: false }) }))
    give(0, 5)
    await clock.advance(30_000)
    expect(sender.status()).toMatchObject({ state: 'off', queuedSamples: 0 })
    expect(engine.requests).toEqual([])
  })

  it('keeps in memory what the disk does not take, within bounds, until it does', async () => {
    await sender.close()
    let full = true
    sender = make(setup(), async () => {
      const queue = await openQueue()
      return {
        ...bound(queue),
        append: (bytes, samples) =>
          full ? Promise.reject(new Error('ENOSPC')) : queue.append(bytes, samples)
      }
    })
    sender.start()
    give(0, 40)
    await clock.advance(10_000)
    expect(sender.status().queuedSamples).toBe(40)
    give(40, 340, 500)
    expect(sender.status().queuedSamples).toBeLessThanOrEqual(100_000)
    const { droppedSamples } = sender.status()
    expect(droppedSamples).toBeGreaterThan(0)
    full = false
    await until('all sent', () => sender.status().sentSamples + droppedSamples === 40 + 300 * 500)
    expect(numbers().at(-1)).toBe(339)
  })

  it('does not open its queue twice, nor give up where it cannot be opened at first', async () => {
    await sender.close()
    let opened = 0
    sender = make(setup(), () => (++opened < 3 ? Promise.reject(new Error('EACCES')) : openQueue()))
    sender.start()
    give(0, 2)
    await untilTaken(2)
    expect(opened).toBe(3)
  })

  it('costs a tick nothing while its engine accepts and never answers', async () => {
    engine.answer = (_points, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new AppError('cancelled')))
      )
    give(0, 1)
    await until('it hangs', () => engine.requests.length === 1)
    const startedMs = performance.now()
    give(0, 20_000)
    expect((performance.now() - startedMs) / 20_000).toBeLessThan(0.05)
    expect(sender.status().queuedSamples).toBe(20_001)
  })
})

/** The methods of a queue, for one of which a test puts its own. */
function bound(queue: RecordQueue): RecordQueue {
  return {
    append: (bytes, samples) => queue.append(bytes, samples),
    peek: (maxSamples) => queue.peek(maxSamples),
    acknowledge: (upTo) => queue.acknowledge(upTo),
    setLimit: (limit) => queue.setLimit(limit),
    get stats() {
      return queue.stats
    },
    close: () => queue.close()
  }
}
