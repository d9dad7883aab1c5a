/** Long jobs of the engine, whoever started them. */
import type { TaskId } from '#contract/ids.ts'
import type { TaskView } from '#contract/tasks.ts'
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch } from '../../app/watch.ts'

export const useTasks = defineStore('tasks', () => {
  const rpc = useRpc()
  const all = shallowRef<readonly TaskView[]>([])
  const drawerOpen = ref(false)
  const watch = createWatch<TaskView[]>(rpc, {
    open: (from, signal) => from.stream('tasks.watch', {}, { signal }),
    apply: (tasks) => {
      all.value = tasks
    }
  })
  watch.acquire()

  return {
    all,
    drawerOpen,
    running: computed(() => all.value.filter((task) => task.state === 'running')),
    cancel: async (taskId: TaskId): Promise<void> => {
      await rpc.call('tasks.cancel', { taskId })
    },
    dismiss: async (taskId: TaskId): Promise<void> => {
      await rpc.call('tasks.dismiss', { taskId })
    }
  }
})
