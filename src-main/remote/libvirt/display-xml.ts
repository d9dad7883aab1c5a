/** Where a running VM's VNC display listens, out of `virsh dumpxml`. The text is a server's. */
import { XMLParser } from 'fast-xml-parser'
import { AppError } from '#contract/errors.ts'
import type { ForwardTarget } from '../../application/servers/connection.ts'

/** What is known of a VM's display. */
export interface DisplayXml {
  readonly uuid: string
  readonly running: boolean
  /** null: no display of the kind VNC. */
  readonly vnc: ForwardTarget | null
}

const MAX_CHARS = 1024 * 1024
const MAX_PATH_CHARS = 107
const ANY_ADDRESS = new Set(['', '0.0.0.0', '*'])
/** An address literal: a name would be looked up on the server, wherever its owner likes. */
const ADDRESS = /^[0-9A-Fa-f:.]{2,45}$/

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: true,
  isArray: (name) => name === 'graphics' || name === 'listen'
})

type Node = Readonly<Record<string, unknown>>
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null
const text = (node: Node, name: string): string => {
  const value = node[name]
  return typeof value === 'string' ? value : ''
}
const nodes = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : [])

/** @throws AppError protocolViolation when the text is too long, declares entities, or is no domain */
export function parseDisplayXml(xml: string): DisplayXml {
  if (xml.length > MAX_CHARS || /<!DOCTYPE|<!ENTITY/i.test(xml)) throw violation()
  const domain = domainOf(xml)
  const devices = domain['devices']
  const all = isNode(devices) ? nodes(devices['graphics']) : []
  const graphics = all.find((node) => text(node, '@type') === 'vnc')
  return {
    uuid: text(domain, 'uuid').trim(),
    running: /^\d+$/.test(text(domain, '@id')),
    vnc: graphics === undefined ? null : targetOf(graphics)
  }
}

function domainOf(xml: string): Node {
  try {
    const root: unknown = parser.parse(xml)
    const domain = isNode(root) ? root['domain'] : undefined
    if (isNode(domain)) return domain
  } catch (error) {
    throw violation(error)
  }
  throw violation()
}

/** null while it listens nowhere (a VM that is off has no port yet). */
function targetOf(graphics: Node): ForwardTarget | null {
  const listeners = nodes(graphics['listen'])
  const socket = [text(graphics, '@socket'), ...listeners.map((node) => text(node, '@socket'))].find(Boolean)
  if (socket !== undefined) {
    if (!socket.startsWith('/') || socket.length > MAX_PATH_CHARS) return null
    return { kind: 'socket', path: socket }
  }
  const port = Number(text(graphics, '@port'))
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null
  const address = listeners.map((node) => text(node, '@address')).find(Boolean) ?? text(graphics, '@listen')
  if (ANY_ADDRESS.has(address)) return { kind: 'tcp', host: '127.0.0.1', port }
  if (address === '::') return { kind: 'tcp', host: '::1', port }
  return ADDRESS.test(address) ? { kind: 'tcp', host: address, port } : null
}

const violation = (cause?: unknown): AppError =>
  new AppError('protocolViolation', { params: { subject: 'dumpxml' }, cause })
