/** Reading libvirt's XML of any kind. The text is a server's: DTDs and entities are refused, the length is capped. */
import { XMLParser } from 'fast-xml-parser'
import { AppError } from '#contract/errors.ts'

export type XmlNode = Readonly<Record<string, unknown>>

const MAX_CHARS = 2 * 1024 * 1024

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Only the five of XML itself and character references; DOCTYPE is refused before.
  processEntities: true
})

/**
 * The element of this name at the top of the document.
 * @throws AppError protocolViolation {subject, reason}
 */
export function rootOf(text: string, name: string): XmlNode {
  const violation = (reason: string, cause?: unknown): AppError =>
    new AppError('protocolViolation', { params: { subject: name, reason }, cause })
  if (text.length > MAX_CHARS) throw violation('tooLong')
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw violation('doctype')
  let document: unknown
  try {
    document = parser.parse(text.trimStart())
  } catch (error) {
    throw violation('notXml', error)
  }
  const root = isNode(document) ? childOf(document, name) : null
  if (root === null) throw violation('noRoot')
  return root
}

export const isNode = (value: unknown): value is XmlNode =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** All elements of the name; a text alone counts as an element without attributes. */
export function childrenOf(node: XmlNode | null, name: string): readonly XmlNode[] {
  if (node === null || !Object.hasOwn(node, name)) return []
  const value = node[name]
  return (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((child) =>
    isNode(child) ? [child] : typeof child === 'string' ? [{ '#text': child }] : []
  )
}

export const childOf = (node: XmlNode | null, name: string): XmlNode | null =>
  childrenOf(node, name)[0] ?? null

export function attributeOf(node: XmlNode | null, name: string): string | null {
  const value = node?.[`@${name}`]
  return typeof value === 'string' ? value : null
}

/** Text of an element; an empty one has none. */
export function textOf(node: XmlNode | null): string | null {
  const text = node?.['#text']
  return typeof text === 'string' && text !== '' ? text : null
}

/** Every attribute and text anywhere below. */
export function* stringsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (Array.isArray(value)) for (const item of value as unknown[]) yield* stringsOf(item)
  else if (isNode(value)) for (const item of Object.values(value)) yield* stringsOf(item)
}
