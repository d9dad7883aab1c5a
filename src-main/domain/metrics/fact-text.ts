/** Texts of facts. All are remote: hostile, shown as text only. */

const MAX_TEXT = 256

/** Without control characters (a device tree's text ends in NUL), trimmed, at most 256 characters; null when empty. */
export function clean(text: string | null | undefined): string | null {
  const trimmed = text
    ?.replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT)
  return trimmed === undefined || trimmed === '' ? null : trimmed
}

export function firstLine(text: string | undefined): string | null {
  return clean(text?.split('\n', 1)[0])
}

/** Words that boards print when nobody filled them in. */
const NO_WORDS =
  /^(?:to be filled.*|default string|system (?:manufacturer|product name|serial number|version)|base ?board.*|none|unknown|not (?:specified|applicable|available|provided)|no dimm|n\/a|o\.e\.m\.|[0.\s]+|x+|123456789|(?:chassis|serial) ?number)$/i

/** null also for a text that nobody filled in. */
export function filledIn(text: string | null | undefined): string | null {
  const known = clean(text)
  return known === null || NO_WORDS.test(known) ? null : known
}
