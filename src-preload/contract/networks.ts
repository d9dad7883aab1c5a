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

export const NetworkAction = z.enum(['start', 'stop', 'autostartOn', 'autostartOff'])
export type NetworkAction = z.infer<typeof NetworkAction>

export const NetworkName = z
  .string()
  .min(1)
  .max(50)
  .regex(/^[^/\u0000-\u001f\u007f]+$/)
  .refine((name) => name !== '.' && name !== '..' && name.trim() === name && !name.startsWith('-'))

/** Fails with invalidInput {field} where an address does not fit; the rules are in `domain/libvirt/ipv4.ts`. */
export const NewNetwork = z.discriminatedUnion('kind', [
  z.object({
    kind: z.enum(['nat', 'isolated']),
    name: NetworkName,
    /** The server's own address and the prefix: `192.168.100.1/24`. */
    cidr: z.string().max(18),
    /** null = no DHCP server. */
    dhcp: z.object({ start: z.string().max(15), end: z.string().max(15) }).nullable(),
    autostart: z.boolean()
  }),
  z.object({
    kind: z.literal('bridge'),
    name: NetworkName,
    /** A bridge that exists on the server. */
    bridge: z.string().regex(/^[A-Za-z0-9_.:-]{1,15}$/),
    autostart: z.boolean()
  })
])
export type NewNetwork = z.infer<typeof NewNetwork>

export const networksContract = {
  /** Again after each change, and every 30 s while it is watched. */
  'networks.watch': stream(z.object({ serverId: ServerId }), NetworksView, 'latest'),
  'networks.reload': call(z.object({ serverId: ServerId }), NetworksView),
  /** Idempotent. `seenName`: another name behind the UUID fails with conflict, and nothing is done. */
  'networks.act': call(
    z.object({ serverId: ServerId, networkUuid: NetworkUuid, action: NetworkAction, seenName: RemoteText }),
    z.object({ outcome: z.enum(['done', 'already']) })
  ),
  /** Defines and starts; what was done is undone when a step fails. */
  'networks.create': call(
    z.object({ serverId: ServerId, network: NewNetwork }),
    z.object({ networkUuid: NetworkUuid })
  ),
  /** Stops and removes it. Refused with networkInUse while a VM has an interface in it. */
  'networks.delete': call(
    z.object({ serverId: ServerId, networkUuid: NetworkUuid, seenName: RemoteText }),
    z.null()
  )
}
