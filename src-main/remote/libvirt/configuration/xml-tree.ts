/**
 * XML as a tree that can be changed and written again: what is not touched keeps its order, its text and its attributes.
 * DTDs and entities are refused. For documents whose every element counts; `domain-xml.ts` only picks some out.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser'

export interface XmlElement {
  readonly name: string
  readonly attributes: Record<string, string>
  readonly children: (XmlElement | string)[]
}

/** Why a text is no document. `line` counts from 1. */
export class XmlProblem extends Error {
  readonly line: number | null

  constructor(message: string, line: number | null) {
    super(message)
    this.name = 'XmlProblem'
    this.line = line
  }
}

const MAX_CHARS = 1024 * 1024
const MAX_DEPTH = 64
const ATTRIBUTES = ':@'
const TEXT = '#text'
const CDATA = '#cdata'

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Resolved below, in one pass and with nothing but XML's own: a library's idea of entities is not ours.
  processEntities: false,
  cdataPropName: CDATA,
  ignoreDeclaration: true
})

/** @throws XmlProblem */
export function parseXml(text: string): XmlElement {
  if (text.length > MAX_CHARS) throw new XmlProblem('The document is too long.', null)
  const doctype = /<!DOCTYPE|<!ENTITY/i.exec(text)
  if (doctype !== null) throw new XmlProblem('DOCTYPE and ENTITY are refused.', lineAt(text, doctype.index))
  const verdict = validated(text)
  if (verdict !== true) throw new XmlProblem(verdict.err.msg, verdict.err.line)
  const roots = elementsOf(parsed(text), 0).filter((node) => typeof node !== 'string')
  const [root] = roots
  if (root === undefined || roots.length > 1) throw new XmlProblem('There must be one root element.', null)
  return root
}

function validated(text: string): ReturnType<typeof XMLValidator.validate> {
  try {
    return XMLValidator.validate(text)
  } catch (error) {
    throw new XmlProblem(error instanceof Error ? error.message : 'not XML', null)
  }
}

function parsed(text: string): unknown {
  try {
    return parser.parse(text)
  } catch (error) {
    throw new XmlProblem(error instanceof Error ? error.message : 'not XML', null)
  }
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

function elementsOf(nodes: unknown, depth: number): (XmlElement | string)[] {
  if (depth > MAX_DEPTH) throw new XmlProblem('The document is nested too deeply.', null)
  return Array.isArray(nodes) ? nodes.flatMap((node: unknown) => nodeOf(node, depth)) : []
}

function nodeOf(node: unknown, depth: number): (XmlElement | string)[] {
  if (typeof node !== 'object' || node === null) return []
  const entries = Object.entries(node)
  const name = entries.find(([key]) => key !== ATTRIBUTES)?.[0]
  const content = entries.find(([key]) => key === name)?.[1] as unknown
  if (name === undefined || name.startsWith('?')) return []
  if (name === TEXT) return [unescaped(String(content))]
  if (name === CDATA) return [textIn(content)]
  const given = entries.find(([key]) => key === ATTRIBUTES)?.[1] as Record<string, unknown> | undefined
  const attributes = Object.create(null) as Record<string, string>
  for (const [key, value] of Object.entries(given ?? {})) attributes[key] = unescaped(String(value))
  return [{ name, attributes, children: elementsOf(content, depth + 1) }]
}

/** CDATA comes as a list with one text in it. */
function textIn(content: unknown): string {
  const first: unknown = Array.isArray(content) ? (content as unknown[])[0] : null
  const text: unknown =
    typeof first === 'object' && first !== null
      ? Object.values(first as Record<string, unknown>)[0]
      : undefined
  return typeof text === 'string' ? text : ''
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescaped(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
    (whole: string, ...groups: (string | undefined)[]) => {
      const [dec, hex, word] = groups
      if (word !== undefined) return NAMED[word.toLowerCase()] ?? whole
      const code = dec !== undefined ? Number(dec) : parseInt(hex ?? '', 16)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
    }
  )
}

const IN_TEXT: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' }
const IN_ATTRIBUTE: Readonly<Record<string, string>> = {
  ...IN_TEXT,
  "'": '&apos;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;'
}
const escapedBy = (table: Readonly<Record<string, string>>, characters: RegExp) => (text: string) =>
  text.replace(characters, (character) => table[character] ?? '')
const escapedText = escapedBy(IN_TEXT, /[&<>\r]/g)
const escapedAttribute = escapedBy(IN_ATTRIBUTE, /[&<>'"\r\n\t]/g)

/** As libvirt writes it: single quotes, no declaration. White space is what the tree has. */
export function writeXml(element: XmlElement): string {
  const head = `<${element.name}${attributesText(Object.entries(element.attributes))}`
  if (element.children.length === 0) return `${head}/>`
  const inside = element.children.map((child) =>
    typeof child === 'string' ? escapedText(child) : writeXml(child)
  )
  return `${head}>${inside.join('')}</${element.name}>`
}

export const attributesText = (attributes: readonly (readonly [string, string])[]): string =>
  attributes.map(([name, value]) => ` ${name}='${escapedAttribute(value)}'`).join('')

export { escapedText }

/** An element made by the console. */
export const element = (
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  children: readonly (XmlElement | string)[] = []
): XmlElement => ({ name, attributes: { ...attributes }, children: [...children] })

/** Elements of that name directly in it. */
export const childrenOf = (parent: XmlElement | null, name: string): XmlElement[] =>
  (parent?.children ?? []).filter(
    (child): child is XmlElement => typeof child !== 'string' && child.name === name
  )

export const childOf = (parent: XmlElement | null, name: string): XmlElement | null =>
  childrenOf(parent, name)[0] ?? null

/** All text directly in it, without the white space around. null = none. */
export function textOf(parent: XmlElement | null): string | null {
  const text = (parent?.children ?? []).filter((child) => typeof child === 'string').join('')
  return text.trim() === '' ? null : text.trim()
}

/** Takes children out, with the white space before each: no empty line stays. */
export function removeChildren(parent: XmlElement, isUnwanted: (child: XmlElement) => boolean): void {
  const { children } = parent
  for (let at = children.length - 1; at >= 0; at--) {
    const child = children[at]
    if (child === undefined || typeof child === 'string' || !isUnwanted(child)) continue
    const before = children[at - 1]
    const blank = typeof before === 'string' && before.trim() === ''
    children.splice(blank ? at - 1 : at, blank ? 2 : 1)
  }
}

/** The elements at the end of a path of names. */
export const find = (root: XmlElement, ...path: readonly string[]): XmlElement[] =>
  path.reduce<XmlElement[]>((found, name) => found.flatMap((one) => childrenOf(one, name)), [root])
