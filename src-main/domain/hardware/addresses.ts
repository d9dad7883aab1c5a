/**
 * Addresses of interfaces: from `ip -o addr` where it is there, else from what the kernel tells everybody: /proc/net/if_inet6,
 * and for IPv4 the local addresses of /proc/net/fib_trie, each given to the interface whose route in /proc/net/route holds it.
 */
import { words } from '../metrics/numbers.ts'

export interface AddressLines {
  readonly addr: readonly string[]
  readonly inet6: readonly string[]
  readonly trie: readonly string[]
  readonly route: readonly string[]
}

const MAX_ADDRESSES = 64

/** By name of the interface, as `192.0.2.7/24`. */
export function parseAddresses(lines: AddressLines): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const add = (name: string, address: string): void => {
    const all = found.get(name) ?? []
    if (all.length >= MAX_ADDRESSES || all.includes(address)) return
    found.set(name, [...all, address])
  }
  for (const line of lines.addr) {
    // `2: eth0    inet 192.0.2.7/24 brd …`; a VLAN is `eth0.5@eth0`.
    const [, name, address] =
      /^\d+:\s+(\S{1,64})\s+inet6?\s+([0-9a-fA-F.:]{2,45}(?:\/\d{1,3})?)(?:\s|$)/.exec(line) ?? []
    if (name !== undefined && address !== undefined) add(name.replace(/@.*$/, ''), address)
  }
  if (lines.addr.length > 0) return found
  for (const line of lines.inet6) {
    const [hex = '', , prefix = '', , , name] = words(line)
    if (name === undefined || !/^[0-9a-f]{32}$/.test(hex) || !/^[0-9a-f]{2}$/.test(prefix)) continue
    add(name, `${ipv6Of(hex)}/${parseInt(prefix, 16)}`)
  }
  const routes = lines.route.flatMap((line) => routeOf(line) ?? [])
  for (const address of localAddresses(lines.trie)) {
    const value = ipv4Value(address)
    if (value >>> 24 === 127) {
      if (value === 0x7f000001) add('lo', `${address}/8`)
      continue
    }
    const holds = routes.filter(({ network, mask }) => (value & mask) >>> 0 === network)
    const nearest = holds.sort((one, other) => other.mask - one.mask)[0]
    if (nearest !== undefined) add(nearest.name, `${address}/${ones(nearest.mask)}`)
  }
  return found
}

/** `|-- 192.0.2.7` followed by `/32 host LOCAL`. */
function localAddresses(lines: readonly string[]): Set<string> {
  const found = new Set<string>()
  let last: string | null = null
  for (const line of lines) {
    const [, address] = /\|-- (\d{1,3}(?:\.\d{1,3}){3})$/.exec(line.trimEnd()) ?? []
    if (address !== undefined) last = address
    else if (last !== null && /\/32 host LOCAL/.test(line)) found.add(last)
    if (found.size >= 1_024) break
  }
  return found
}

interface Route {
  readonly name: string
  readonly network: number
  readonly mask: number
}

/** `eth0 000200C0 00000000 0001 0 0 0 00FFFFFF …`: a network without a gateway. Numbers are in the byte order of the host. */
function routeOf(line: string): Route | null {
  const [name, network = '', gateway, , , , , mask = ''] = words(line)
  if (name === undefined || gateway !== '00000000' || mask === '00000000') return null
  if (!/^[0-9A-F]{8}$/.test(network) || !/^[0-9A-F]{8}$/.test(mask)) return null
  const littleEndian = /^[0-9A-F]{0,6}FF$/.test(mask)
  const value = (hex: string): number =>
    parseInt(littleEndian ? (hex.match(/../g) ?? []).reverse().join('') : hex, 16)
  return { name, network: value(network), mask: value(mask) }
}

const ones = (mask: number): number => mask.toString(2).replaceAll('0', '').length

const ipv4Value = (address: string): number =>
  address.split('.').reduce((value, part) => ((value << 8) | Number(part)) >>> 0, 0)

/** 32 hex digits as RFC 5952 writes them: the longest run of zeros, of two groups or more, is `::`. */
function ipv6Of(hex: string): string {
  const groups = (hex.match(/.{4}/g) ?? []).map((group) => parseInt(group, 16).toString(16))
  let best = { start: 0, length: 1 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > best.length) best = { start, length }
  }
  if (best.length < 2) return groups.join(':')
  const left = groups.slice(0, best.start).join(':')
  return `${left}::${groups.slice(best.start + best.length).join(':')}`
}
