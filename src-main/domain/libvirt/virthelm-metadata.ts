/**
 * What the console keeps about a VM in the VM's own definition: one element in a namespace of its own under <metadata>, so
 * that every console (and nobody's browser) sees the same. Reader over an already parsed document, and the writer's words
 * for `virsh metadata`. Pure.
 */

/** A name, not an address: nothing is ever fetched from it. */
export const VIRTHELM_NAMESPACE = 'https://virthelm.invalid/xmlns/1'
/** The prefix that `virsh metadata --key` writes. The reader goes by the namespace and takes any prefix. */
export const VIRTHELM_KEY = 'virthelm'

export interface VirthelmMetadata {
  /** It is not deleted by mistake: the operator has to take the mark away first. */
  readonly protected: boolean
  /** It is there to be cloned and not started by mistake. */
  readonly template: boolean
  /** The operator's own words for finding it again; each without white space, comma and colon. */
  readonly tags: readonly string[]
}

export const NO_METADATA: VirthelmMetadata = { protected: false, template: false, tags: [] }

export const MAX_TAGS = 16
/** As the console's own form takes them; whatever else stands there is not ours. */
const TAG = /^[^\s,:]{1,32}$/

/** An element as fast-xml-parser gives it: children by name, attributes behind `@`, text in `#text`. */
type Element = Readonly<Record<string, unknown>>

/** @param metadata the parsed <metadata> of a domain; anything that is not an element means no marks */
export function readVirthelmMetadata(metadata: unknown): VirthelmMetadata {
  if (!isElement(metadata)) return NO_METADATA
  for (const [name, child] of Object.entries(metadata)) {
    if (name.startsWith('@') || name.startsWith('#')) continue
    for (const element of Array.isArray(child) ? child : [child]) {
      if (!isElement(element) || namespaceOf(name, element, metadata) !== VIRTHELM_NAMESPACE) continue
      return {
        protected: element['@protected'] === 'yes',
        template: element['@template'] === 'yes',
        tags: tagsOf(name, element)
      }
    }
  }
  return NO_METADATA
}

/** The tags are children with the prefix of their parent: libvirt writes it before each when it takes the element. */
function tagsOf(name: string, element: Element): readonly string[] {
  const prefix = name.slice(0, name.indexOf(':') + 1)
  const child = element[`${prefix}tag`]
  const texts = (Array.isArray(child) ? child : [child]).filter((text) => typeof text === 'string')
  return [...new Set(texts.filter((text) => TAG.test(text)))].slice(0, MAX_TAGS)
}

/** The element without its prefix, as `virsh metadata --set` takes it. */
export function virthelmMetadataElement(marks: VirthelmMetadata): string {
  const attributes = [marks.protected ? ` protected="yes"` : '', marks.template ? ` template="yes"` : '']
  if (marks.tags.length === 0) return `<machine${attributes.join('')}/>`
  const tags = marks.tags.map((tag) => `<tag>${escaped(tag)}</tag>`)
  return `<machine${attributes.join('')}>${tags.join('')}</machine>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
const escaped = (text: string): string => text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')

/**
 * The words of virsh that make `marks` the domain's. `--config`: the next start and every other console see it; `isLive`
 * for a running VM, whose live definition would else say otherwise until it is started anew.
 */
export function virthelmMetadataArgs(uuid: string, marks: VirthelmMetadata, isLive: boolean): string[] {
  const set =
    marks.protected || marks.template || marks.tags.length > 0
      ? ['--set', virthelmMetadataElement(marks)]
      : ['--remove']
  const where = isLive ? ['--config', '--live'] : ['--config']
  return ['metadata', uuid, '--uri', VIRTHELM_NAMESPACE, '--key', VIRTHELM_KEY, ...set, ...where]
}

/** By the prefix of the name, declared on the element itself or on <metadata>. */
function namespaceOf(name: string, element: Element, metadata: Element): unknown {
  const colon = name.indexOf(':')
  const declaration = colon < 0 ? '@xmlns' : `@xmlns:${name.slice(0, colon)}`
  return element[declaration] ?? metadata[declaration]
}

const isElement = (value: unknown): value is Element =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
