/**
 * Builds XML: texts are escaped where they are put in, so that nothing a person or a server chose becomes markup. What XML
 * 1.0 cannot hold at all (control characters, lone surrogates) is refused.
 */

export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string | number | undefined>>
  readonly children: readonly XmlChild[]
}

/** `null` and `undefined` are left out, so that a part may be there or not. */
export type XmlChild = XmlElement | string | number | null | undefined

/** One element. Attributes that are `undefined` are left out. */
export function xml(
  name: string,
  attributes: XmlElement['attributes'] = {},
  ...children: readonly XmlChild[]
): XmlElement {
  return { name, attributes, children }
}

/** The text of a document, two blanks a level, with a line feed at its end. Throws RangeError for what XML cannot hold. */
export const xmlText = (root: XmlElement): string => `${linesOf(root, '').join('\n')}\n`

const NAME = /^[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?$/

const NOT_XML =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A reader would turn these into blanks in attributes, and CR into LF anywhere.
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;'
}

function escaped(text: string | number, characters: RegExp): string {
  const plain = String(text)
  if (NOT_XML.test(plain)) throw new RangeError('not representable in XML')
  return plain.replace(characters, (character) => ENTITIES[character] ?? '')
}

function linesOf({ name, attributes, children }: XmlElement, indent: string): string[] {
  if (!NAME.test(name)) throw new RangeError(`not an element: ${name}`)
  const head = [name]
  for (const [key, value] of Object.entries(attributes)) {
    if (!NAME.test(key)) throw new RangeError(`not an attribute: ${key}`)
    if (value !== undefined) head.push(`${key}='${escaped(value, /[&<>"'\t\n\r]/g)}'`)
  }
  const start = `${indent}<${head.join(' ')}`
  const inside = children.filter((child) => child !== null && child !== undefined)
  if (inside.length === 0) return [`${start}/>`]
  if (inside.every((child) => typeof child !== 'object')) {
    const text = inside.map((child) => escaped(child, /[&<>\r]/g)).join('')
    return [`${start}>${text}</${name}>`]
  }
  const lines = inside.flatMap((child) => {
    if (typeof child !== 'object') throw new RangeError('text beside elements')
    return linesOf(child, `${indent}  `)
  })
  return [`${start}>`, ...lines, `${indent}</${name}>`]
}
