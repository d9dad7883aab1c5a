/** Reader of `virsh net-dumpxml`. */
import type { Network } from '#contract/networks.ts'
import { formatPrefix } from '../../../domain/libvirt/ipv4.ts'
import { attributeOf, childOf, childrenOf, readXml, textOf, type XmlNode } from '../xml-reader.ts'

export type NetworkXml = Pick<
  Network,
  'name' | 'forwardMode' | 'forwardDevice' | 'bridge' | 'addresses' | 'dhcpRanges'
> & { readonly uuid: string }

/** @throws AppError protocolViolation when it is no network */
export function parseNetworkXml(text: string): NetworkXml {
  const network = readXml(text, 'network', 'net-dumpxml')
  const forward = childOf(network, 'forward')
  const ips = childrenOf(network, 'ip')
  return {
    uuid: textOf(network, 'uuid')?.trim() ?? '',
    name: textOf(network, 'name') ?? '',
    // libvirt's own default when the element is there without a mode.
    forwardMode: forward === null ? null : (attributeOf(forward, 'mode') ?? 'nat'),
    forwardDevice: attributeOf(forward, 'dev') ?? attributeOf(childOf(forward, 'interface'), 'dev'),
    bridge: attributeOf(childOf(network, 'bridge'), 'name'),
    addresses: ips
      .map(addressOf)
      .filter((address) => address !== null)
      .slice(0, 64),
    dhcpRanges: ips
      .flatMap((ip) => childrenOf(childOf(ip, 'dhcp'), 'range'))
      .map((range) => ({ start: attributeOf(range, 'start') ?? '', end: attributeOf(range, 'end') ?? '' }))
      .slice(0, 64)
  }
}

function addressOf(ip: XmlNode): string | null {
  const address = attributeOf(ip, 'address')
  if (address === null) return null
  const prefix = attributeOf(ip, 'prefix')
  return `${address}/${prefix ?? formatPrefix(attributeOf(ip, 'netmask')) ?? (address.includes(':') ? '64' : '24')}`
}
