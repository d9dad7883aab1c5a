import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { xml, xmlText } from './xml-builder.ts'

const reader = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: { enabled: true, maxTotalExpansions: 1_000_000 },
  htmlEntities: true
})

const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

describe('the builder', () => {
  it('gives any text back as it was, in an element and in an attribute', () => {
    const texts = fc
      .string({ unit: 'binary' })
      .filter((text) => text !== '' && !NOT_XML.test(text) && text.isWellFormed())
    fc.assert(
      fc.property(texts, texts, (inside, attribute) => {
        const read = reader.parse(xmlText(xml('a', { b: attribute }, inside))) as {
          a: { '@b': string; '#text': string }
        }
        expect(read.a['@b']).toBe(attribute)
        expect(read.a['#text']).toBe(inside)
      })
    )
  })

  it('refuses what XML cannot hold, and names that are no names', () => {
    for (const text of ['a\0b', '\u001b[31m', '\ud800', 'x\uffff'])
      expect(() => xmlText(xml('a', {}, text))).toThrow(RangeError)
    expect(() => xmlText(xml('a b'))).toThrow(RangeError)
    expect(() => xmlText(xml('a', { 'x=""><b': 1 }))).toThrow(RangeError)
  })

  it('leaves out what is not there', () => {
    expect(xmlText(xml('a', { b: undefined }, null, undefined, xml('c', { d: 1 })))).toBe(
      "<a>\n  <c d='1'/>\n</a>\n"
    )
  })
})
