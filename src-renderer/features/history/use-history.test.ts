import type { HistoryAnswer, LiveTick } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { AppError } from '#contract/errors.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, shallowRef, type EffectScope } from 'vue'
import { pushStream, stubRpc, type StubRpc } from '../../../test/fakes/stub-rpc.ts'
import { installRpc } from '../../app/rpc-provider.ts'
import { seriesKey } from './series-data.ts'
import type { TimeRange } from './time-range.ts'
import { useHistory, type History } from './use-history.ts'

const serverId = '11111111-1111-4111-8111-111111111111' as ServerId
const entity = { serverId, kind: 'server' as const, key: '' }
const CPU = seriesKey('server', '', 'cpuUsedRatio')
const START = Date.UTC(2026, 10, 20, 10)

const answer = (values: number[]): HistoryAnswer => ({
  level: 'raw',
  bucketMs: 5_000,
  atMs: values.map((_, index) => START - (values.length - index) * 5_000),
  series: [{ entity, metric: 'cpuUsedRatio', mean: values, min: [], max: [] }],
  gaps: []
})
const tick = (atMs: number, value: number): LiveTick => ({
  serverId,
  atMs,
  entities: [{ kind: 'server', key: '', values: { cpuUsedRatio: value } }]
})

let scope: EffectScope
let stub: StubRpc
let live: ReturnType<typeof pushStream<LiveTick>>
let reads: PromiseWithResolvers<HistoryAnswer>[]
const range = shallowRef<TimeRange>({ kind: 'preset', preset: 'live' })
const pixels = ref(550)
const state = ref('online')

function start(): History {
  return scope.run(() =>
    useHistory({ serverId, series: [{ entity, metrics: ['cpuUsedRatio'] }], range, pixels, refresh: state })
  ) as History
}
/** Lets timers that are due fire, and what hangs on them. */
const settle = async (ms = 50): Promise<void> => {
  await nextTick()
  await vi.advanceTimersByTimeAsync(ms)
}
const means = (history: History) => history.data.value?.columns.get(CPU)?.mean

beforeEach(() => {
  vi.useFakeTimers({ now: START })
  reads = []
  live = pushStream<LiveTick>()
  stub = stubRpc({
    'history.read': () => {
      const read = Promise.withResolvers<HistoryAnswer>()
      reads.push(read)
      return read.promise
    },
    'history.live': live.stream
  })
  installRpc(stub.rpc)
  scope = effectScope()
  range.value = { kind: 'preset', preset: 'live' }
  pixels.value = 550
  state.value = 'online'
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

describe('useHistory', () => {
  it('asks at once when another range is chosen, and once when the window is dragged wider', async () => {
    start()
    await settle()
    reads[0]?.resolve(answer([0.1, 0.2]))
    await settle()
    range.value = { kind: 'preset', preset: 'year' }
    await nextTick()
    expect(reads).toHaveLength(2)
    reads[1]?.resolve(answer([0.1, 0.2]))
    await settle()
    for (const width of [700, 800, 900]) {
      pixels.value = width
      await nextTick()
    }
    expect(reads).toHaveLength(2)
    await settle()
    expect(reads).toHaveLength(3)
  })

  it('reads the range with about one point a pixel, then goes on live', async () => {
    const history = start()
    await settle()
    expect(stub.inputsOf('history.read')).toEqual([
      expect.objectContaining({ maxPoints: 600, toAtMs: expect.closeTo(START, -3) as number })
    ])
    reads[0]?.resolve(answer([0.1, 0.2]))
    await settle()
    expect(means(history)).toEqual([0.1, 0.2])
    const before = history.data.value
    live.push(tick(START + 60, 0.3))
    await settle()
    expect(means(history)).toEqual([0.1, 0.2, 0.3])
    // Charts get it as a prop: the same object would be no change to them.
    expect(history.data.value).not.toBe(before)
    expect(history.loading.value).toBe(false)
  })

  it('loses no tick that comes while the read is under way', async () => {
    const history = start()
    await settle()
    live.push(tick(START + 10, 0.7))
    await settle()
    reads[0]?.resolve(answer([0.1]))
    await settle()
    expect(means(history)).toEqual([0.1, 0.7])
  })

  it('gives an old question up when the range changes', async () => {
    const history = start()
    await settle()
    range.value = { kind: 'fixed', fromAtMs: START - 7_200_000, toAtMs: START - 3_600_000 }
    await settle()
    const questions = stub.asked.filter(({ name }) => name === 'history.read')
    expect(questions[0]?.signal?.aborted).toBe(true)
    reads[1]?.resolve(answer([0.5]))
    reads[0]?.resolve(answer([0.9, 0.9]))
    await settle()
    expect(means(history)).toEqual([0.5])
    // A range in the past is not continued.
    live.push(tick(START + 500, 0.3))
    await settle()
    expect(means(history)).toEqual([0.5])
    expect(history.bounds.value).toEqual({ fromAtMs: START - 7_200_000, toAtMs: START - 3_600_000 })
  })

  it('reads again when the connection changed, after a pause of ticks, and after a reconnect of the window', async () => {
    start()
    await settle()
    reads[0]?.resolve(answer([0.1]))
    await settle()
    state.value = 'offline'
    await settle()
    expect(reads).toHaveLength(2)
    reads[1]?.resolve(answer([0.1]))
    await settle()
    live.push(tick(START + 60_000, 0.4))
    await settle()
    expect(reads).toHaveLength(3)
    reads[2]?.resolve(answer([0.1]))
    await settle()
    stub.reconnect()
    await settle()
    expect(reads.length).toBeGreaterThanOrEqual(4)
  })

  it('moves on while a server that is off sends nothing', async () => {
    const history = start()
    await settle()
    reads[0]?.resolve(answer([0.1]))
    await settle()
    const before = history.bounds.value.toAtMs
    await settle(30_000)
    expect(history.bounds.value.toAtMs - before).toBeGreaterThan(25_000)
  })

  it('keeps what is shown when a later read fails, and says what failed', async () => {
    const history = start()
    await settle()
    reads[0]?.resolve(answer([0.1]))
    await settle()
    history.retry()
    await settle()
    reads[1]?.reject(new AppError('deadlineExceeded', { retryable: true }))
    await settle()
    expect(means(history)).toEqual([0.1])
    expect(history.error.value?.code).toBe('deadlineExceeded')
  })

  it('asks nothing before it knows how wide it is, and stops asking when it is gone', async () => {
    pixels.value = 0
    start()
    await settle()
    expect(reads).toHaveLength(0)
    pixels.value = 400
    await settle()
    expect(reads).toHaveLength(1)
    scope.stop()
    expect(stub.asked.find(({ name }) => name === 'history.read')?.signal?.aborted).toBe(true)
  })
})
