/** Documents of libvirt as trees in which nothing is lost: what is read can be written again, byte for byte. */
import { XMLBuilder, XMLParser } from 'fast-xml-parser'

/** An element, in its document's order. Text stands as in the document (entities are not resolved). */
export interface XmlElement {
  readonly name: string
  readonly attributes: Record<string, string>
  readonly children: XmlNode[]
}
export type XmlNode = XmlElement | string

const MAX_CHARS = 2 * 1024 * 1024
const OPTIONS = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  processEntities: false,
  suppressBooleanAttributes: false
} as const
const parser = new XMLParser({
  ...OPTIONS,
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false
})
const builder = new XMLBuilder({ ...OPTIONS, suppressEmptyNode: true })

type Raw = Readonly<Record<string, unknown>>

/** null: too long, not XML, declares entities, or its root is another element. */
export function readXml(text: string, root: string): XmlElement | null {
  if (text.length > MAX_CHARS || /<!DOCTYPE|<!ENTITY/i.test(text)) return null
  try {
    const parsed: unknown = parser.parse(text)
    if (!Array.isArray(parsed)) return null
    const nodes = parsed.flatMap((raw) => nodeOf(raw as Raw))
    const found = nodes.find((node): node is XmlElement => typeof node !== 'string' && node.name === root)
    return found ?? null
  } catch {
    // Not well-formed, or with a DTD: callers treat it as not there.
    return null
  }
}

export const writeXml = (element: XmlElement): string => String(builder.build([rawOf(element)]))

function nodeOf(raw: Raw): XmlNode[] {
  const text = raw['#text']
  if (typeof text === 'string' || typeof text === 'number') return [String(text)]
  const name = Object.keys(raw).find((key) => key !== ':@')
  // Comments and processing instructions say nothing to libvirt.
  if (name === undefined || name.startsWith('?') || name.startsWith('#')) return []
  const children = raw[name]
  const attributes = Object.entries((raw[':@'] ?? {}) as Raw).map(([key, value]) => [
    key,
    // Single quotes may have held double ones; they are written in double quotes.
    String(value).replaceAll('"', '&quot;')
  ])
  return [
    {
      name,
      attributes: Object.fromEntries(attributes) as Record<string, string>,
      children: Array.isArray(children) ? children.flatMap((child) => nodeOf(child as Raw)) : []
    }
  ]
}

function rawOf(node: XmlNode): Raw {
  if (typeof node === 'string') return { '#text': node }
  return { [node.name]: node.children.map(rawOf), ':@': node.attributes }
}

const isElement = (node: XmlNode): node is XmlElement => typeof node !== 'string'

export const childrenOf = (element: XmlElement | null, name: string): XmlElement[] =>
  element === null ? [] : element.children.filter(isElement).filter((child) => child.name === name)

/** The element at the end of the path; null when a step is missing. */
export function elementAt(element: XmlElement | null, ...path: readonly string[]): XmlElement | null {
  let found: XmlElement | null = element
  for (const name of path) found = childrenOf(found, name)[0] ?? null
  return found
}

/** An attribute with its references resolved; null when it is not there. */
export function attributeOf(element: XmlElement | null, name: string): string | null {
  if (element === null || !Object.hasOwn(element.attributes, name)) return null
  return unescapeXml(element.attributes[name] ?? '')
}

/** The element's text with its references resolved; null when there is none. */
export function textOf(element: XmlElement | null): string | null {
  if (element === null) return null
  const text = element.children.filter((child) => typeof child === 'string').join('')
  return text === '' ? null : unescapeXml(text)
}

/** Whole numbers as libvirt writes them; null for anything else. */
export function numberIn(text: string | null): number | null {
  const trimmed = text?.trim() ?? ''
  return /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : null
}

const REFERENCES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeXml(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,4});/gi, (whole, reference: string) => {
    if (!reference.startsWith('#'))
      return Object.hasOwn(REFERENCES, reference) ? (REFERENCES[reference] ?? whole) : whole
    const code =
      reference[1] === 'x' || reference[1] === 'X'
        ? parseInt(reference.slice(2), 16)
        : Number(reference.slice(1))
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

/** Any text as the content of an element or of an attribute. */
export const escapeXml = (text: string): string =>
  text.replace(/[<>&"'\t\n\r]/g, (c) => `&#${c.charCodeAt(0)};`)

export const setAttribute = (element: XmlElement, name: string, value: string): void => {
  element.attributes[name] = escapeXml(value)
}

export function setText(element: XmlElement, value: string): void {
  element.children.length = 0
  element.children.push(escapeXml(value))
}
