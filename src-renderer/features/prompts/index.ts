import { watch } from 'vue'
import { useDialogs } from '../../ui/index.ts'
import PromptDialog from './PromptDialog.vue'
import { usePrompts } from './store.ts'

/** Shows each question once, oldest first, on top of whatever is open. Called by the shell. */
export function watchPrompts(): void {
  const prompts = usePrompts()
  const dialogs = useDialogs()
  const asked = new Set<string>()
  watch(
    () => prompts.open,
    (open) => {
      for (const prompt of open) {
        if (asked.has(prompt.id)) continue
        asked.add(prompt.id)
        void dialogs.open(PromptDialog, { prompt })
      }
    },
    { immediate: true }
  )
}
