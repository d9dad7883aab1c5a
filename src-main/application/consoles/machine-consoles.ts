/** What the application needs of a VM's consoles. Implemented by `remote/libvirt`. */
import type { DisplayKind } from '#contract/consoles.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { ByteStream } from '../servers/connection.ts'

export interface OpenedConsole {
  readonly stream: ByteStream
  /** For the journal: what was opened, as an operator would write it. */
  readonly shown: string
}

export interface OpenedSpice extends OpenedConsole {
  /** Whether the same run of the VM still goes on: a QEMU that ended took its display with it. */
  stillRuns(signal: AbortSignal): Promise<boolean>
}

/** 8 bits each of red, green, blue, row by row. */
export interface RgbPicture {
  readonly widthPx: number
  readonly heightPx: number
  readonly rgb: Uint8Array
}

export interface MachineConsoles {
  /** The displays that the VM's definition has. Throws vmNotFound, disconnected. */
  displays(uuid: VmUuid, signal: AbortSignal): Promise<readonly DisplayKind[]>
  /**
   * The VM's VNC display as a byte stream.
   * Throws vmNotFound, vmActionNotPossible (it is off), displayMissing, forwardFailed, disconnected.
   */
  openVnc(uuid: VmUuid, signal: AbortSignal): Promise<OpenedConsole>
  /**
   * A connection to the VM's SPICE display; each channel of a session is one.
   * Throws as openVnc, and displayNeedsTls.
   */
  openSpice(uuid: VmUuid, signal: AbortSignal): Promise<OpenedSpice>
  /** The command of `openSerial`, for the journal. */
  serialCommand(uuid: VmUuid, takeOver: boolean): string
  /**
   * The VM's serial line. `takeOver` ends whoever holds it.
   * Throws vmNotFound, vmActionNotPossible (it is off), serialInUse, serialMissing, tooManyTerminals, libvirtFailed.
   */
  openSerial(uuid: VmUuid, takeOver: boolean, signal: AbortSignal): Promise<ByteStream>
  /**
   * What the VM's screen shows. Never asks a VM whose QEMU does not answer (vmNotResponding).
   * Throws vmNotFound, vmActionNotPossible (it is off), displayMissing, libvirtDenied, libvirtFailed.
   */
  picture(uuid: VmUuid, signal: AbortSignal): Promise<RgbPicture>
}
