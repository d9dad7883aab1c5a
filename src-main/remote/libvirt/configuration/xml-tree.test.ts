import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  element,
  parseXml,
  removeChildren,
  textOf,
  writeXml,
  type XmlElement,
  XmlProblem
} from './xml-tree.ts'

/** Characters that XML can hold at all. */
const aText = fc
  .string({ unit: 'grapheme' })
  .map((text) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff]/g, ''))
const aName = fc.constantFrom('domain', 'a', 'virthelm:tag', 'x-1')
const anElement: fc.Memo<XmlElement> = fc.memo((depth) =>
  fc
    .tuple(
      aName,
      fc.dictionary(fc.constantFrom('dev', 'xmlns:v', 'id'), aText),
      // Two texts beside each other are one when they are read again.
      depth > 1 ? fc.array(anElement(depth - 1), { maxLength: 3 }) : fc.constant([]),
      aText
    )
    .map(([name, attributes, children, text]) =>
      element(name, attributes, children.length === 0 && text !== '' ? [text] : children)
    )
)

describe('XML as a tree', () => {
  it('is written as it was read, whatever stands in it', () => {
    fc.assert(
      fc.property(anElement(3), (tree) => {
        expect(parseXml(writeXml(tree))).toEqual(tree)
      })
    )
  })

  it('takes hostile bytes for a problem and never for an accident', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '<a>',
        '</a>',
        '<a',
        ' b=',
        `'`,
        '"',
        '/>',
        '&amp;',
        '&#0;',
        '<![CDATA[',
        ']]>',
        '<!--',
        '-->',
        '<?x?>',
        '\u0000',
        'x'
      )
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((parts) => parts.join(''))
        ),
        (text) => {
          try {
            writeXml(parseXml(text))
          } catch (error) {
            expect(error).toBeInstanceOf(XmlProblem)
          }
        }
      ),
      { numRuns: 2_000 }
    )
  })

  it('refuses what declares entities, a second root and depths without end, and names the line', () => {
    const problemOf = (text: string): XmlProblem | null => {
      try {
        parseXml(text)
        return null
      } catch (error) {
        return error as XmlProblem
      }
    }
    expect(problemOf('<a>\n<!DOCTYPE x [<!ENTITY y "z">]></a>')?.line).toBe(2)
    expect(problemOf('<a>\n\n<b></a>')?.line).toBe(3)
    expect(problemOf('<a/><b/>')).toBeInstanceOf(XmlProblem)
    expect(problemOf('<a>'.repeat(70) + '</a>'.repeat(70))).toBeInstanceOf(XmlProblem)
    expect(problemOf('')).toBeInstanceOf(XmlProblem)
  })

  it('resolves the entities of XML once, and leaves CDATA alone', () => {
    expect(textOf(parseXml('<a>&amp;lt;&#65;&#x42;&unknown;</a>'))).toBe('&lt;AB&unknown;')
    expect(textOf(parseXml('<a><![CDATA[<b>&amp;]]></a>'))).toBe('<b>&amp;')
  })

  it('takes children out without a trace', () => {
    const tree = parseXml('<os>\n  <type/>\n  <boot/>\n  <boot/>\n</os>')
    removeChildren(tree, ({ name }) => name === 'boot')
    expect(writeXml(tree)).toBe('<os>\n  <type/>\n</os>')
  })
})
