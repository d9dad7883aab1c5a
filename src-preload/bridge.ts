/**
 * The desktop's seam: one post/onMessage pair on `window.virthelm`, and nothing else. It runs sandboxed and knows no
 * names of operations; main checks every sender and every message.
 */
import { contextBridge, ipcRenderer } from 'electron'
import { BRIDGE_CHANNEL } from '#contract/bridge-channel.ts'

let deliver: (message: unknown) => void = () => undefined

ipcRenderer.on(BRIDGE_CHANNEL, (_event, message: unknown) => deliver(message))

contextBridge.exposeInMainWorld(
  'virthelm',
  Object.freeze({
    post: (message: unknown): void => ipcRenderer.send(BRIDGE_CHANNEL, message),
    /** One listener; the last one counts. `null` as a message means that main has closed the connection. */
    onMessage: (listener: (message: unknown) => void): void => {
      deliver = listener
    }
  })
)
