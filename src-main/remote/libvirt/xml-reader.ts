/**
 * Reads libvirt's XML documents. The texts are a server's, and much in them was chosen by owners of VMs: DTDs and entities are
 * refused, lengths are capped. For documents of which some is picked out; `configuration/xml-tree.ts` keeps every element.
 */
import { XMLParser } from 'fast-xml-parser'
import { AppError } from '#contract/errors.ts'

const MAX_CHARS = 2 * 1024 * 1024
/** Longer than any path can be; the window takes no longer text. */
export const MAX_TEXT = 4096

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // A chain of images is one element inside the other.
  maxNestedTags: 1000,
  // Only the five of XML itself and character references; DOCTYPE is refused before.
  processEntities: true
})

/** An element: attributes under `@name`, its text under `#text`, child elements under their names. */
export type XmlNode = Readonly<Record<string, unknown>>

/**
 * The document's root element.
 * @throws AppError protocolViolation {subject, reason} when the text is too long, declares entities, or is no such document
 */
export function readXml(text: string, root: string, subject = root): XmlNode {
  const violation = (reason: string, cause?: unknown): AppError =>
    new AppError('protocolViolation', { params: { subject, reason }, cause })
  if (text.length > MAX_CHARS) throw violation('tooLong')
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw violation('doctype')
  let document: unknown
  try {
    document = parser.parse(text.trimStart())
  } catch (error) {
    throw violation('notXml', error)
  }
  const element = isNode(document) ? childOf(document, root) : null
  if (element === null) throw violation('notThisDocument')
  return element
}

export const isNode = (value: unknown): value is XmlNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** All elements of the name; a text alone counts as an element without attributes. */
export function childrenOf(node: XmlNode | null, name: string): readonly XmlNode[] {
  if (node === null || !Object.hasOwn(node, name)) return []
  const children: unknown = node[name]
  return (Array.isArray(children) ? (children as readonly unknown[]) : [children]).flatMap((child) =>
    isNode(child) ? [child] : typeof child === 'string' ? [{ '#text': child }] : []
  )
}

/** The first element of the name. */
export const childOf = (node: XmlNode | null, name: string): XmlNode | null =>
  childrenOf(node, name)[0] ?? null

export function attributeOf(node: XmlNode | null, name: string): string | null {
  const value = node === null || !Object.hasOwn(node, `@${name}`) ? undefined : node[`@${name}`]
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : null
}

/** The element's own text, as it stands; an empty one has none. */
export function ownTextOf(node: XmlNode | null): string | null {
  const text = node?.['#text']
  return typeof text === 'string' && text !== '' ? text.slice(0, MAX_TEXT) : null
}

/** The text of a child element. */
export const textOf = (node: XmlNode | null, name: string): string | null => ownTextOf(childOf(node, name))

export function wholeNumber(text: string | null): number | null {
  const trimmed = text?.trim() ?? ''
  const number = /^\d{1,16}$/.test(trimmed) ? Number(trimmed) : NaN
  return Number.isSafeInteger(number) ? number : null
}

/** A size that libvirt writes in bytes (`<capacity unit='bytes'>`). */
export function bytesOf(node: XmlNode | null, name: string): number | null {
  const element = childOf(node, name)
  const unit = attributeOf(element, 'unit')
  return unit === null || unit === 'bytes' ? wholeNumber(ownTextOf(element)) : null
}

/** Every attribute and text anywhere below. */
export function* stringsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (Array.isArray(value)) for (const item of value as unknown[]) yield* stringsOf(item)
  else if (isNode(value)) for (const item of Object.values(value)) yield* stringsOf(item)
}
