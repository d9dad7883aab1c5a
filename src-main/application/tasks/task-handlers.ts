/** What the window can ask about long jobs, whatever they do. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { TaskHost } from './task-registry.ts'

type TaskHandlers = Pick<Handlers<VirthelmContract>, 'tasks.watch' | 'tasks.cancel' | 'tasks.dismiss'>

export function taskHandlers(tasks: TaskHost): TaskHandlers {
  return {
    'tasks.watch': (_input, { signal }) => tasks.watch(signal),
    'tasks.cancel': async ({ taskId }) => {
      tasks.cancel(taskId)
      return null
    },
    'tasks.dismiss': async ({ taskId }) => {
      tasks.dismiss(taskId)
      return null
    }
  }
}
