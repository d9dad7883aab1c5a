/** What the window uses of noVNC, which comes without types. Underscored members are noVNC's own: the version is pinned. */
declare module '@novnc/novnc' {
  export interface RfbOptions {
    readonly shared?: boolean
    readonly credentials?: { readonly password?: string }
  }

  interface RectHead {
    readonly x: number
    readonly y: number
    readonly width: number
    readonly height: number
    readonly encoding: number
  }

  interface ReceiveQueue {
    rQlen(): number
    rQpeekBytes(length: number, copy?: boolean): Uint8Array
  }

  export default class RFB extends EventTarget {
    constructor(target: HTMLElement, channel: object, options?: RfbOptions)
    viewOnly: boolean
    scaleViewport: boolean
    clipViewport: boolean
    focusOnClick: boolean
    showDotCursor: boolean
    background: string
    disconnect(): void
    sendCredentials(credentials: { readonly password: string }): void
    sendKey(keysym: number, code: string | null, down?: boolean): void
    sendCtrlAltDel(): void
    focus(options?: FocusOptions): void
    blur(): void
    clipboardPasteFrom(text: string): void

    protected readonly _canvas: HTMLCanvasElement
    protected readonly _sock: ReceiveQueue
    protected readonly _FBU: RectHead
    protected readonly _fbWidth: number
    protected readonly _fbHeight: number
    protected readonly _decoders: Record<number, { _jpegRect?: () => never }>
    protected _resize(width: number, height: number): void
    protected _handleRect(): boolean
    protected _handleServerCutText(): boolean
  }
}
