/** Where a running VM's displays listen, out of `virsh dumpxml`. The text is a server's. */
import { DisplayKind } from '#contract/consoles.ts'
import type { ForwardTarget } from '../../application/servers/connection.ts'
import { attributeOf, childOf, childrenOf, readXml, textOf, type XmlNode } from './xml-reader.ts'

/** What is known of a VM's displays. */
export interface DisplayXml {
  readonly uuid: string
  /** libvirt's number of this run of the VM; null: it is off. */
  readonly runId: string | null
  /** Those that the definition has, whether they listen or not. */
  readonly kinds: readonly DisplayKind[]
  /** null: no display of the kind VNC. */
  readonly vnc: ForwardTarget | null
  /** null: no display of the kind SPICE that can be reached without TLS. */
  readonly spice: ForwardTarget | null
  /** SPICE listens with TLS only. */
  readonly spiceNeedsTls: boolean
}

const MAX_PATH_CHARS = 107
const ANY_ADDRESS = new Set(['', '0.0.0.0', '*'])
/** An address literal: a name would be looked up on the server, wherever its owner likes. */
const ADDRESS = /^[0-9A-Fa-f:.]{2,45}$/

/** @throws AppError protocolViolation when the text is too long, declares entities, or is no domain */
export function parseDisplayXml(xml: string): DisplayXml {
  const domain = readXml(xml, 'domain', 'dumpxml')
  const graphics = childrenOf(childOf(domain, 'devices'), 'graphics')
  const ofKind = (kind: DisplayKind): XmlNode | undefined =>
    graphics.find((node) => attributeOf(node, 'type') === kind)
  const runId = attributeOf(domain, 'id') ?? ''
  const [vnc, spice] = [ofKind('vnc'), ofKind('spice')]
  const spiceTarget = spice === undefined ? null : targetOf(spice)
  return {
    uuid: textOf(domain, 'uuid')?.trim() ?? '',
    runId: /^\d+$/.test(runId) ? runId : null,
    kinds: DisplayKind.options.filter((kind) => ofKind(kind) !== undefined),
    vnc: vnc === undefined ? null : targetOf(vnc),
    spice: spiceTarget,
    spiceNeedsTls: spice !== undefined && spiceTarget === null && portOf(spice, 'tlsPort') !== null
  }
}

/** null while it listens nowhere (a VM that is off has no port yet). */
function targetOf(graphics: XmlNode): ForwardTarget | null {
  const listeners = childrenOf(graphics, 'listen')
  const socket = [
    attributeOf(graphics, 'socket'),
    ...listeners.map((node) => attributeOf(node, 'socket'))
  ].find(Boolean)
  if (typeof socket === 'string') {
    if (!socket.startsWith('/') || socket.length > MAX_PATH_CHARS) return null
    return { kind: 'socket', path: socket }
  }
  const port = portOf(graphics, 'port')
  if (port === null) return null
  const address =
    listeners.map((node) => attributeOf(node, 'address')).find(Boolean) ??
    attributeOf(graphics, 'listen') ??
    ''
  if (ANY_ADDRESS.has(address)) return { kind: 'tcp', host: '127.0.0.1', port }
  if (address === '::') return { kind: 'tcp', host: '::1', port }
  return ADDRESS.test(address) ? { kind: 'tcp', host: address, port } : null
}

function portOf(graphics: XmlNode, name: 'port' | 'tlsPort'): number | null {
  const port = Number(attributeOf(graphics, name) ?? NaN)
  return Number.isInteger(port) && port >= 1 && port <= 65_535 ? port : null
}
