/** One check in words: what it is about, what was found, what to do, and the server's own words. */
import type { MigrationCheck } from '#contract/migration.ts'
import { useI18n } from 'vue-i18n'
import { formatBytes, quantityText } from '../../format/index.ts'
import { visibleText } from '../../ui/index.ts'

export interface CheckWords {
  readonly title: string
  readonly found: string
  /** '' when nothing has to be done. */
  readonly fix: string
  /** The server's own words; '' when there are none. */
  readonly own: string
}

/** In setup only. */
export function useCheckWords(): (check: MigrationCheck) => CheckWords {
  const i18n = useI18n()
  const { t } = i18n
  return ({ id, reason, params }) => {
    const facts: Record<string, string> = {}
    for (const [name, value] of Object.entries(params))
      facts[name] =
        name.endsWith('Bytes') && typeof value === 'number'
          ? quantityText(formatBytes(value))
          : visibleText(String(value))
    if (facts['state'] !== undefined && i18n.te(`machine.state.${facts['state']}`))
      facts['state'] = t(`machine.state.${facts['state']}`)
    const words = (part: 'found' | 'fix'): string => {
      const key = `migrate.check.${id}.${part}.${reason}`
      return i18n.te(key) ? t(key, facts) : ''
    }
    return {
      title: t(`migrate.check.${id}.title`),
      found: words('found'),
      fix: words('fix'),
      own: facts['words'] ?? ''
    }
  }
}
