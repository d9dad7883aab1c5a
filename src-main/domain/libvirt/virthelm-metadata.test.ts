import { XMLParser } from 'fast-xml-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  NO_METADATA,
  readVirthelmMetadata,
  VIRTHELM_NAMESPACE,
  virthelmMetadataArgs,
  virthelmMetadataElement
} from './virthelm-metadata.ts'

const parse = (inside: string): unknown =>
  (
    new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: '@',
      parseAttributeValue: false,
      parseTagValue: false
    }).parse(`<domain><metadata>${inside}</metadata></domain>`) as { domain: { metadata: unknown } }
  ).domain.metadata

/** As libvirt stores what `virsh metadata --set` was given. */
const stored = (element: string, prefix = 'virthelm'): string =>
  element
    .replaceAll(/<(\/?)(machine|tag)/g, `<$1${prefix}:$2`)
    .replace(/machine(?=[ />])/, `machine xmlns:${prefix}="${VIRTHELM_NAMESPACE}"`)

describe('marks of the console in a VM’s definition', () => {
  it('are read as they were written, whatever the prefix and whatever stands beside them', () => {
    const others = '<libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0"/>'
    const aTag = fc.constantFrom('web', 'db', '12', 'été', '<b>', 'a&amp;b', ']]>', '"')
    const tags = fc.uniqueArray(aTag, { maxLength: 8 })
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), tags, fc.constantFrom('virthelm', 'v'), (a, b, c, prefix) => {
        const marks = { protected: a, template: b, tags: c }
        const text = others + stored(virthelmMetadataElement(marks), prefix)
        expect(readVirthelmMetadata(parse(text))).toEqual(marks)
      })
    )
  })

  it('are not taken from another namespace, nor from what is no element', () => {
    const foreign = '<virthelm:machine xmlns:virthelm="urn:other" protected="yes" template="yes"/>'
    for (const metadata of [parse(foreign), parse(''), parse('text'), undefined, null, [], 12])
      expect(readVirthelmMetadata(metadata)).toEqual(NO_METADATA)
    fc.assert(fc.property(fc.anything(), (value) => void readVirthelmMetadata(value)))
  })

  it('are taken away when none is left', () => {
    expect(virthelmMetadataArgs('u', NO_METADATA, false)).toContain('--remove')
    expect(virthelmMetadataArgs('u', { protected: false, template: true, tags: [] }, true).slice(-4)).toEqual(
      ['--set', '<machine template="yes"/>', '--config', '--live']
    )
  })
})
