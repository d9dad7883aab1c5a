/** libvirt's virtual networks of a server. Acted on by UUID. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { ServerId, VmUuid } from './ids.ts'
import { AtMs, RemoteText } from './units.ts'

/** libvirt's UUID of a network. The only handle by which a network is acted on. */
export const NetworkUuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  .brand<'NetworkUuid'>()
export type NetworkUuid = z.infer<typeof NetworkUuid>

/** An address that the network's DHCP server has given out. */
export const DhcpLease = z.object({
  mac: RemoteText,
  address: RemoteText,
  hostName: RemoteText.nullable(),
  /** In the server's own time. */
  expiresAt: RemoteText,
  /** The VM with this MAC address. */
  vm: z.object({ uuid: VmUuid, name: RemoteText }).nullable()
})
export type DhcpLease = z.infer<typeof DhcpLease>

export const Network = z.object({
  uuid: NetworkUuid,
  name: RemoteText,
  active: z.boolean(),
  autostart: z.boolean(),
  persistent: z.boolean(),
  /** nat, route, open, bridge, private, vepa, passthrough, hostdev; null = isolated. */
  forwardMode: RemoteText.nullable(),
  /** The device that it forwards to, where it is bound to one. */
  forwardDevice: RemoteText.nullable(),
  bridge: RemoteText.nullable(),
  /** `192.168.122.1/24`; one for each `<ip>`. */
  addresses: z.array(RemoteText).max(64),
  dhcpRanges: z.array(z.object({ start: RemoteText, end: RemoteText })).max(64),
  /** VMs with an interface in it. */
  usedBy: z.array(z.object({ uuid: VmUuid, name: RemoteText, running: z.boolean() })).max(1000),
  leases: z.array(DhcpLease).max(5000)
})
export type Network = z.infer<typeof Network>

export const NetworksView = z.object({
  /** null = not read yet. */
  readAtMs: AtMs.nullable(),
  networks: z.array(Network).max(1000),
  /** Bridges of the server itself that a network can be put on (br0). */
  hostBridges: z.array(RemoteText).max(256),
  error: ErrorInfo.nullable()
})
export type NetworksView = z.infer<typeof NetworksView>

export const networksContract = {
  /** Again after each change, and every 30 s while it is watched. */
  'networks.watch': stream(z.object({ serverId: ServerId }), NetworksView, 'latest'),
  'networks.reload': call(z.object({ serverId: ServerId }), NetworksView)
}
