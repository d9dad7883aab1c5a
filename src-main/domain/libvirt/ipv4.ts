/** IPv4 addresses and prefixes, for networks that are to be made. */

const OCTET = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ADDRESS = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`)

/** 0 to 2³²-1, or null when the text is no address in the usual form (no leading zeros, four numbers). */
export function parseAddress(text: string): number | null {
  const octets = ADDRESS.exec(text)?.slice(1)
  return octets === undefined ? null : octets.reduce((value, octet) => value * 256 + Number(octet), 0)
}

export const formatAddress = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')

/** `255.255.255.0` → `24`; null when it is no netmask. */
export function formatPrefix(netmask: string | null): string | null {
  const value = netmask === null ? null : parseAddress(netmask)
  if (value === null) return null
  for (let bits = 0; bits <= 32; bits++) if (value === maskOf(bits)) return String(bits)
  return null
}

const maskOf = (bits: number): number => 2 ** 32 - 2 ** (32 - bits)

export interface Subnet {
  /** The server's own address in it. */
  readonly address: number
  readonly prefix: number
  readonly first: number
  readonly last: number
}

/** `192.168.100.1/24`; null when it is none, or when the address is the network's or the broadcast address. */
export function parseSubnet(cidr: string): Subnet | null {
  const [, host = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(cidr) ?? []
  const address = parseAddress(host)
  const prefix = Number(bits)
  if (address === null || bits === '' || prefix < 8 || prefix > 30) return null
  const size = 2 ** (32 - prefix)
  const network = Math.floor(address / size) * size
  const first = network + 1
  const last = network + size - 2
  return address < first || address > last ? null : { address, prefix, first, last }
}

export const contains = (subnet: Subnet, address: number): boolean =>
  address >= subnet.first && address <= subnet.last

/** Whether two networks share an address. */
export const overlaps = (one: Subnet, other: Subnet): boolean =>
  one.first - 1 <= other.last + 1 && other.first - 1 <= one.last + 1

export const netmaskOf = (subnet: Subnet): string => formatAddress(maskOf(subnet.prefix))

/** What is wrong with the numbers of a new network, by field. */
export type NetworkProblem = 'cidr' | 'dhcpStart' | 'dhcpEnd' | 'dhcpOrder' | 'dhcpHasOwn' | 'taken'

/** The first problem, or null when the network can be made beside those that there are (`192.168.122.1/24`, …). */
export function problemOf(
  cidr: string,
  dhcp: { readonly start: string; readonly end: string } | null,
  taken: readonly string[]
): NetworkProblem | null {
  const subnet = parseSubnet(cidr)
  if (subnet === null) return 'cidr'
  const others = taken.map(parseSubnet).filter((other) => other !== null)
  if (others.some((other) => overlaps(subnet, other))) return 'taken'
  if (dhcp === null) return null
  const start = parseAddress(dhcp.start)
  const end = parseAddress(dhcp.end)
  if (start === null || !contains(subnet, start)) return 'dhcpStart'
  if (end === null || !contains(subnet, end)) return 'dhcpEnd'
  if (start > end) return 'dhcpOrder'
  return subnet.address >= start && subnet.address <= end ? 'dhcpHasOwn' : null
}

/** The range that is proposed: all addresses but the server's own, from the larger side of it. */
export function proposedRange(cidr: string): { start: string; end: string } | null {
  const subnet = parseSubnet(cidr)
  if (subnet === null) return null
  const below = subnet.address - subnet.first
  const above = subnet.last - subnet.address
  if (below + above === 0) return null
  return above >= below
    ? { start: formatAddress(subnet.address + 1), end: formatAddress(subnet.last) }
    : { start: formatAddress(subnet.first), end: formatAddress(subnet.address - 1) }
}
