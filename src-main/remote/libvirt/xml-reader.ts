/** Reads libvirt's XML documents. The texts are a server's, and much in them was chosen by owners of VMs. */
import { XMLParser } from 'fast-xml-parser'
import { AppError } from '#contract/errors.ts'

const MAX_CHARS = 1024 * 1024
const MAX_TEXT = 4096
const MAX_ELEMENTS = 1024

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Only the five of XML itself and character references; DOCTYPE is refused before.
  processEntities: true
})

/** An element: attributes under `@name`, its text under `#text`, child elements under their names. */
export type XmlNode = Readonly<Record<string, unknown>>

/**
 * The document's root element.
 * @throws AppError protocolViolation when the text is too long, declares entities, or is no such document
 */
export function readXml(text: string, root: string, subject: string): XmlNode {
  const violation = (reason: string, cause?: unknown): AppError =>
    new AppError('protocolViolation', { params: { subject, reason }, cause })
  if (text.length > MAX_CHARS) throw violation('tooLong')
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw violation('doctype')
  let document: unknown
  try {
    document = parser.parse(text)
  } catch (error) {
    throw violation('notXml', error)
  }
  const element = isNode(document) ? childOf(document, root) : null
  if (element === null) throw violation('notThisDocument')
  return element
}

const isNode = (value: unknown): value is XmlNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const asNode = (value: unknown): XmlNode | null =>
  isNode(value) ? value : typeof value === 'string' ? { '#text': value } : null

/** The first element of the name; a text alone counts as an element without attributes. */
export function childOf(node: XmlNode | null, name: string): XmlNode | null {
  if (node === null || !Object.hasOwn(node, name)) return null
  const child = node[name]
  return asNode(Array.isArray(child) ? child[0] : child)
}

/** All elements of the name, at most 1,024. */
export function childrenOf(node: XmlNode | null, name: string): readonly XmlNode[] {
  if (node === null || !Object.hasOwn(node, name)) return []
  const children: unknown = node[name]
  return (Array.isArray(children) ? (children as readonly unknown[]) : [children])
    .slice(0, MAX_ELEMENTS)
    .map(asNode)
    .filter((child) => child !== null)
}

export function attributeOf(node: XmlNode | null, name: string): string | null {
  const value = node === null || !Object.hasOwn(node, `@${name}`) ? undefined : node[`@${name}`]
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : null
}

/** The text of a child element, as it stands; an empty one has none. */
export function textOf(node: XmlNode | null, name: string): string | null {
  const text = childOf(node, name)?.['#text']
  return typeof text === 'string' && text !== '' ? text.slice(0, MAX_TEXT) : null
}

/** A size that libvirt writes in bytes (`<capacity unit='bytes'>`). */
export function bytesOf(node: XmlNode | null, name: string): number | null {
  const element = childOf(node, name)
  const unit = attributeOf(element, 'unit')
  const text = textOf(node, name)?.trim() ?? ''
  return (unit === null || unit === 'bytes') && /^\d{1,16}$/.test(text) ? Number(text) : null
}
