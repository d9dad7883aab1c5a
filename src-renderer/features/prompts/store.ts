/** Questions of logins that wait for the operator. */
import type { Prompt } from '#contract/servers.ts'
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch } from '../../app/watch.ts'

export const usePrompts = defineStore('prompts', () => {
  const open = shallowRef<readonly Prompt[]>([])
  const watch = createWatch<Prompt[]>(useRpc(), {
    open: (rpc, signal) => rpc.stream('prompts.watch', {}, { signal }),
    apply: (prompts) => {
      open.value = prompts
    }
  })
  watch.acquire()
  return { open }
})
