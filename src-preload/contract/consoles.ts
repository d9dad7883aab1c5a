/**
 * Consoles: a VM's display (VNC or SPICE) and serial line, and a terminal on a server. Bytes go over the server's one ssh
 * connection; nothing listens for them on either side. A channel ends without an error when the other end closed it
 * (the VM is off, the shell ended); it fails with a code of `errors.ts` otherwise.
 */
import { z } from 'zod'
import { call, channel } from './define.ts'
import { ServerId, VmRef } from './ids.ts'

/** A terminal, named by the window that opens it. */
export const TerminalId = z.uuid().brand<'TerminalId'>()
export type TerminalId = z.infer<typeof TerminalId>

export const TerminalSize = z.object({
  columns: z.int().min(2).max(1_000),
  rows: z.int().min(1).max(1_000)
})
export type TerminalSize = z.infer<typeof TerminalSize>

/** What a VM's screen shows, made small. Decoded in the engine: the window gets bare colours. */
export const MachinePicture = z.object({
  widthPx: z.int().min(1).max(480),
  heightPx: z.int().min(1).max(360),
  /** Red, green, blue of each pixel, row by row, as base64. */
  rgbBase64: z.string().max(800_000)
})
export type MachinePicture = z.infer<typeof MachinePicture>

/** What a VM's display speaks. One with both is shown by VNC unless the operator chooses. */
export const DisplayKind = z.enum(['vnc', 'spice'])
export type DisplayKind = z.infer<typeof DisplayKind>

/** A SPICE session is several channels, each a connection of its own to the display. */
export const SpiceChannelKind = z.enum(['main', 'display', 'inputs', 'cursor'])
export type SpiceChannelKind = z.infer<typeof SpiceChannelKind>

export const consolesContract = {
  /** The displays of the VM as it runs now, or as it would start. Fails with vmNotFound, libvirtDenied, disconnected. */
  'consoles.displays': call(VmRef, z.object({ kinds: z.array(DisplayKind).max(2) })),
  /**
   * RFB as the VM's display speaks it. On a look-only server every message of input is dropped in the engine.
   * Fails with displayMissing, vmActionNotPossible (it is off), forwardFailed, vmNotFound, libvirtDenied, disconnected.
   */
  'consoles.vnc': channel(VmRef),
  /**
   * One channel of the VM's SPICE display, as the display speaks it. The first one of a session is the main channel, whose
   * opening is the opening of the console. On a look-only server there is no inputs channel (refused), and what is no
   * looking is dropped in the engine. SPICE lets only one in: who was there before is thrown out.
   * Fails as consoles.vnc, and with displayNeedsTls, and (the main channel) displayTaken: the display ended the session
   * while the VM runs on, which is what happens when somebody else opens it.
   */
  'consoles.spice': channel(VmRef.extend({ channel: SpiceChannelKind })),
  /**
   * The VM's serial line. `takeOver` ends whoever holds it. Fails with refused (look-only), serialInUse, serialMissing,
   * vmActionNotPossible (it is off), tooManyTerminals, vmNotFound, libvirtDenied, disconnected.
   */
  'consoles.serial': channel(VmRef.extend({ takeOver: z.boolean() })),
  /** The account's login shell. Fails with refused (look-only), tooManyTerminals, channelRefused, disconnected. */
  'consoles.terminal': channel(
    z.object({ serverId: ServerId, terminalId: TerminalId }).extend(TerminalSize.shape)
  ),
  /** Idempotent; a terminal that is gone is no error. */
  'consoles.resizeTerminal': call(z.object({ terminalId: TerminalId }).extend(TerminalSize.shape), z.null()),
  /**
   * Never asks a VM whose QEMU does not answer. Fails with refused (look-only: it needs the rights of a write),
   * vmNotResponding, vmActionNotPossible (it is off), displayMissing, libvirtDenied, libvirtFailed.
   */
  'consoles.picture': call(VmRef, MachinePicture)
}
