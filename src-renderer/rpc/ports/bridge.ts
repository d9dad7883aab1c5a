/** The desktop's port: the one post/onMessage pair that the preload script puts on `window.virthelm`. */
import type { ClientFrame, RpcPort } from '#contract/frames.ts'

export interface Bridge {
  post(message: unknown): void
  /** `null` as a message means that main has closed the connection. */
  onMessage(listener: (message: unknown) => void): void
}

/** The bridge, when this window runs in the desktop app. */
export function findBridge(): Bridge | null {
  return (globalThis as { virthelm?: Bridge }).virthelm ?? null
}

export function bridgePort(bridge: Bridge): RpcPort<ClientFrame> {
  let closed = false
  let onMessage: (message: unknown) => void = () => undefined
  let onClose: () => void = () => undefined
  const close = (): void => {
    if (closed) return
    closed = true
    onClose()
  }
  bridge.onMessage((message) => {
    if (closed) return
    if (message === null) close()
    else onMessage(message)
  })
  return {
    post(frame) {
      if (!closed) bridge.post(frame)
    },
    onMessage(listener) {
      onMessage = listener
    },
    onClose(listener) {
      onClose = listener
    },
    close() {
      if (!closed) bridge.post(null)
      close()
    }
  }
}
