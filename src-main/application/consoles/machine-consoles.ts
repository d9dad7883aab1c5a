/** What the application needs of a VM's consoles. Implemented by `remote/libvirt`. */
import type { VmUuid } from '#contract/ids.ts'
import type { ByteStream } from '../servers/connection.ts'

export interface OpenedConsole {
  readonly stream: ByteStream
  /** For the journal: what was opened, as an operator would write it. */
  readonly shown: string
}

/** 8 bits each of red, green, blue, row by row. */
export interface RgbPicture {
  readonly widthPx: number
  readonly heightPx: number
  readonly rgb: Uint8Array
}

export interface MachineConsoles {
  /**
   * The VM's VNC display as a byte stream.
   * Throws vmNotFound, vmActionNotPossible (it is off), displayMissing, forwardFailed, disconnected.
   */
  openVnc(uuid: VmUuid, signal: AbortSignal): Promise<OpenedConsole>
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
