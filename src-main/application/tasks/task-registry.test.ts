import { describe, expect, it, vi } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { TaskView } from '#contract/tasks.ts'
import { systemClock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import { createTaskRegistry, type TaskContext, type TaskHost } from './task-registry.ts'

const silent = (): Log & { error: ReturnType<typeof vi.fn<Log['error']>> } => ({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: vi.fn<Log['error']>(() => 'incident-1')
})
const forever = (): AbortSignal => new AbortController().signal

function startOpenTask(tasks: TaskHost, name = 'copy') {
  const ending = Promise.withResolvers<unknown>()
  let context: TaskContext | undefined
  const id = tasks.start({
    name,
    input: null,
    run: (given) => {
      context = given
      given.signal.addEventListener('abort', () => ending.reject(given.signal.reason))
      return ending.promise
    }
  })
  if (context === undefined) throw new Error('run was not called')
  return { id, context, ...ending }
}

async function newest(tasks: TaskHost): Promise<TaskView[]> {
  for await (const views of tasks.watch(forever())) return views
  throw new Error('ended')
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

describe('task registry', () => {
  it('lets one that attaches late see the progress from the beginning and the output', async () => {
    const tasks = createTaskRegistry({ clock: systemClock, log: silent() })
    const task = startOpenTask(tasks)
    task.context.progress(1)
    task.context.progress(2)
    task.resolve('copied')
    const events = await collect(tasks.follow(task.id, 'copy', forever()))
    expect(events).toEqual([
      { kind: 'progress', progress: 1 },
      { kind: 'progress', progress: 2 },
      { kind: 'done', output: 'copied' }
    ])
  })

  it('keeps the first and the newest progress when there is too much of it', async () => {
    const tasks = createTaskRegistry({ clock: systemClock, log: silent() })
    const task = startOpenTask(tasks)
    for (let value = 0; value < 1000; value++) task.context.progress(value)
    task.resolve(null)
    const events = await collect(tasks.follow(task.id, 'copy', forever()))
    expect(events).toHaveLength(257)
    expect(events[0]).toMatchObject({ progress: 0 })
    expect(events.at(-2)).toMatchObject({ progress: 999 })
  })

  it('goes on when its follower leaves', async () => {
    const tasks = createTaskRegistry({ clock: systemClock, log: silent() })
    const task = startOpenTask(tasks)
    const controller = new AbortController()
    const following = collect(tasks.follow(task.id, 'copy', controller.signal))
    controller.abort()
    await following
    expect(task.context.signal.aborted).toBe(false)
    expect((await newest(tasks))[0]).toMatchObject({ state: 'running' })
  })

  it('cancels by its signal and says so', async () => {
    const tasks = createTaskRegistry({ clock: systemClock, log: silent() })
    const task = startOpenTask(tasks)
    const following = collect(tasks.follow(task.id, 'copy', forever()))
    tasks.cancel(task.id)
    await expect(following).rejects.toMatchObject({ code: 'cancelled' })
    expect((await newest(tasks))[0]).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } })
  })

  it('tells expected errors as they are and hides faults behind an incident id', async () => {
    const log = silent()
    const tasks = createTaskRegistry({ clock: systemClock, log })
    const full = startOpenTask(tasks)
    full.reject(new AppError('diskFull'))
    await expect(collect(tasks.follow(full.id, 'copy', forever()))).rejects.toMatchObject({
      code: 'diskFull'
    })
    expect(log.error).not.toHaveBeenCalled()
    const broken = startOpenTask(tasks)
    broken.reject(new TypeError('secret detail'))
    await expect(collect(tasks.follow(broken.id, 'copy', forever()))).rejects.toMatchObject({
      code: 'internal',
      incidentId: 'incident-1'
    })
    expect(JSON.stringify(await newest(tasks))).not.toContain('secret detail')
  })

  it('shows what the description makes of input, progress and output', async () => {
    const tasks = createTaskRegistry({
      clock: systemClock,
      log: silent(),
      descriptions: {
        copy: {
          subject: () => ({ fileName: 'a.csv' }),
          doneRatio: (progress: number) => progress / 4,
          result: (output: string) => ({ path: output })
        }
      }
    })
    const task = startOpenTask(tasks)
    task.context.progress(1)
    expect((await newest(tasks))[0]).toMatchObject({ subject: { fileName: 'a.csv' }, doneRatio: 0.25 })
    task.resolve('/tmp/a.csv')
    await collect(tasks.follow(task.id, 'copy', forever()))
    expect((await newest(tasks))[0]).toMatchObject({ doneRatio: 1, result: { path: '/tmp/a.csv' } })
  })

  it('keeps the fifty newest ended tasks, newest first, and every running one', async () => {
    const tasks = createTaskRegistry({ clock: systemClock, log: silent() })
    const running = startOpenTask(tasks, 'long')
    const ids = []
    for (let count = 0; count < 60; count++) {
      const task = startOpenTask(tasks)
      task.resolve(null)
      await collect(tasks.follow(task.id, 'copy', forever()))
      ids.push(task.id)
    }
    const views = await newest(tasks)
    expect(views.map((view) => view.id)).toEqual([...ids.slice(-50).reverse(), running.id])
  })

  it('dismisses ended tasks only', async () => {
    const tasks = createTaskRegistry({ clock: systemClock, log: silent() })
    const task = startOpenTask(tasks)
    expect(() => tasks.dismiss(task.id)).toThrow(expect.objectContaining({ code: 'conflict' }))
    task.resolve(null)
    await collect(tasks.follow(task.id, 'copy', forever()))
    tasks.dismiss(task.id)
    expect(await newest(tasks)).toEqual([])
    expect(() => tasks.cancel(task.id)).toThrow(expect.objectContaining({ code: 'notFound' }))
  })

  it('does not hand a task to a follower that takes it for another', () => {
    const tasks = createTaskRegistry({ clock: systemClock, log: silent() })
    const task = startOpenTask(tasks, 'copy')
    expect(() => tasks.follow(task.id, 'paste', forever())).toThrow(
      expect.objectContaining({ code: 'notFound' })
    )
  })

  it('ends what runs when it closes and takes nothing new', async () => {
    const tasks = createTaskRegistry({ clock: systemClock, log: silent() })
    const task = startOpenTask(tasks)
    await tasks.close()
    expect(task.context.signal.aborted).toBe(true)
    expect(() => startOpenTask(tasks)).toThrow(expect.objectContaining({ code: 'cancelled' }))
  })
})
