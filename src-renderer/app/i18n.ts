/** English is the source; another language is another file with the same shape. */
import { createI18n } from 'vue-i18n'
import { en } from '../locales/en.ts'

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en },
  missingWarn: import.meta.env.DEV,
  fallbackWarn: false
})
