/** One reading of a server's networks, and which VMs are in them. */
import type { DhcpLease, Network, NetworksView } from '#contract/networks.ts'
import { VmUuid } from '#contract/ids.ts'
import type { DomainReferences } from '../../domain/libvirt/uses.ts'
import type { Clock } from '../clock.ts'
import type { NetworkSession, StorageSession } from './stores.ts'

export const NO_NETWORKS_READ: NetworksView = { readAtMs: null, networks: [], hostBridges: [], error: null }

export async function readNetworks(
  session: { readonly storage: StorageSession; readonly networks: NetworkSession },
  clock: Pick<Clock, 'nowMs'>,
  signal: AbortSignal
): Promise<NetworksView> {
  const { domains } = await session.storage.references(signal)
  const networks = await session.networks.list(signal)
  const bridges = await session.networks.hostBridges(signal)
  const own = new Set(
    networks.filter(({ forwardMode }) => forwardMode !== 'bridge').map(({ bridge }) => bridge)
  )
  return {
    readAtMs: clock.nowMs(),
    networks: networks.map((network) => withMachines(network, domains)),
    hostBridges: bridges.filter((name) => !own.has(name)),
    error: null
  }
}

function withMachines(network: Network, domains: readonly DomainReferences[]): Network {
  const usedBy = domains
    .filter(({ interfaces }) => interfaces.some((nic) => nic.network === network.name))
    .map(({ uuid, name, running }) => ({ uuid: VmUuid.parse(uuid), name, running }))
  const byMac = new Map<string, DhcpLease['vm']>()
  for (const { uuid, name, interfaces } of domains)
    for (const { mac } of interfaces)
      if (mac !== null) byMac.set(mac.toLowerCase(), { uuid: VmUuid.parse(uuid), name })
  return {
    ...network,
    usedBy: usedBy.slice(0, 1000),
    leases: network.leases.map((lease) => ({ ...lease, vm: byMac.get(lease.mac) ?? null }))
  }
}
