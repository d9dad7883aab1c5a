/** What the window can ask about ports. */
import type { Handlers } from '#contract/define.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { ListeningPorts } from './listening.ts'
import { portsOf, type PortScans } from './port-scans.ts'

export interface PortHandlerDeps {
  readonly directory: ServerDirectory
  readonly scans: PortScans
  readonly listening: ListeningPorts
}

type PortHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `ports.${string}`>>

export function portHandlers({ directory, scans, listening }: PortHandlerDeps): PortHandlers {
  return {
    'ports.watchScans': ({ serverId }, { signal }) => {
      directory.get(serverId)
      return scans.watch(serverId, signal)
    },
    'ports.watchListening': ({ serverId }, { signal }) => {
      directory.get(serverId)
      return listening.watch(serverId, signal)
    },
    'ports.readListening': async ({ serverId }) => {
      directory.get(serverId)
      await listening.readNow(serverId)
      return null
    },
    'ports.setPlan': async ({ serverId, plan }) => {
      directory.get(serverId)
      await scans.setPlan(serverId, plan)
      return null
    },
    'ports.scan': async ({ serverId, ports, origins, inside }, { signal, ...task }) => {
      directory.get(serverId)
      const request = { ports: portsOf(ports), origins, inside, scheduled: false }
      const found = await scans.scan(serverId, request, { signal, onProgress: (done) => task.progress(done) })
      const count = (state: string): number =>
        found.reduce((sum, scan) => sum + scan.ports.filter((port) => port.state === state).length, 0)
      return { open: count('open'), closed: count('closed'), filtered: count('filtered') }
    }
  }
}
