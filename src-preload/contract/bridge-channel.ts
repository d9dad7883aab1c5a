/** The one IPC channel of the desktop app, both ways. A file of its own, so that the preload script stays tiny. */
export const BRIDGE_CHANNEL = 'virthelm:rpc'
