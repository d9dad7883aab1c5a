/** The browser mode's port: JSON text frames, and binary frames for a channel's bytes. */
import { AppError } from '#contract/errors.ts'
import { decodeBytes, encodeBytes, type ClientFrame, type RpcPort } from '#contract/frames.ts'

const CONNECT_DEADLINE_MS = 10_000

/** The engine's address: the console that served this page. */
function addressOfPage(): string {
  const { protocol, host } = globalThis.location
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/rpc`
}

/** Resolves once the socket is open. Throws AppError `disconnected` when it does not open in time. */
export function openWebSocketPort(
  address = addressOfPage(),
  open: (address: string) => WebSocket = (url) => new WebSocket(url)
): Promise<RpcPort<ClientFrame>> {
  return new Promise((resolve, reject) => {
    const socket = open(address)
    socket.binaryType = 'arraybuffer'
    const deadline = setTimeout(() => socket.close(), CONNECT_DEADLINE_MS)
    socket.addEventListener(
      'open',
      () => {
        clearTimeout(deadline)
        resolve(portOf(socket))
      },
      { once: true }
    )
    // A refused connection ends in `close` too; after `open` this does nothing any more.
    socket.addEventListener(
      'close',
      () => {
        clearTimeout(deadline)
        reject(new AppError('disconnected', { retryable: true }))
      },
      { once: true }
    )
  })
}

function portOf(socket: WebSocket): RpcPort<ClientFrame> {
  let onMessage: (message: unknown) => void = () => undefined
  let onClose: () => void = () => undefined
  socket.addEventListener('message', (event: MessageEvent<string | ArrayBuffer>) => {
    onMessage(
      typeof event.data === 'string' ? JSON.parse(event.data) : decodeBytes(new Uint8Array(event.data))
    )
  })
  socket.addEventListener('close', () => onClose(), { once: true })
  return {
    post(frame) {
      if (socket.readyState !== WebSocket.OPEN) return
      socket.send(frame.kind === 'bytes' ? encodeBytes(frame) : JSON.stringify(frame))
    },
    onMessage(listener) {
      onMessage = listener
    },
    onClose(listener) {
      onClose = listener
    },
    close() {
      socket.close()
    }
  }
}
