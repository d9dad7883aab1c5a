import type { Clock } from '../../../application/clock.ts'
import type { Log } from '../../../application/platform/platform.ts'
import type { Connection } from '../../../application/servers/connection.ts'

/** What reading and changing pools and networks of one connection needs. */
export interface StoreDeps {
  readonly connection: Connection
  readonly uri: string
  readonly clock: Clock
  readonly log: Log
}
