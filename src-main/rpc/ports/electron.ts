/** Ports over Electron IPC: one per loaded page of a known window. */
import type { IpcMain, IpcMainEvent, WebContents } from 'electron'
import { BRIDGE_CHANNEL } from '#contract/bridge-channel.ts'
import type { RpcPort, ServerFrame } from '#contract/frames.ts'
import type { Log } from '../../application/platform/platform.ts'

export interface ElectronPortsOptions {
  readonly ipcMain: Pick<IpcMain, 'on' | 'off'>
  /** The only origin whose pages are served, e.g. `app://virthelm`. */
  readonly origin: string
  readonly log: Log
  /** A page of a known window has sent its first message. */
  readonly onPort: (port: RpcPort<ServerFrame>) => void
}

export interface ElectronPorts {
  /** Makes a window known; its pages may speak until it is gone. */
  admit(contents: WebContents): void
  /** Closes all ports and listens no more. */
  close(): void
}

export function createElectronPorts(options: ElectronPortsOptions): ElectronPorts {
  const { ipcMain, origin, log, onPort } = options
  const known = new Set<WebContents>()
  const ports = new Map<WebContents, ElectronPort>()

  const onMessage = (event: IpcMainEvent, message: unknown): void => {
    if (!isTrusted(event, known, origin)) {
      log.warn('rpc.foreignSender', { url: event.senderFrame?.url.slice(0, 200) ?? null })
      return
    }
    const open = ports.get(event.sender)
    if (open !== undefined) open.receive(message)
    else if (message !== null) {
      const port = new ElectronPort(event.sender, () => ports.delete(event.sender))
      ports.set(event.sender, port)
      onPort(port)
      port.receive(message)
    }
  }
  ipcMain.on(BRIDGE_CHANNEL, onMessage)
  return {
    admit(contents) {
      known.add(contents)
      const closePort = (): void => ports.get(contents)?.leave()
      // A page that is left or reloaded takes its operations with it; the next page begins anew.
      contents.on('did-start-navigation', (details) => {
        if (details.isMainFrame && !details.isSameDocument) closePort()
      })
      contents.on('render-process-gone', closePort)
      contents.once('destroyed', () => {
        known.delete(contents)
        closePort()
      })
    },
    close() {
      ipcMain.off(BRIDGE_CHANNEL, onMessage)
      for (const port of [...ports.values()]) port.close()
      known.clear()
    }
  }
}

/** Checked for every message: a known window, its main frame (no iframe), and exactly our origin. */
function isTrusted(event: IpcMainEvent, known: ReadonlySet<WebContents>, origin: string): boolean {
  const { sender, senderFrame } = event
  return (
    known.has(sender) &&
    senderFrame !== null &&
    senderFrame === sender.mainFrame &&
    senderFrame.origin === origin
  )
}

class ElectronPort implements RpcPort<ServerFrame> {
  readonly #contents: WebContents
  readonly #gone: () => void
  #closed = false
  #onMessage: (message: unknown) => void = () => undefined
  #onClose: () => void = () => undefined

  constructor(contents: WebContents, gone: () => void) {
    this.#contents = contents
    this.#gone = gone
  }

  post(frame: ServerFrame): void {
    if (!this.#closed && !this.#contents.isDestroyed()) this.#contents.send(BRIDGE_CHANNEL, frame)
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#onMessage = listener
  }

  onClose(listener: () => void): void {
    this.#onClose = listener
  }

  receive(message: unknown): void {
    if (message === null) this.leave()
    else this.#onMessage(message)
  }

  /** The page is gone, or has said that it closes: nobody to tell. */
  leave(): void {
    if (this.#closed) return
    this.#closed = true
    this.#gone()
    this.#onClose()
  }

  close(): void {
    if (!this.#closed && !this.#contents.isDestroyed()) this.#contents.send(BRIDGE_CHANNEL, null)
    this.leave()
  }
}
