/** Text into HTML and SVG. Everything that is not this console's own markup goes through here. */

/** Controls, invisible and direction-changing characters, lone surrogates: shown by their number, so that they cannot mislead. */
const MISLEADING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu

const visible = (character: string): string =>
  `‹U+${(character.codePointAt(0) ?? 0xfffd).toString(16).toUpperCase().padStart(4, '0')}›`

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;'
}

/** Inert as a text node and within a quoted attribute, in HTML and in SVG. */
export function escapeText(text: string): string {
  return text.replace(MISLEADING, visible).replace(/[&<>"'`]/g, (sign) => ENTITIES[sign] ?? '')
}
