/** Logs in to a demo server over the console's own ssh. */
import { makeBench, makeRequest } from '../../src-main/remote/ssh/testing/setup.ts'
import { createSecret } from '../../src-main/remote/ssh/secret.ts'
import type { Connection } from '../../src-main/application/servers/connection.ts'
import type { DemoServer } from '../../src-main/demo/fleet.ts'

/** One login, with the server's key pinned before. Close the connection yourself. */
export async function connectToDemo(
  server: DemoServer,
  changes: { readonly password?: string } = {}
): Promise<Connection> {
  const { connector, pins } = makeBench()
  await pins.pin(server.hostKey, { replace: false })
  return connector.connect(
    makeRequest({
      port: server.draft.connection.port,
      settings: server.draft.connection,
      password: createSecret(changes.password ?? server.password)
    })
  )
}
