/** What scans and the lane of listening sockets need of the outside. */
import type { PortAccess } from '../../application/ports/port-access.ts'
import { createResolver } from '../ssh/resolver.ts'
import { readLan } from './lan-script.ts'
import { readListening } from './listening-script.ts'
import { probeTcp } from './tcp-probe.ts'

const RESOLVE_DEADLINE_MS = 10_000

export function createPortAccess(): PortAccess {
  const resolver = createResolver()
  return {
    probe: probeTcp,
    resolve: (host, signal) => resolver.resolve(host, { signal, deadlineMs: RESOLVE_DEADLINE_MS }),
    readListening,
    readLan
  }
}
