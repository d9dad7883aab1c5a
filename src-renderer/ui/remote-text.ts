/**
 * Text that a server, a guest or a stranger chose. It is only ever put into text nodes; here it also loses the power to
 * mislead: control and bidi characters, zero-width characters and lone surrogates become visible.
 */
import { MISLEADING, madeVisible } from '#contract/misleading-text.ts'

/**
 * The text with every misleading character made visible: a right-to-left override between a and b reads `a‹U+202E›b`.
 * `multiline` keeps newlines and tabs (a command's output).
 */
export function visibleText(text: string, options: { multiline?: boolean } = {}): string {
  return text.replace(MISLEADING, (character) => {
    if (options.multiline === true && (character === '\n' || character === '\t')) return character
    return madeVisible(character)
  })
}
