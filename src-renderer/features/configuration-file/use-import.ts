/** One import on its way: the file is checked, perhaps unlocked, planned as the choice stands, and done. */
import { computed, onUnmounted, reactive, ref, shallowRef, watch } from 'vue'
import {
  ConfigurationSection,
  MAX_CONFIGURATION_FILE_BYTES,
  type ConfigurationFileSummary,
  type ImportChoice,
  type ImportMode,
  type ImportPlan,
  type ImportResult
} from '#contract/configuration-file.ts'
import { AppError } from '#contract/errors.ts'
import { rememberedLayout, restoreLayout } from '../../app/remembered.ts'
import { useRpc } from '../../app/rpc-provider.ts'

/** In the setup of a dialog; nothing is held any more once it is gone. */
export function useImport(file: File) {
  const rpc = useRpc()
  const importId = ref<string | null>(null)
  const summary = shallowRef<ConfigurationFileSummary | null>(null)
  const plan = shallowRef<ImportPlan | null>(null)
  const result = shallowRef<ImportResult | null>(null)
  const secrets = ref<number | null>(null)
  const error = shallowRef<unknown>(null)
  const unlockError = shallowRef<unknown>(null)
  const busy = ref<'unlock' | 'apply' | null>(null)
  const mode = ref<ImportMode>('merge')
  const chosen = reactive(new Set<ConfigurationSection>(ConfigurationSection.options))
  const accepted = reactive(new Set<string>())
  let asked = 0
  let isGone = false

  const choice = computed<ImportChoice | null>(() =>
    importId.value === null
      ? null
      : {
          importId: importId.value,
          mode: mode.value,
          sections: ConfigurationSection.options.filter((section) => chosen.has(section)),
          acceptedKeys: [...accepted],
          layout: rememberedLayout()
        }
  )

  async function check(): Promise<void> {
    try {
      if (file.size > MAX_CONFIGURATION_FILE_BYTES)
        throw new AppError('configurationFileInvalid', { params: { fault: 'tooLarge' } })
      const answer = await rpc.call('configurationFile.check', { text: await file.text() })
      importId.value = answer.importId
      summary.value = answer.summary
      if (isGone) drop()
    } catch (cause) {
      error.value = cause
    }
  }

  /** The answer to the newest choice is the one that is shown. */
  async function look(): Promise<void> {
    if (choice.value === null || result.value !== null) return
    const mine = ++asked
    try {
      const next = await rpc.call('configurationFile.plan', choice.value)
      if (mine === asked) plan.value = next
    } catch (cause) {
      if (mine === asked) error.value = cause
    }
  }
  watch([choice, secrets], () => void look())

  async function unlock(passphrase: string): Promise<boolean> {
    if (importId.value === null || busy.value !== null) return false
    busy.value = 'unlock'
    unlockError.value = null
    try {
      const answer = await rpc.call('configurationFile.unlock', { importId: importId.value, passphrase })
      secrets.value = answer.secrets
      return true
    } catch (cause) {
      unlockError.value = cause
      return false
    } finally {
      busy.value = null
    }
  }

  async function apply(typedCount: string): Promise<void> {
    if (choice.value === null || plan.value === null || busy.value !== null) return
    busy.value = 'apply'
    error.value = null
    try {
      const { digest } = plan.value
      const done = await rpc.call('configurationFile.apply', { ...choice.value, digest, typedCount })
      if (done.layout !== null) restoreLayout(done.layout)
      importId.value = null
      result.value = done
    } catch (cause) {
      error.value = cause
      // What is here is not what was looked at: the new plan stands below the words that say so.
      await look()
    } finally {
      busy.value = null
    }
  }

  function drop(): void {
    if (importId.value === null) return
    // Whether it is held any longer is the engine's own concern: it lets go of the oldest by itself.
    rpc.call('configurationFile.drop', { importId: importId.value }).catch(() => undefined)
    importId.value = null
  }
  onUnmounted(() => {
    isGone = true
    drop()
  })

  return {
    summary,
    plan,
    result,
    secrets,
    error,
    unlockError,
    busy,
    mode,
    chosen,
    accepted,
    check,
    unlock,
    apply
  }
}
