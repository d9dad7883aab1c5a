import { describe, expect, it } from 'vitest'
import type { AppError } from '#contract/errors.ts'
import type { Clock } from './clock.ts'
import { createSnapshotFeed, createTopic, type FeedEvent } from './streams.ts'

const iteratorOf = <T>(iterable: AsyncIterable<T>): AsyncIterator<T> => iterable[Symbol.asyncIterator]()

async function valueOf<T>(iterator: AsyncIterator<T>): Promise<T> {
  const result = await iterator.next()
  if (result.done === true) throw new Error('ended')
  return result.value
}

describe('topic', () => {
  it('gives a slow reader of the latest only the newest value', async () => {
    const topic = createTopic<number>()
    const reader = iteratorOf(topic.latest(new AbortController().signal))
    topic.publish(1)
    topic.publish(2)
    topic.publish(3)
    expect(await valueOf(reader)).toBe(3)
    const next = valueOf(reader)
    topic.publish(4)
    expect(await next).toBe(4)
  })

  it('starts a reader of the latest with what is known', async () => {
    const topic = createTopic('first')
    expect(await valueOf(iteratorOf(topic.latest(new AbortController().signal)))).toBe('first')
    topic.publish('second')
    expect(await valueOf(iteratorOf(topic.latest(new AbortController().signal)))).toBe('second')
  })

  it('gives a reader of all every value since it asked, in order', async () => {
    const topic = createTopic<number>()
    topic.publish(0)
    const reader = iteratorOf(topic.all(new AbortController().signal))
    for (const value of [1, 2, 3]) topic.publish(value)
    expect([await valueOf(reader), await valueOf(reader), await valueOf(reader)]).toEqual([1, 2, 3])
  })

  it('fails a reader that falls behind the cap, and no other', async () => {
    const topic = createTopic<number>()
    const slow = iteratorOf(topic.all(new AbortController().signal, 2))
    const other = iteratorOf(topic.all(new AbortController().signal, 10))
    for (const value of [1, 2, 3]) topic.publish(value)
    await expect(slow.next()).rejects.toMatchObject({ code: 'overflow' } satisfies Partial<AppError>)
    expect(await valueOf(other)).toBe(1)
    expect(topic.readers).toBe(1)
  })

  it.each(['latest', 'all'] as const)('ends %s on abort and holds nothing', async (mode) => {
    const topic = createTopic<number>()
    const controller = new AbortController()
    const reader = iteratorOf(topic[mode](controller.signal))
    const waiting = reader.next()
    expect(topic.readers).toBe(1)
    controller.abort()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(topic.readers).toBe(0)
  })

  it('holds nothing after a reader left its loop, or was aborted before it read', async () => {
    const topic = createTopic<number>(1)
    for await (const _ of topic.latest(new AbortController().signal)) break
    const controller = new AbortController()
    topic.all(controller.signal)
    controller.abort()
    expect(topic.readers).toBe(0)
    expect(await iteratorOf(topic.latest(controller.signal)).next()).toMatchObject({ done: true })
  })
})

describe('snapshot feed', () => {
  const fixture = (options = {}) => {
    const items = new Map([
      ['a', 1],
      ['b', 2]
    ])
    const feed = createSnapshotFeed({ ids: () => items.keys(), read: (id) => items.get(id) }, options)
    const set = (id: string, value: number | null): void => {
      if (value === null) items.delete(id)
      else items.set(id, value)
      feed.touch(id)
    }
    return { feed, set }
  }

  it('sends a snapshot, then merged changes with a growing revision', async () => {
    const { feed, set } = fixture()
    const reader = iteratorOf(feed.watch(new AbortController().signal))
    expect(await valueOf(reader)).toEqual({ kind: 'snapshot', revision: 1, items: [1, 2] })
    set('a', 10)
    set('a', 11)
    set('b', null)
    set('c', 3)
    expect(await valueOf(reader)).toEqual({ kind: 'change', revision: 2, changed: [11, 3], removed: ['b'] })
  })

  it('does not speak of what came and went unseen', async () => {
    const { feed, set } = fixture()
    const reader = iteratorOf(feed.watch(new AbortController().signal))
    await valueOf(reader)
    set('c', 3)
    set('c', null)
    const next = valueOf(reader)
    await Promise.resolve()
    set('a', 5)
    expect(await next).toMatchObject({ revision: 2, changed: [5], removed: [] })
  })

  it('keeps what changed between the snapshot and the next read, for each reader on its own', async () => {
    const { feed, set } = fixture()
    const early = iteratorOf(feed.watch(new AbortController().signal))
    await valueOf(early)
    set('a', 7)
    const late = iteratorOf(feed.watch(new AbortController().signal))
    expect(await valueOf(late)).toMatchObject({ kind: 'snapshot', items: [7, 2] })
    expect(await valueOf(early)).toMatchObject({ kind: 'change', changed: [7] })
  })

  it('rests between events when told to, and ends while it rests', async () => {
    const rests: (() => void)[] = []
    const clock: Clock = {
      nowMs: () => 0,
      monotonicMs: () => 0,
      sleep: (_ms, signal) =>
        new Promise((resolve, reject) => {
          rests.push(resolve)
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
    }
    const { feed, set } = fixture({ minIntervalMs: 100, clock })
    const controller = new AbortController()
    const reader = iteratorOf<FeedEvent<number>>(feed.watch(controller.signal))
    await valueOf(reader)
    const next = valueOf(reader)
    set('a', 3)
    set('b', 4)
    expect(rests).toHaveLength(1)
    rests[0]?.()
    expect(await next).toMatchObject({ changed: [3, 4] })
    const last = reader.next()
    controller.abort()
    expect(await last).toMatchObject({ done: true })
    expect(feed.readers).toBe(0)
  })
})
