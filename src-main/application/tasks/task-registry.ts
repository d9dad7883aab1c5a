/** Long jobs with an id: they outlive the window that started them, are seen by every window, and can be cancelled. */
import { randomUUID } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import { TaskId } from '#contract/ids.ts'
import type { TaskView } from '#contract/tasks.ts'
import type { Clock } from '../clock.ts'
import { errorInfoOf } from '../error-info.ts'
import type { Log } from '../platform/platform.ts'
import { createTopic, type Topic } from '../streams.ts'

export interface TaskContext {
  readonly signal: AbortSignal
  progress(progress: unknown): void
}

export interface TaskRequest {
  /** The contract's name of the task. */
  readonly name: string
  readonly input: unknown
  run(context: TaskContext): Promise<unknown>
}

export type FollowEvent =
  | { readonly kind: 'progress'; readonly progress: unknown }
  | { readonly kind: 'done'; readonly output: unknown }

export interface TaskHost {
  /** Throws tooManyStreams when too many run already, cancelled once the console is closing. */
  start(request: TaskRequest): TaskId
  /**
   * Progress from the beginning (the middle is left out when there was much of it), then the output. Throws notFound,
   * and what the task failed with. Aborting the signal only ends the following.
   */
  follow(taskId: TaskId, name: string, signal: AbortSignal): AsyncIterable<FollowEvent>
  /** Throws notFound. Cancelling an ended task does nothing. */
  cancel(taskId: TaskId): void
  /** Takes an ended task off the list. Throws notFound; conflict while it runs. */
  dismiss(taskId: TaskId): void
  /** All running tasks and the newest ended ones, newest first; again whenever one changes. */
  watch(signal: AbortSignal): AsyncIterable<TaskView[]>
  /** Cancels what runs and resolves when it has ended. */
  close(): Promise<void>
}

/** What the drawer shows of a task; derived from its input, progress and output. Never a secret. */
export interface TaskDescription<Input = never, Progress = never, Output = never> {
  subject?(input: Input): TaskView['subject']
  doneRatio?(progress: Progress): number | null
  remainingMs?(progress: Progress): number | null
  result?(output: Output): NonNullable<TaskView['result']>
}

export interface TaskRegistryOptions {
  readonly clock: Clock
  readonly log: Log
  readonly descriptions?: Readonly<Record<string, TaskDescription>>
}

const MAX_ENDED = 50
const MAX_RUNNING = 64
/** Progress events kept per task for those who attach later or read slowly. */
const MAX_PROGRESS_KEPT = 256

/** `TaskDescription` with its methods callable on what was checked at the contract's border. */
type Described = TaskDescription<unknown, unknown, unknown>

interface Job {
  view: TaskView
  readonly abort: AbortController
  readonly describe: Described
  readonly progress: { readonly number: number; readonly progress: unknown }[]
  progressCount: number
  output: unknown
  ended: Promise<void>
  readonly changed: Topic<null>
}

