/** The three ways a window reaches the engine, as connected pairs of ports for tests. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { IpcMain, WebContents as RealWebContents } from 'electron'
import { WebSocketServer } from 'ws'
import type { ClientFrame, RpcPort, ServerFrame } from '#contract/frames.ts'
import type { Log } from '../../src-main/application/platform/platform.ts'
import { createElectronPorts } from '../../src-main/rpc/ports/electron.ts'
import { webSocketPort } from '../../src-main/rpc/ports/websocket.ts'
import { bridgePort, type Bridge } from '../../src-renderer/rpc/ports/bridge.ts'
import { openWebSocketPort } from '../../src-renderer/rpc/ports/websocket.ts'
import { double, ipcMain, ipcRenderer, WebContents } from './electron.ts'

export interface PortPair {
  readonly server: RpcPort<ServerFrame>
  readonly client: RpcPort<ClientFrame>
  /** Frees what carried them. */
  close(): Promise<void>
}

function messagePort<Outgoing>(port: MessagePort): RpcPort<Outgoing> {
  let onClose: () => void = () => undefined
  port.on('close', () => onClose())
  return {
    post: (frame) => port.postMessage(frame),
    onMessage: (listener) => void port.on('message', listener),
    onClose: (listener) => {
      onClose = listener
    },
    close: () => port.close()
  }
}

export async function messagePortPair(): Promise<PortPair> {
  const { port1, port2 } = new MessageChannel()
  return {
    server: messagePort(port1),
    client: messagePort(port2),
    close: async () => port1.close()
  }
}

/** Through the real preload script and the real main port; only Electron itself is a double. */
export async function electronPair(log: Log): Promise<PortPair> {
  await import('../../src-preload/bridge.ts')
  const contents = new WebContents()
  contents.mainFrame = { origin: 'app://virthelm', url: 'app://virthelm/' }
  ipcRenderer.connect(contents)
  const accepted = Promise.withResolvers<RpcPort<ServerFrame>>()
  const ports = createElectronPorts({
    ipcMain: ipcMain as unknown as IpcMain,
    origin: 'app://virthelm',
    log,
    onPort: accepted.resolve
  })
  ports.admit(contents as unknown as RealWebContents)
  const client = bridgePort(double.exposed.get('virthelm') as Bridge)
  // The main port comes with the first message, as in the app: an id that is open nowhere.
  client.post({ kind: 'ack', id: 1 })
  return { server: await accepted.promise, client, close: async () => ports.close() }
}

export async function webSocketPair(): Promise<PortPair> {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const accepted = once(sockets, 'connection') as Promise<[Parameters<typeof webSocketPort>[0]]>
  const { port } = http.address() as AddressInfo
  const client = await openWebSocketPort(`ws://127.0.0.1:${port}/rpc`)
  const [socket] = await accepted
  return {
    server: webSocketPort(socket),
    client,
    async close() {
      for (const open of sockets.clients) open.terminate()
      sockets.close()
      http.close()
      await once(http, 'close')
    }
  }
}
