/** Whether each server answers, and since when not, also while the next attempt is under way. */
import type { ErrorCode } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { ServerSight } from './fleet-sight.ts'
import type { LinkNow } from './own-network.ts'

/** Nothing came back: the cable, the way, or the server. Any other failure is the word of somebody who is there. */
const NO_ANSWER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'addressNotFound',
  'addressTimeout',
  'connectTimeout',
  'networkUnreachable',
  'connectionClosed',
  'handshakeTimeout',
  'linkFrozen',
  'loginTimeout',
  'disconnected'
])

export class LinkMemory {
  readonly #lost = new Map<ServerId, LinkNow>()

  take({ record, connection }: ServerSight): LinkNow {
    const link = this.#linkOf(record.id, connection)
    if (connection.kind === 'offline') this.#lost.set(record.id, link)
    else if (connection.kind !== 'connecting') this.#lost.delete(record.id)
    return link
  }

  forget(serverId: ServerId): void {
    this.#lost.delete(serverId)
  }

  #linkOf(serverId: ServerId, connection: ServerSight['connection']): LinkNow {
    switch (connection.kind) {
      case 'online':
        return { kind: 'answers' }
      case 'offline':
        return NO_ANSWER.has(connection.failure.error.code)
          ? { kind: 'lost', sinceAtMs: connection.sinceAtMs }
          : { kind: 'answers' }
      case 'connecting':
        return this.#lost.get(serverId) ?? { kind: 'other' }
      case 'stopped':
        return { kind: 'other' }
    }
  }
}