export function createTaskRegistry(options: TaskRegistryOptions): TaskHost {
  const { clock, log } = options
  const descriptions = (options.descriptions ?? {}) as Readonly<Record<string, Described>>
  const jobs = new Map<TaskId, Job>()
  const listChanged = createTopic<null>(null)
  let closing = false

  const jobOf = (taskId: TaskId): Job => {
    const job = jobs.get(taskId)
    if (job === undefined) throw new AppError('notFound')
    return job
  }
  const change = (job: Job, change: Partial<TaskView>): void => {
    job.view = { ...job.view, ...change }
    job.changed.publish(null)
    listChanged.publish(null)
  }

  const run = async (job: Job, request: TaskRequest): Promise<void> => {
    try {
      job.output = await request.run({
        signal: job.abort.signal,
        progress: (progress) => addProgress(job, progress, change)
      })
      const result = job.describe.result?.(job.output) ?? null
      change(job, { state: 'done', endedAtMs: clock.nowMs(), doneRatio: 1, result })
    } catch (error) {
      const info = job.abort.signal.aborted
        ? new AppError('cancelled').toInfo()
        : errorInfoOf(error, log, 'task.failed', { name: request.name, taskId: job.view.id })
      const state = info.code === 'cancelled' ? 'cancelled' : 'failed'
      change(job, { state, endedAtMs: clock.nowMs(), error: info })
    }
    forgetOldest(jobs)
  }

  return {
    start(request) {
      if (closing) throw new AppError('cancelled')
      if (countRunning(jobs) >= MAX_RUNNING) throw new AppError('tooManyStreams', { retryable: true })
      const id = TaskId.parse(randomUUID())
      const describe = descriptions[request.name] ?? {}
      const job: Job = {
        view: {
          id,
          name: request.name,
          subject: describe.subject?.(request.input) ?? {},
          startedAtMs: clock.nowMs(),
          endedAtMs: null,
          state: 'running',
          doneRatio: null,
          error: null,
          result: null
        },
        abort: new AbortController(),
        describe,
        progress: [],
        progressCount: 0,
        output: undefined,
        ended: Promise.resolve(),
        changed: createTopic<null>(null)
      }
      jobs.set(id, job)
      job.ended = run(job, request)
      listChanged.publish(null)
      return id
    },
    follow(taskId, name, signal) {
      const job = jobOf(taskId)
      if (job.view.name !== name) throw new AppError('notFound')
      return follow(job, signal)
    },
    cancel: (taskId) => jobOf(taskId).abort.abort(new AppError('cancelled')),
    dismiss(taskId) {
      if (jobOf(taskId).view.state === 'running') throw new AppError('conflict')
      jobs.delete(taskId)
      listChanged.publish(null)
    },
    async *watch(signal) {
      for await (const _ of listChanged.latest(signal))
        yield [...jobs.values()].map((job) => job.view).reverse()
    },
    async close() {
      closing = true
      const running = [...jobs.values()].filter((job) => job.view.state === 'running')
      for (const job of running) job.abort.abort(new AppError('cancelled'))
      await Promise.all(running.map((job) => job.ended))
    }
  }
}

function addProgress(
  job: Job,
  progress: unknown,
  change: (job: Job, change: Partial<TaskView>) => void
): void {
  if (job.view.state !== 'running') return
  job.progress.push({ number: job.progressCount++, progress })
  // The first event may be the one that counts (an export's address): the middle goes.
  if (job.progress.length > MAX_PROGRESS_KEPT) job.progress.splice(1, 1)
  const ratio = job.describe.doneRatio?.(progress) ?? null
  change(job, {
    ...(ratio === null ? {} : { doneRatio: Math.min(Math.max(ratio, 0), 1) }),
    ...(job.describe.remainingMs === undefined ? {} : { remainingMs: job.describe.remainingMs(progress) })
  })
}

async function* follow(job: Job, signal: AbortSignal): AsyncGenerator<FollowEvent, void> {
  let next = 0
  for await (const _ of job.changed.latest(signal)) {
    for (;;) {
      const entry = job.progress.find(({ number }) => number >= next)
      if (entry === undefined) break
      next = entry.number + 1
      yield { kind: 'progress', progress: entry.progress }
      if (signal.aborted) return
    }
    if (job.view.error !== null) throw AppError.fromInfo(job.view.error)
    if (job.view.state === 'running') continue
    yield { kind: 'done', output: job.output }
    return
  }
}

function countRunning(jobs: ReadonlyMap<TaskId, Job>): number {
  let running = 0
  for (const job of jobs.values()) if (job.view.state === 'running') running++
  return running
}

/** Jobs stand in the order of their start; the oldest ended one goes first. */
function forgetOldest(jobs: Map<TaskId, Job>): void {
  let ended = jobs.size - countRunning(jobs)
  for (const [id, job] of jobs) {
    if (ended <= MAX_ENDED) return
    if (job.view.state === 'running') continue
    jobs.delete(id)
    ended--
  }
}
