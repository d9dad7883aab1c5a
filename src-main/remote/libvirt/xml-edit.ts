/**
 * Changes a document and leaves everything else in it as it was, letter by letter: entities are neither read nor written
 * anew, so that what libvirt printed is what it gets back. New text is escaped here.
 */
import { XMLBuilder, XMLParser } from 'fast-xml-parser'
import { AppError } from '#contract/errors.ts'

const OPTIONS = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  trimValues: false,
  processEntities: false,
  commentPropName: '#comment',
  cdataPropName: '#cdata'
} as const

const MAX_CHARS = 1024 * 1024
const ATTRIBUTES = ':@'

type Raw = Record<string, unknown>

/** One element of the document; changes are made in place. */
export class XmlElement {
  readonly name: string
  readonly #raw: Raw

  constructor(raw: Raw, name: string) {
    this.#raw = raw
    this.name = name
  }

  get #children(): Raw[] {
    const children = this.#raw[this.name]
    return Array.isArray(children) ? (children as Raw[]) : []
  }

  /** Elements inside it, in order. */
  children(name?: string): XmlElement[] {
    return this.#children.flatMap((raw) => {
      const own = nameOf(raw)
      return own === null || (name !== undefined && own !== name) ? [] : [new XmlElement(raw, own)]
    })
  }

  child(name: string): XmlElement | null {
    return this.children(name)[0] ?? null
  }

  /** Takes away the elements that `goes` names. */
  remove(goes: (element: XmlElement) => boolean): void {
    this.#raw[this.name] = this.#children.filter((raw) => {
      const name = nameOf(raw)
      return name === null || !goes(new XmlElement(raw, name))
    })
  }

  attribute(name: string): string | null {
    const value = (this.#raw[ATTRIBUTES] as Raw | undefined)?.[`@${name}`]
    return typeof value === 'string' ? decoded(value) : null
  }

  setAttribute(name: string, value: string | null): void {
    const attributes: Raw = { ...(this.#raw[ATTRIBUTES] as Raw | undefined) }
    if (value === null) delete attributes[`@${name}`]
    else attributes[`@${name}`] = escaped(value)
    this.#raw[ATTRIBUTES] = attributes
  }

  text(): string {
    const texts = this.#children.map((raw) => raw['#text']).filter((text) => typeof text === 'string')
    return decoded(texts.join(''))
  }

  /** Everything inside goes; '' leaves an empty element. */
  setText(text: string): void {
    this.#raw[this.name] = text === '' ? [] : [{ '#text': escaped(text) }]
  }
}

/** @throws AppError protocolViolation when the text is too long, declares entities, or has another root */
export function editXml(text: string, root: string, change: (element: XmlElement) => void): string {
  const violation = (reason: string, cause?: unknown): AppError =>
    new AppError('protocolViolation', { params: { subject: root, reason }, cause })
  if (text.length > MAX_CHARS) throw violation('tooLong')
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw violation('doctype')
  let document: Raw[]
  try {
    document = new XMLParser({ ...OPTIONS, parseTagValue: false, parseAttributeValue: false }).parse(
      text
    ) as Raw[]
  } catch (cause) {
    throw violation('notXml', cause)
  }
  const element = document.find((raw) => nameOf(raw) === root)
  if (element === undefined) throw violation('noRoot')
  change(new XmlElement(element, root))
  return new XMLBuilder({ ...OPTIONS, suppressEmptyNode: true, suppressBooleanAttributes: false }).build([
    element
  ])
}

const nameOf = (raw: Raw): string | null =>
  Object.keys(raw).find((key) => key !== ATTRIBUTES && !key.startsWith('#')) ?? null

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;'
}

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign)

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, dec, hex, name) => {
    if (typeof name === 'string') return (Object.hasOwn(NAMED, name) ? NAMED[name] : undefined) ?? whole
    const code = typeof dec === 'string' ? Number(dec) : parseInt(String(hex), 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
