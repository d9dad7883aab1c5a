import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFakeEngine, type FakeEngine } from '../../test/fakes/engine.ts'
import { useServersStore } from '../features/servers/index.ts'
import { createRpc, installRpc, type Rpc } from './rpc-provider.ts'
import { createWatch } from './watch.ts'

let engine: FakeEngine
let rpc: Rpc
beforeEach(() => {
  engine = createFakeEngine()
  rpc = createRpc(() => engine.connect())
  installRpc(rpc)
  setActivePinia(createPinia())
})
afterEach(() => {
  rpc.stop()
  engine.close()
  Object.defineProperty(document, 'hidden', { value: false, configurable: true })
})
const seen = (assertion: () => void): Promise<void> => vi.waitFor(assertion, { timeout: 5_000, interval: 5 })

describe('the servers store', () => {
  it('shows a snapshot, then changes; an unchanged server keeps its identity', async () => {
    const store = useServersStore()
    const release = store.acquire()
    await seen(() => expect(store.counts).toEqual({ on: 7, off: 1, empty: 1, stopped: 0, total: 9 }))
    const [first, second] = store.all
    if (first === undefined || second === undefined) throw new Error('no servers')
    engine.tickOne(0)
    await seen(() => expect(store.get(first.record.id)).not.toBe(first))
    expect(store.get(second.record.id)).toBe(second)
    expect(store.sparklineOf(first.record.id)).toHaveLength(40)
    release()
  })

  it('takes a new snapshot after the engine was lost, without what is gone', async () => {
    const store = useServersStore()
    store.acquire()
    await seen(() => expect(store.all).toHaveLength(9))
    const gone = store.all[3]?.record.id
    if (gone === undefined) throw new Error('no server')
    engine.disconnect()
    await seen(() => expect(rpc.link.value).toBe('lost'))
    const index = engine.servers.findIndex((server) => server.view.record.id === gone)
    ;(engine.servers as unknown[]).splice(index, 1)
    await seen(() => expect(rpc.generation.value).toBe(2))
    await seen(() => expect(store.get(gone)).toBeUndefined())
    expect(store.all).toHaveLength(8)
  })
})

describe('a watch', () => {
  function counted() {
    const opened: AbortSignal[] = []
    const values: number[] = []
    const watch = createWatch<number>(rpc, {
      async *open(_rpc, signal) {
        opened.push(signal)
        yield opened.length
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      },
      apply: (value) => values.push(value)
    })
    return { watch, opened, values }
  }

  it('is opened once for several users and ended with the last', async () => {
    await seen(() => expect(rpc.link.value).toBe('connected'))
    const { watch, opened } = counted()
    const releases = [watch.acquire(), watch.acquire()]
    await seen(() => expect(watch.ready.value).toBe(true))
    expect(opened).toHaveLength(1)
    releases[0]?.()
    releases[0]?.()
    expect(opened[0]?.aborted).toBe(false)
    releases[1]?.()
    expect(opened[0]?.aborted).toBe(true)
  })

  it('rests in a hidden window and starts anew when it is shown', async () => {
    await seen(() => expect(rpc.link.value).toBe('connected'))
    const { watch, opened, values } = counted()
    watch.acquire()
    await seen(() => expect(values).toEqual([1]))
    vi.useFakeTimers()
    Object.defineProperty(document, 'hidden', { value: true, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
    expect(opened[0]?.aborted).toBe(false)
    vi.advanceTimersByTime(30_000)
    vi.useRealTimers()
    expect(opened[0]?.aborted).toBe(true)
    Object.defineProperty(document, 'hidden', { value: false, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
    await seen(() => expect(values).toEqual([1, 2]))
  })

  it('opens again after a failure and tells it meanwhile', async () => {
    await seen(() => expect(rpc.link.value).toBe('connected'))
    let attempts = 0
    const watch = createWatch<number>(rpc, {
      async *open() {
        attempts += 1
        if (attempts === 1) throw new TypeError('broken')
        yield attempts
        await new Promise(() => undefined)
      },
      apply: () => undefined
    })
    watch.acquire()
    await seen(() => expect(watch.error.value?.code).toBe('internal'))
    await seen(() => expect(watch.ready.value).toBe(true))
    expect(watch.error.value).toBeNull()
  })
})
