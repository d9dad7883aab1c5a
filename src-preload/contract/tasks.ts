/** Long jobs: seen in the drawer by every window, whoever started them. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { TaskId } from './ids.ts'
import { AtMs } from './units.ts'

export const TaskView = z.object({
  id: TaskId,
  /** The contract's name of the task (`exports.series`, …). */
  name: z.string(),
  /** Facts for the drawer's words (file name, server name). */
  subject: z.record(z.string(), z.string().max(300)),
  startedAtMs: AtMs,
  endedAtMs: AtMs.nullable(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** 0..1, or null when the whole is not known. */
  doneRatio: z.number().nullable(),
  /** Milliseconds to go at the present pace, where the task knows its pace. */
  remainingMs: z.number().nullable().optional(),
  error: ErrorInfo.nullable(),
  /** Facts of the result (path, rows). */
  result: z.record(z.string(), z.union([z.string().max(1024), z.number()])).nullable()
})
export type TaskView = z.infer<typeof TaskView>

export const tasksContract = {
  /** Running tasks and those that ended in this run of the console, newest first, at most 50. */
  'tasks.watch': stream(z.object({}), z.array(TaskView), 'latest'),
  'tasks.cancel': call(z.object({ taskId: TaskId }), z.null()),
  /** Takes an ended task off the list. */
  'tasks.dismiss': call(z.object({ taskId: TaskId }), z.null())
}
