/** A port over one WebSocket: JSON text frames, and binary frames for a channel's bytes. */
import { WebSocket, type RawData } from 'ws'
import { decodeBytes, encodeBytes, type RpcPort, type ServerFrame } from '#contract/frames.ts'

/** A window that reads so slowly that this much waits for it is taken for gone. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024

export function webSocketPort(socket: WebSocket): RpcPort<ServerFrame> {
  let onMessage: (message: unknown) => void = () => undefined
  let onClose: () => void = () => undefined
  socket.on('message', (data, isBinary) => onMessage(isBinary ? decodeBytes(bytesOf(data)) : parse(data)))
  // What is wrong with the socket (a frame too large, a broken frame) also closes it; `close` tells of the end.
  socket.on('error', () => socket.terminate())
  socket.once('close', () => onClose())
  return {
    post(frame) {
      if (socket.readyState !== WebSocket.OPEN) return
      if (socket.bufferedAmount > MAX_UNSENT_BYTES) socket.terminate()
      else socket.send(frame.kind === 'bytes' ? encodeBytes(frame) : JSON.stringify(frame))
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

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}

/** undefined (no frame) for what is not JSON. */
function parse(data: RawData): unknown {
  try {
    return JSON.parse(Buffer.from(bytesOf(data)).toString('utf8'))
  } catch {
    return undefined
  }
}
