/** Where a running VM's VNC display listens, out of `virsh dumpxml`. The text is a server's. */
import type { ForwardTarget } from '../../application/servers/connection.ts'
import { attributeOf, childOf, childrenOf, readXml, textOf, type XmlNode } from './xml-reader.ts'

/** What is known of a VM's display. */
export interface DisplayXml {
  readonly uuid: string
  readonly running: boolean
  /** null: no display of the kind VNC. */
  readonly vnc: ForwardTarget | null
}

const MAX_PATH_CHARS = 107
const ANY_ADDRESS = new Set(['', '0.0.0.0', '*'])
/** An address literal: a name would be looked up on the server, wherever its owner likes. */
const ADDRESS = /^[0-9A-Fa-f:.]{2,45}$/

/** @throws AppError protocolViolation when the text is too long, declares entities, or is no domain */
export function parseDisplayXml(xml: string): DisplayXml {
  const domain = readXml(xml, 'domain', 'dumpxml')
  const graphics = childrenOf(childOf(domain, 'devices'), 'graphics').find(
    (node) => attributeOf(node, 'type') === 'vnc'
  )
  return {
    uuid: textOf(domain, 'uuid')?.trim() ?? '',
    running: /^\d+$/.test(attributeOf(domain, 'id') ?? ''),
    vnc: graphics === undefined ? null : targetOf(graphics)
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
  const port = Number(attributeOf(graphics, 'port') ?? NaN)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null
  const address =
    listeners.map((node) => attributeOf(node, 'address')).find(Boolean) ??
    attributeOf(graphics, 'listen') ??
    ''
  if (ANY_ADDRESS.has(address)) return { kind: 'tcp', host: '127.0.0.1', port }
  if (address === '::') return { kind: 'tcp', host: '::1', port }
  return ADDRESS.test(address) ? { kind: 'tcp', host: address, port } : null
}
