import type { ServerView } from '#contract/servers.ts'

/** Why nothing can be done with the VMs of this server now; null = it can. */
export type ActionBlock = 'lookOnly' | 'notConnected' | 'libvirtWrite'

export function blockOf(server: ServerView | undefined): ActionBlock | null {
  if (server === undefined || server.connection.kind !== 'online') return 'notConnected'
  if (server.record.lookOnly) return 'lookOnly'
  const write = server.capabilities.find((capability) => capability.id === 'libvirtWrite')
  return write !== undefined && !write.works && write.cause !== 'checking' ? 'libvirtWrite' : null
}
