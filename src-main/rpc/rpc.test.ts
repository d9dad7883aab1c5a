import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { call, channel, stream, task, type Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { INITIAL_CREDIT_BYTES, type ClientFrame } from '#contract/frames.ts'
import { electronPair, messagePortPair, webSocketPair, type PortPair } from '../../test/fakes/rpc-ports.ts'
import { createClient, type Client } from '../../src-renderer/rpc/client.ts'
import { systemClock } from '../application/clock.ts'
import type { Log } from '../application/platform/platform.ts'
import { createTopic } from '../application/streams.ts'
import { createTaskRegistry, type TaskHost } from '../application/tasks/task-registry.ts'
import type { RpcLimits } from './limits.ts'
import { createRpcServer, type RpcServer } from './server.ts'

const contract = {
  double: call(z.object({ value: z.number() }), z.number()),
  defaulted: call(z.object({ text: z.string().default('none') }), z.string()),
  hang: call(z.object({}), z.null()),
  broken: call(z.object({ how: z.enum(['expected', 'fault', 'output']) }), z.number()),
  count: stream(z.object({ to: z.int() }), z.int(), 'all'),
  watch: stream(z.object({}), z.int(), 'latest'),
  stuck: stream(z.object({}), z.int(), 'all'),
  job: task(z.object({ name: z.string() }), z.int(), z.string()),
  echo: channel(z.object({ greeting: z.string() })),
  flood: channel(z.object({ bytes: z.int() })),
  sink: channel(z.object({}))
}
type TestContract = typeof contract

function createHandlers() {
  const topic = createTopic<number>()
  const hung: AbortSignal[] = []
  const pulled: number[] = []
  const jobs: { finish(result: string): void; progress(value: number): void; signal: AbortSignal }[] = []
  let sent = 0
  let returned = 0
  const handlers: Handlers<TestContract> = {
    double: async ({ value }) => value * 2,
    defaulted: async ({ text }) => text,
    hang: (_input, { signal }) => {
      hung.push(signal)
      return new Promise(() => undefined)
    },
    broken: async ({ how }) => {
      if (how === 'output') return 'not a number' as unknown as number
      throw how === 'expected'
        ? new AppError('diskFull', { params: { path: '/data' }, retryable: true })
        : new TypeError('password=hunter2')
    },
    async *count({ to }) {
      try {
        for (let value = 1; value <= to; value++) {
          pulled.push(value)
          yield value
        }
      } finally {
        returned++
      }
    },
    watch: (_input, { signal }) => topic.latest(signal),
    stuck: () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: async () => {
          returned++
          return { done: true, value: undefined }
        }
      })
    }),
    job: (_input, { signal, progress }) =>
      new Promise((resolve, reject) => {
        jobs.push({ finish: resolve, progress, signal })
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      }),
    async echo({ greeting }, _context, bytes) {
      await bytes.write(Buffer.from(greeting))
      for await (const chunk of bytes.incoming) await bytes.write(chunk)
      bytes.end()
    },
    async flood({ bytes: total }, { signal }, bytes) {
      for (sent = 0; sent < total && !signal.aborted; sent += 1024)
        await bytes.write(new Uint8Array(1024).fill(7))
      bytes.end()
    },
    sink: (_input, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      )
  }
  return {
    handlers,
    topic,
    hung,
    pulled,
    jobs,
    get sent() {
      return sent
    },
    get returned() {
      return returned
    }
  }
}

const pairs: [string, (log: Log) => Promise<PortPair>][] = [
  ['message port', messagePortPair],
  ['electron ipc', electronPair],
  ['websocket', webSocketPair]
]

