/**
 * Text that a server, a guest or a stranger chose. It is only ever put into text nodes; here it also loses the power to
 * mislead: control and bidi characters, zero-width characters and lone surrogates become visible.
 */

/** Only signs that the bundled fonts have. */
const escaped = (code: number): string => `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`

/**
 * Controls; soft hyphen, joiners and fillers that show nothing; bidi controls; line separators; BOM; tag characters; lone
 * surrogates. Written as code points: the characters themselves would be invisible here too.
 */
const MISLEADING = new RegExp(
  [
    '\\p{Cc}',
    '\\p{Cf}',
    '\\p{Cs}',
    '\\p{Zl}',
    '\\p{Zp}',
    '\\u034f',
    '\\u115f',
    '\\u1160',
    '\\u17b4',
    '\\u17b5',
    '\\u3164',
    '\\uffa0'
  ].join('|'),
  'gu'
)

/**
 * The text with every misleading character made visible: a right-to-left override between a and b reads `a‹U+202E›b`.
 * `multiline` keeps newlines and tabs (a command's output).
 */
export function visibleText(text: string, options: { multiline?: boolean } = {}): string {
  return text.replace(MISLEADING, (character) => {
    const code = character.codePointAt(0) ?? 0xfffd
    if (options.multiline === true && (code === 0x0a || code === 0x09)) return character
    return escaped(code)
  })
}
