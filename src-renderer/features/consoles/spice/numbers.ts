/**
 * The numbers of the SPICE protocol that are used here. From the public description of the protocol
 * (https://www.spice-space.org/spice-protocol.html and the headers of spice-protocol).
 */

export const CHANNEL = { main: 1, display: 2, inputs: 3, cursor: 4 } as const
export type ChannelKind = keyof typeof CHANNEL

/** Bits of the capabilities, by word 0 of each set. */
export const COMMON_CAP = { authSelection: 1 << 0, authSpice: 1 << 1, miniHeader: 1 << 3 } as const
export const MAIN_CAP = { agentConnectedTokens: 1 << 2 } as const
export const DISPLAY_CAP = {
  sizedStream: 1 << 0,
  monitorsConfig: 1 << 1,
  preferredCompression: 1 << 6,
  multiCodec: 1 << 8,
  mjpeg: 1 << 9
} as const

export const LINK_ERROR = { ok: 0, needSecured: 5, permissionDenied: 7, channelNotAvailable: 9 } as const

/** Sent by the server on any channel. */
export const MSG = { setAck: 3, ping: 4, disconnecting: 6, baseLast: 100 } as const
/** Sent by the client on any channel. */
export const MSGC = { ackSync: 1, ack: 2, pong: 3 } as const

export const MAIN = {
  init: 103,
  channelsList: 104,
  mouseMode: 105,
  agentConnected: 107,
  agentDisconnected: 108,
  agentData: 109,
  agentToken: 110,
  agentConnectedTokens: 115
} as const
export const MAINC = {
  attachChannels: 104,
  mouseModeRequest: 105,
  agentStart: 106,
  agentData: 107,
  agentToken: 108
} as const
export const MOUSE_MODE = { server: 1, client: 2 } as const

export const DISPLAY = {
  mark: 102,
  reset: 103,
  copyBits: 104,
  invalList: 105,
  invalAllPixmaps: 106,
  invalPalette: 107,
  invalAllPalettes: 108,
  streamCreate: 122,
  streamData: 123,
  streamClip: 124,
  streamDestroy: 125,
  streamDestroyAll: 126,
  drawFill: 302,
  drawOpaque: 303,
  drawCopy: 304,
  drawBlend: 305,
  drawBlackness: 306,
  drawWhiteness: 307,
  drawInvers: 308,
  drawRop3: 309,
  drawStroke: 310,
  drawText: 311,
  drawTransparent: 312,
  drawAlphaBlend: 313,
  surfaceCreate: 314,
  surfaceDestroy: 315,
  streamDataSized: 316,
  monitorsConfig: 317,
  drawComposite: 318,
  glScanout: 320,
  glDraw: 321
} as const
export const DISPLAYC = { init: 101, preferredCompression: 103 } as const
export const COMPRESSION = { lz: 6 } as const

export const INPUTS = { init: 101, keyModifiers: 102, motionAck: 111 } as const
export const INPUTSC = {
  keyDown: 101,
  keyUp: 102,
  keyModifiers: 103,
  motion: 111,
  position: 112,
  press: 113,
  release: 114
} as const
/** The server acknowledges motions by so many. */
export const MOTION_ACK_BUNCH = 4

export const CURSOR = {
  init: 101,
  reset: 102,
  set: 103,
  move: 104,
  hide: 105,
  invalOne: 107,
  invalAll: 108
} as const
