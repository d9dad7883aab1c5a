/** What in a text of others misleads or hides: one list for the window and for messages that leave the console. */

/**
 * Controls; soft hyphen, joiners and fillers that show nothing; bidi controls; line separators; BOM; tag characters; lone
 * surrogates. Written as code points: the characters themselves would be invisible here too.
 */
export const MISLEADING = new RegExp(
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

/** The same character as signs that every font has: `‹U+202E›`. */
export const madeVisible = (character: string): string =>
  `‹U+${(character.codePointAt(0) ?? 0xfffd).toString(16).toUpperCase().padStart(4, '0')}›`
