/** Messages with one name in them, for lists that need them for each of their rows. */
import { useI18n } from 'vue-i18n'

/** No message and no name has this character: what comes from a server is shown by `visibleText`. */
const GAP = '\u0000'

const known = new Map<string, readonly string[]>()

/**
 * In setup only. Says what `t(key, { [name]: text })` would, of a message that is read and put together once: while a table is
 * scrolled, `t` itself is a tenth of the work. The language does not change while the window lives.
 */
export function useWordsAround(key: string, name: string): (text: string) => string {
  const { t } = useI18n()
  return (text) => {
    let parts = known.get(key)
    if (parts === undefined) known.set(key, (parts = t(key, { [name]: GAP }).split(GAP)))
    return parts.join(text)
  }
}
