/** Puts the demo fleet into the list: by name, so that its history goes on from launch to launch. */
import type { HostKey, ServerDraft } from '#contract/servers.ts'
import type { PinStore } from '../storage.ts'
import type { ServerDirectory } from './server-directory.ts'

export interface DemoServer {
  readonly draft: ServerDraft
  readonly password: string
  readonly hostKey: HostKey
}

/** Ports, passwords and host keys of the demo are new at each launch: its own pins are replaced, nobody else's. */
export async function seedDemo(
  servers: readonly DemoServer[],
  directory: ServerDirectory,
  pins: PinStore
): Promise<void> {
  const known = new Map(directory.runtimes().map((runtime) => [runtime.record.name, runtime.record]))
  for (const { draft, password, hostKey } of servers) {
    await pins.pin(hostKey, { replace: true })
    const secrets = { password, remember: false }
    const record = known.get(draft.name)
    if (record) await directory.edit(record.id, { ...record, connection: draft.connection }, secrets)
    else await directory.add(draft, secrets)
  }
}