describe.each(pairs)('rpc over %s', (_name, openPair) => {
  let world: ReturnType<typeof createHandlers>
  let tasks: TaskHost
  let pair: PortPair
  let server: RpcServer
  let client: Client<TestContract>
  const errors = vi.fn<Log['error']>(() => 'incident-7')
  const warnings = vi.fn<Log['warn']>()
  const log: Log = { debug: () => undefined, info: () => undefined, warn: warnings, error: errors }

  const start = async (limits: Partial<RpcLimits> = {}): Promise<void> => {
    pair = await openPair(log)
    server = createRpcServer({
      contract,
      handlers: world.handlers,
      tasks,
      log,
      limits,
      validateOutputs: true
    })
    server.attach(pair.server)
    client = createClient(contract, pair.client)
  }
  beforeEach(async () => {
    vi.clearAllMocks()
    world = createHandlers()
    tasks = createTaskRegistry({ clock: systemClock, log })
    await start()
  })
  afterEach(async () => {
    server.close()
    await pair.close()
    await tasks.close()
  })
  const posting = (frame: unknown): void => pair.client.post(frame as ClientFrame)
  /** What has reached the server by the time a fresh call is answered. */
  const settle = async (): Promise<void> => void (await client.call('double', { value: 0 }))

  describe('call', () => {
    it('answers, many at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, value) => client.call('double', { value }))
      )
      expect(answers).toEqual(Array.from({ length: 100 }, (_, value) => value * 2))
    })

    it('fills in defaults of the input', async () => {
      expect(await client.call('defaulted', {})).toBe('none')
    })

    it('refuses an input that breaks the contract, saying where', async () => {
      await expect(client.call('double', { value: 'x' as unknown as number })).rejects.toMatchObject({
        code: 'invalidInput',
        params: { path: 'value' }
      })
    })

    it('passes expected errors with their facts', async () => {
      await expect(client.call('broken', { how: 'expected' })).rejects.toMatchObject({
        code: 'diskFull',
        params: { path: '/data' },
        retryable: true
      })
      expect(errors).not.toHaveBeenCalled()
    })

    it.each(['fault', 'output'] as const)('hides a %s of ours behind an incident id', async (how) => {
      const failure: unknown = await client.call('broken', { how }).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'internal', incidentId: 'incident-7' })
      expect(JSON.stringify(failure)).not.toContain('hunter2')
      expect(errors).toHaveBeenCalledOnce()
    })

    it('aborts the handler when the caller does', async () => {
      const controller = new AbortController()
      const answer = client.call('hang', {}, { signal: controller.signal })
      await vi.waitFor(() => expect(world.hung).toHaveLength(1))
      controller.abort()
      await expect(answer).rejects.toMatchObject({ code: 'cancelled' })
      await vi.waitFor(() => expect(world.hung[0]?.aborted).toBe(true))
      await expect(client.call('hang', {}, { signal: controller.signal })).rejects.toMatchObject({
        code: 'cancelled'
      })
      expect(world.hung).toHaveLength(1)
    })
  })

  describe('stream', () => {
    it('pulls a value only when the consumer wants one', async () => {
      const values = client.stream('count', { to: 3 })[Symbol.asyncIterator]()
      expect(world.pulled).toEqual([])
      expect(await values.next()).toEqual({ done: false, value: 1 })
      await settle()
      expect(world.pulled).toEqual([1])
      expect(await values.next()).toEqual({ done: false, value: 2 })
      await settle()
      expect(world.pulled).toEqual([1, 2])
      expect(await values.next()).toEqual({ done: false, value: 3 })
      expect(await values.next()).toEqual({ done: true, value: undefined })
      expect(await values.next()).toEqual({ done: true, value: undefined })
    })

    it('drops what is stale in a latest stream', async () => {
      const values = client.stream('watch', {})[Symbol.asyncIterator]()
      const first = values.next()
      await vi.waitFor(() => expect(world.topic.readers).toBe(1))
      world.topic.publish(1)
      expect(await first).toMatchObject({ value: 1 })
      for (const value of [2, 3, 4]) world.topic.publish(value)
      expect(await values.next()).toMatchObject({ value: 4 })
      await values.return?.()
      await vi.waitFor(() => expect(world.topic.readers).toBe(0))
    })

    it('lets go of the source when the consumer leaves its loop', async () => {
      for await (const value of client.stream('count', { to: 1000 })) if (value === 3) break
      await vi.waitFor(() => expect(world.returned).toBe(1))
      expect(world.pulled).toEqual([1, 2, 3])
    })

    it('ends quietly when its signal is aborted, even if the source hangs', async () => {
      const controller = new AbortController()
      const values = client.stream('stuck', {}, { signal: controller.signal })[Symbol.asyncIterator]()
      const waiting = values.next()
      await settle()
      controller.abort()
      expect(await waiting).toEqual({ done: true, value: undefined })
      await vi.waitFor(() => expect(world.returned).toBe(1))
    })
  })

  describe('task', () => {
    const startJob = async () => {
      const progress: number[] = []
      const handle = client.task('job', { name: 'a' }, { onProgress: (value) => progress.push(value) })
      const taskId = await handle.taskId
      const job = world.jobs[0]
      if (job === undefined) throw new Error('not started')
      return { handle, taskId, job, progress }
    }

    it('tells its id, every progress in order, and its output', async () => {
      const { handle, job, progress } = await startJob()
      for (const value of [1, 2, 3]) job.progress(value)
      job.finish('ready')
      expect(await handle.result).toBe('ready')
      expect(progress).toEqual([1, 2, 3])
    })

    it('outlives its window; another window attaches to it', async () => {
      const { handle, taskId, job } = await startJob()
      job.progress(1)
      const left = expect(handle.result).rejects.toMatchObject({ code: 'disconnected' })
      pair.client.close()
      await left
      await pair.close()
      expect(job.signal.aborted).toBe(false)
      await start()
      const progress: number[] = []
      const attached = client.attach('job', taskId, { onProgress: (value) => progress.push(value) })
      job.progress(2)
      job.finish('ready')
      expect(await attached).toBe('ready')
      expect(progress).toEqual([1, 2])
    })

    it('is cancelled by the signal of who started it, not of who follows it', async () => {
      const { handle, taskId, job } = await startJob()
      const follower = new AbortController()
      const following = client.attach('job', taskId, { signal: follower.signal })
      await settle()
      follower.abort()
      await expect(following).rejects.toMatchObject({ code: 'cancelled' })
      await settle()
      expect(job.signal.aborted).toBe(false)
      tasks.cancel(taskId)
      await expect(handle.result).rejects.toMatchObject({ code: 'cancelled' })

      const starter = new AbortController()
      const second = client.task('job', { name: 'b' }, { signal: starter.signal })
      await second.taskId
      starter.abort()
      await expect(second.result).rejects.toMatchObject({ code: 'cancelled' })
      await vi.waitFor(() => expect(world.jobs[1]?.signal.aborted).toBe(true))
    })

    it('does not attach to what is not there, or is another task', async () => {
      const { taskId } = await startJob()
      posting({ kind: 'open', id: 900, name: 'task.attach', input: { taskId, name: 'other' } })
      await expect(
        client.attach('job', '00000000-0000-4000-8000-000000000000' as typeof taskId)
      ).rejects.toMatchObject({ code: 'notFound' })
    })
  })

  describe('channel', () => {
    it('carries bytes both ways, whole and in order', async () => {
      const sent = Buffer.alloc(3 * INITIAL_CREDIT_BYTES + 17)
      for (let index = 0; index < sent.length; index++) sent[index] = index % 251
      const bytes = client.channel('echo', { greeting: 'hello' })
      const writing = (async () => {
        await bytes.write(sent)
        bytes.end()
      })()
      const chunks: Uint8Array[] = []
      for await (const chunk of bytes.incoming) chunks.push(chunk)
      await writing
      const received = Buffer.concat(chunks)
      expect(received.subarray(0, 5).toString()).toBe('hello')
      expect(received.subarray(5).equals(sent)).toBe(true)
    })

    it('stops the sender when the reader is slow', async () => {
      const total = 4 * INITIAL_CREDIT_BYTES
      const bytes = client.channel('flood', { bytes: total })
      await vi.waitFor(() => expect(world.sent).toBe(INITIAL_CREDIT_BYTES))
      await settle()
      expect(world.sent).toBe(INITIAL_CREDIT_BYTES)
      let received = 0
      for await (const chunk of bytes.incoming) received += chunk.byteLength
      expect(received).toBe(total)
    })

    it('makes the writer wait when the handler does not read, and fails it when it is cancelled', async () => {
      const controller = new AbortController()
      const bytes = client.channel('sink', {}, { signal: controller.signal })
      const writing = bytes.write(new Uint8Array(INITIAL_CREDIT_BYTES + 1))
      await settle()
      controller.abort()
      await expect(writing).rejects.toMatchObject({ code: 'cancelled' })
    })

    it('fails a client that sends more than it may', async () => {
      posting({ kind: 'open', id: 500, name: 'sink', input: {} })
      const chunk = new Uint8Array(64 * 1024)
      for (let count = 0; count < 5; count++) posting({ kind: 'bytes', id: 500, bytes: chunk })
      await settle()
      // The id is free again: the channel was ended.
      posting({ kind: 'open', id: 500, name: 'sink', input: {} })
      await settle()
      expect(warnings).not.toHaveBeenCalledWith('rpc.badFrame')
    })
  })

  describe('limits', () => {
    const openRaw = (name: string, input: unknown): Promise<unknown> =>
      client.call(name as 'double', input as { value: number })

    it.each(['nothing', 'constructor', '__proto__', 'toString'])('knows no operation %s', async (name) => {
      await expect(openRaw(name, {})).rejects.toMatchObject({ code: 'notFound' })
    })

    it('refuses one operation too many, and serves again when there is room', async () => {
      await restart({ maxOpenOperations: 3 })
      const controllers = [1, 2, 3].map(() => new AbortController())
      const hanging = controllers.map(({ signal }) =>
        client.call('hang', {}, { signal }).catch((error: unknown) => error)
      )
      await expect(client.call('double', { value: 1 })).rejects.toMatchObject({ code: 'tooManyStreams' })
      controllers[0]?.abort()
      expect(await client.call('double', { value: 1 })).toBe(2)
      for (const controller of controllers) controller.abort()
      await Promise.all(hanging)
    })

    it('refuses an input that is too large or too deep', async () => {
      await restart({ maxFrameBytes: 1000 })
      await expect(openRaw('defaulted', { text: 'x'.repeat(2000) })).rejects.toMatchObject({
        code: 'messageTooLarge'
      })
      let deep: unknown = 1
      for (let depth = 0; depth < 50; depth++) deep = [deep]
      await expect(openRaw('double', deep)).rejects.toMatchObject({ code: 'messageTooLarge' })
      expect(await client.call('double', { value: 1 })).toBe(2)
    })

    it('closes on a flood of messages', async () => {
      await restart({ maxMessagesPerSec: 50 })
      const closed = new Promise<void>((resolve) => client.onClose(resolve))
      for (let count = 0; count < 200; count++) posting({ kind: 'ack', id: 77 })
      await closed
      expect(warnings).toHaveBeenCalledWith('rpc.tooManyMessages')
    })

    it('fails the operation of a bad frame and closes after many', async () => {
      const hanging = client.call('hang', {}).catch((error: unknown) => error)
      await settle()
      posting({ kind: 'nonsense', id: 1 })
      expect(await hanging).toMatchObject({ code: 'invalidInput' })
      const closed = new Promise<void>((resolve) => client.onClose(resolve))
      for (const bad of [7, 'x', [], {}, { kind: 'open' }, { kind: 'ack', id: -1 }]) {
        posting(bad)
        posting(bad)
        posting(bad)
      }
      await closed
    })

    it('does not run two operations under one id', async () => {
      posting({ kind: 'open', id: 600, name: 'hang', input: {} })
      posting({ kind: 'open', id: 600, name: 'hang', input: {} })
      await vi.waitFor(() => expect(world.hung[0]?.aborted).toBe(true))
      expect(world.hung).toHaveLength(1)
    })
  })

  describe('a closed port', () => {
    it.each([
      ['the window', () => pair.client.close()],
      ['the engine', () => server.close()]
    ])('ends everything when closed by %s', async (_who, close) => {
      const call = client.call('hang', {})
      const values = client.stream('watch', {})[Symbol.asyncIterator]()
      const bytes = client.channel('echo', { greeting: 'x' })
      const reading = (async () => {
        for await (const _ of bytes.incoming);
      })()
      const results = Promise.allSettled([call, values.next(), reading])
      await vi.waitFor(() => expect(world.topic.readers).toBe(1))
      const told = new Promise<void>((resolve) => client.onClose(resolve))
      close()
      for (const result of await results) {
        expect(result).toMatchObject({
          status: 'rejected',
          reason: { code: 'disconnected', retryable: true }
        })
      }
      await told
      expect(client.closed).toBe(true)
      await vi.waitFor(() => expect([world.hung[0]?.aborted, world.topic.readers]).toEqual([true, 0]))
      await expect(client.call('double', { value: 1 })).rejects.toMatchObject({ code: 'disconnected' })
    })
  })

  async function restart(limits: Partial<RpcLimits>): Promise<void> {
    server.close()
    await pair.close()
    await start(limits)
  }
})
