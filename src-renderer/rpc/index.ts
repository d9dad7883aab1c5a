/**
 * The window's way to the engine. `connect` picks the port: the desktop's bridge where there is one, otherwise the
 * WebSocket of the browser mode. When the port closes, every operation fails with `disconnected`; connecting again is
 * the app's job (`client.onClose`).
 */
import { contract, type VirthelmContract } from '#contract/index.ts'
import { createClient, type Client } from './client.ts'
import { bridgePort, findBridge } from './ports/bridge.ts'
import { openWebSocketPort } from './ports/websocket.ts'

export type VirthelmClient = Client<VirthelmContract>
export type { CallOptions, Client, TaskHandle, TaskOptions } from './client.ts'

/** Throws AppError `disconnected` when the engine cannot be reached within ten seconds. */
export async function connect(): Promise<VirthelmClient> {
  const bridge = findBridge()
  const port = bridge === null ? await openWebSocketPort() : bridgePort(bridge)
  return createClient(contract, port)
}
