/** Writes XML: every text is escaped here, so no caller ever puts one into markup by itself. */

export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly (XmlElement | string)[]
}

/** `null` children are left out, so that optional elements read as one line. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly (XmlElement | string | null)[]
): XmlElement {
  return { name, attributes, children: children.filter((child) => child !== null) }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;'
}

/** Control characters that XML cannot hold at all become the replacement character. */
export const escapeXml = (text: string): string =>
  text
    .replace(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character] ?? '')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')

/** The document with two blanks per level; an element with a text stays on its line. */
export function xmlText(root: XmlElement, indent = ''): string {
  const attributes = Object.entries(root.attributes)
    .map(([name, value]) => ` ${name}='${escapeXml(value)}'`)
    .join('')
  const open = `${indent}<${root.name}${attributes}`
  if (root.children.length === 0) return `${open}/>\n`
  if (root.children.every((child) => typeof child === 'string'))
    return `${open}>${escapeXml(root.children.join(''))}</${root.name}>\n`
  const inner = root.children.map((child) =>
    typeof child === 'string' ? `${indent}  ${escapeXml(child)}\n` : xmlText(child, `${indent}  `)
  )
  return `${open}>\n${inner.join('')}${indent}</${root.name}>\n`
}
