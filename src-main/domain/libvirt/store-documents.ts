/** The XML of new pools, volumes and networks. */
import { netmaskOf, formatAddress, parseSubnet } from './ipv4.ts'
import { element, xmlText, type XmlElement } from './xml-writer.ts'

export type PoolDocument =
  | { readonly type: 'dir'; readonly targetPath: string }
  | { readonly type: 'logical'; readonly volumeGroup: string; readonly devices: readonly string[] }
  | {
      readonly type: 'netfs'
      readonly host: string
      readonly exportPath: string
      readonly targetPath: string
      readonly format: string
    }

export function poolXml(uuid: string, name: string, pool: PoolDocument): string {
  return xmlText(
    element(
      'pool',
      { type: pool.type },
      element('name', {}, name),
      element('uuid', {}, uuid),
      poolSource(pool),
      element('target', {}, element('path', {}, targetOf(pool)))
    )
  )
}

function poolSource(pool: PoolDocument): XmlElement | null {
  switch (pool.type) {
    case 'dir':
      return null
    case 'logical':
      return element(
        'source',
        {},
        ...pool.devices.map((path) => element('device', { path })),
        element('name', {}, pool.volumeGroup),
        element('format', { type: 'lvm2' })
      )
    case 'netfs':
      return element(
        'source',
        {},
        element('host', { name: pool.host }),
        element('dir', { path: pool.exportPath }),
        element('format', { type: pool.format })
      )
  }
}

const targetOf = (pool: PoolDocument): string =>
  pool.type === 'logical' ? `/dev/${pool.volumeGroup}` : pool.targetPath

export interface VolumeDocument {
  readonly name: string
  readonly format: string
  readonly capacityBytes: number
  /** 0 = thin. */
  readonly allocationBytes: number
  readonly backing: { readonly path: string; readonly format: string } | null
}

export function volumeXml(volume: VolumeDocument): string {
  const { backing } = volume
  return xmlText(
    element(
      'volume',
      {},
      element('name', {}, volume.name),
      element('capacity', { unit: 'bytes' }, String(volume.capacityBytes)),
      element('allocation', { unit: 'bytes' }, String(volume.allocationBytes)),
      element('target', {}, element('format', { type: volume.format })),
      backing === null
        ? null
        : element(
            'backingStore',
            {},
            element('path', {}, backing.path),
            element('format', { type: backing.format })
          )
    )
  )
}

export type NetworkDocument =
  | {
      readonly kind: 'nat' | 'isolated'
      readonly cidr: string
      readonly dhcp: { readonly start: string; readonly end: string } | null
    }
  | { readonly kind: 'bridge'; readonly bridge: string }

/** @throws RangeError for a cidr that `parseSubnet` does not take */
export function networkXml(uuid: string, name: string, network: NetworkDocument): string {
  const inside =
    network.kind === 'bridge'
      ? [element('forward', { mode: 'bridge' }), element('bridge', { name: network.bridge })]
      : [network.kind === 'nat' ? element('forward', { mode: 'nat' }) : null, ipElement(network)]
  return xmlText(element('network', {}, element('name', {}, name), element('uuid', {}, uuid), ...inside))
}

function ipElement({ cidr, dhcp }: Extract<NetworkDocument, { cidr: string }>): XmlElement {
  const subnet = parseSubnet(cidr)
  if (subnet === null) throw new RangeError('cidr')
  return element(
    'ip',
    { address: formatAddress(subnet.address), netmask: netmaskOf(subnet) },
    dhcp === null ? null : element('dhcp', {}, element('range', { start: dhcp.start, end: dhcp.end }))
  )
}
