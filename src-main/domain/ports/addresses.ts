/** Addresses as the kernel's tables write them. Pure. */
import type { ListenerExposure } from '#contract/vocabulary.ts'

/**
 * `0100007F` → 127.0.0.1: each group of 32 bits is in the byte order of the machine, which is little-endian on all that
 * Linux servers are. 32 digits are IPv6; one that carries an IPv4 address (`::ffff:10.0.0.1`) keeps saying so.
 */
export function addressOfHex(hex: string): string | null {
  if (/^[0-9A-Fa-f]{8}$/.test(hex)) return bytesOfWord(hex).join('.')
  if (!/^[0-9A-Fa-f]{32}$/.test(hex)) return null
  const bytes = [0, 8, 16, 24].flatMap((at) => bytesOfWord(hex.slice(at, at + 8)))
  return ipv6Text(bytes)
}

const bytesOfWord = (hex: string): number[] => [6, 4, 2, 0].map((at) => parseInt(hex.slice(at, at + 2), 16))

/** As RFC 5952 writes it: lower case, the longest run of zeros as `::`. */
export function ipv6Text(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_unused, index) => {
    const [high = 0, low = 0] = bytes.slice(index * 2, index * 2 + 2)
    return high * 256 + low
  })
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return `::ffff:${bytes.slice(12, 16).join('.')}`
  const run = longestZeros(groups)
  const text = (some: readonly number[]): string => some.map((group) => group.toString(16)).join(':')
  if (run.length < 2) return text(groups)
  return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue
    if (index - start > best.length) best = { start, length: index - start }
    start = index + 1
  }
  return best
}

export function exposureOf(address: string): ListenerExposure {
  const plain = address.replace(/^::ffff:(?=\d)/, '')
  if (plain === '0.0.0.0' || plain === '::') return 'allAddresses'
  return plain === '::1' || plain.startsWith('127.') ? 'loopback' : 'oneAddress'
}
