/** Fields and values of a plan in words where there are some; else as they stand in the file. */
import type { FieldChange } from '#contract/configuration-file.ts'
import { useI18n } from 'vue-i18n'
import { visibleText } from '../../ui/index.ts'

export interface ChangeWords {
  readonly field: string
  /** It is a name of the file's, not a word. */
  readonly isRaw: boolean
  readonly from: string
  readonly to: string
}

/** In setup only. */
export function useFieldWords(): (change: FieldChange) => ChangeWords {
  const i18n = useI18n()
  const { t } = i18n
  const value = (text: string | null): string => {
    if (text === null || text === 'null' || text === '' || text === '[]')
      return t('configurationFile.import.noValue')
    if (text === 'true') return t('configurationFile.import.onValue')
    if (text === 'false') return t('configurationFile.import.offValue')
    return visibleText(plainList(text))
  }
  return ({ path, from, to }) => {
    const key = `configurationFile.field.${path.replaceAll('.', '-')}`
    const isRaw = !i18n.te(key)
    return { field: isRaw ? visibleText(path) : t(key), isRaw, from: value(from), to: value(to) }
  }
}

/** A list of words without its brackets. */
function plainList(text: string): string {
  if (!text.startsWith('["')) return text
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) && list.every((one) => typeof one === 'string') ? list.join(', ') : text
  } catch (error) {
    // It was cut in the middle.
    if (error instanceof SyntaxError) return text
    throw error
  }
}
