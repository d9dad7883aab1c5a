/** A check of the engine in a sentence. */
import type { CreateCheck } from '#contract/create.ts'
import { useI18n } from 'vue-i18n'
import { formatBytes, quantityText } from '../../format/index.ts'
import { visibleText } from '../../ui/index.ts'

export interface CheckWords {
  sentence(check: Pick<CreateCheck, 'id' | 'reason' | 'params'>): string
}

export function useCheckWords(): CheckWords {
  const i18n = useI18n()
  const { t } = i18n
  const shown = (name: string, value: string | number): string => {
    if (name.endsWith('Bytes')) return quantityText(formatBytes(Number(value)))
    if (name === 'firmware' || name === 'wanted') {
      const key = `createMachine.firmware.${String(value)}`
      return i18n.te(key) ? t(key) : String(value)
    }
    return visibleText(String(value))
  }
  return {
    sentence({ id, reason, params }) {
      const key = `createMachine.reason.${id}.${reason}`
      const facts = Object.fromEntries(
        Object.entries(params).map(([name, value]) => [name, shown(name, value)])
      )
      // A reason of a newer engine: its word is better than nothing.
      return i18n.te(key) ? t(key, facts) : reason
    }
  }
}
