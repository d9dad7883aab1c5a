/**
 * A domain's definition without what libvirt fills in at each start, so that the running one and that of the next start can
 * be laid side by side: what differs then is what a shutdown and start would change.
 */
import {
  attributesText,
  childOf,
  childrenOf,
  escapedText,
  find,
  textOf,
  type XmlElement
} from './xml-tree.ts'

export interface ComparableLines {
  readonly live: readonly string[] | null
  readonly nextBoot: readonly string[] | null
}

/** Either may be missing: a VM that is off has no live definition, a transient one no other. */
export function comparableLines(live: XmlElement | null, nextBoot: XmlElement | null): ComparableLines {
  const rules = rulesFor(live, nextBoot)
  const linesOf = (domain: XmlElement | null): string[] | null =>
    domain === null ? null : printed(domain, [], rules)
  return { live: linesOf(live), nextBoot: linesOf(nextBoot) }
}

export const differ = ({ live, nextBoot }: ComparableLines): boolean =>
  live !== null && nextBoot !== null && live.join('\n') !== nextBoot.join('\n')

interface Rules {
  /** The model of the host is put in at the start: nothing of the CPU can be compared. */
  readonly cpuOfHost: boolean
  /** Names of CPU features that the operator has asked for; libvirt adds others to a running one. */
  readonly askedFeatures: ReadonlySet<string>
  /** Loader and NVRAM are chosen at the start. */
  readonly firmwareChosen: boolean
}

function rulesFor(live: XmlElement | null, nextBoot: XmlElement | null): Rules {
  const cpus = [live, nextBoot].flatMap((domain) => (domain === null ? [] : find(domain, 'cpu')))
  const asked = nextBoot ?? live
  return {
    cpuOfHost: cpus.some(({ attributes }) => attributes['mode'] === 'host-model'),
    askedFeatures: new Set(
      (asked === null ? [] : find(asked, 'cpu', 'feature')).map(({ attributes }) => attributes['name'] ?? '')
    ),
    firmwareChosen: [live, nextBoot].some(
      (domain) => domain !== null && find(domain, 'os').some(({ attributes }) => 'firmware' in attributes)
    )
  }
}

function printed(node: XmlElement, path: readonly string[], rules: Rules): string[] {
  const indent = '  '.repeat(path.length)
  const own = [...path, node.name]
  const attributes = Object.entries(node.attributes)
    .filter(([name]) => !isNoiseAttribute(node, name, own))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const head = `${indent}<${node.name}${attributesText(attributes)}`
  const children = node.children.filter(
    (child): child is XmlElement => typeof child !== 'string' && !isNoise(child, own, rules)
  )
  const text = textOf(node)
  if (children.length === 0)
    return [text === null ? `${head}/>` : `${head}>${escapedText(text)}</${node.name}>`]
  const inside = children.map((child) => printed(child, own, rules))
  // Devices that were plugged in stand at the end of the running definition, and by their name in the other.
  if (node.name === 'devices') inside.sort((a, b) => compareText(keyOf(a), keyOf(b)))
  return [`${head}>`, ...inside.flat(), `${indent}</${node.name}>`]
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The kind of a device, then what names it: its target or its MAC address. */
function keyOf(lines: readonly string[]): string {
  const kind = /<(\S+?)[ />]/.exec(lines[0] ?? '')?.[1] ?? ''
  const name = lines.find((line) => /^ {6}<(target|mac) /.test(line)) ?? ''
  return `${kind} ${name} ${lines.join('')}`
}

const isDevice = (path: readonly string[]): boolean => path[1] === 'devices' && path.length === 3

function isNoise(child: XmlElement, path: readonly string[], rules: Rules): boolean {
  const { name, attributes } = child
  const parent = path.at(-1)
  if (path.length === 1) {
    if (name === 'seclabel' || name === 'resource' || name === 'vcpus') return true
    return name === 'cpu' && rules.cpuOfHost
  }
  if (parent === 'cpu' && path.length === 2)
    return name === 'feature' && !rules.askedFeatures.has(attributes['name'] ?? '')
  if (parent === 'os' && path.length === 2)
    return rules.firmwareChosen && ['loader', 'nvram', 'firmware'].includes(name)
  // Buses of PCI are added as devices need them.
  if (parent === 'devices') return name === 'controller' && attributes['type'] === 'pci'
  if (!isDevice(path)) return false
  if (name === 'alias' || name === 'address') return true
  switch (parent) {
    case 'disk':
      // An ejected medium leaves an empty source in the running definition.
      return name === 'backingStore' || name === 'mirror' || (name === 'source' && isEmptySource(child))
    case 'interface':
      return name === 'target' && /^(vnet|macvtap|macvlan|tap)\d+$/.test(attributes['dev'] ?? '')
    case 'channel':
      return name === 'source'
    case 'serial':
    case 'console':
      return name === 'source' && /^\/dev\/pts\/\d+$/.test(attributes['path'] ?? '')
    default:
      return false
  }
}

const isEmptySource = ({ attributes, children }: XmlElement): boolean =>
  Object.keys(attributes).every((name) => name === 'index') &&
  children.every((child) => typeof child === 'string')

function isNoiseAttribute(node: XmlElement, name: string, path: readonly string[]): boolean {
  const parent = path.at(-2)
  switch (node.name) {
    case 'domain':
      return name === 'id'
    case 'cpu':
      return path.length === 2 && name === 'check'
    case 'source':
      if (parent === 'interface')
        return name === 'portid' || (name === 'bridge' && 'network' in node.attributes)
      return parent === 'disk' && name === 'index'
    case 'console':
      return name === 'tty'
    case 'target':
      return parent === 'channel' && name === 'state'
    case 'graphics':
      return (name === 'port' || name === 'tlsPort') && node.attributes['autoport'] !== 'no'
    default:
      return false
  }
}

/** Whether every console of the document has a password in it, so that none is lost when it is written. */
export function setsEveryPassword(domain: XmlElement): boolean {
  return childrenOf(childOf(domain, 'devices'), 'graphics')
    .filter(({ attributes }) => ['vnc', 'spice'].includes(attributes['type'] ?? ''))
    .every(({ attributes }) => (attributes['passwd'] ?? '') !== '')
}
