/** What nvidia-smi says instead of a table. Pure. */
import { pciAddress } from './nvidia-query.ts'

export type NvidiaTrouble =
  /** There is a driver, and no card for it. */
  | { readonly kind: 'noDevices' }
  /** The kernel's part of the driver is not loaded. */
  | { readonly kind: 'driverNotLoaded' }
  /** The driver was upgraded, and the old kernel module is still running. */
  | { readonly kind: 'driverMismatch' }
  | { readonly kind: 'denied' }
  /** A card fell off the bus: nvidia-smi then tells of none. */
  | { readonly kind: 'gpuLost'; readonly pciAddress: string | null }
  | { readonly kind: 'toolMissing' }
  | { readonly kind: 'unreadable' }

/** Of the lines that were no rows; null when none of them tells anything. */
export function nvidiaTrouble(lines: readonly string[]): NvidiaTrouble | null {
  const text = lines.join('\n')
  if (/No devices were found/i.test(text)) return { kind: 'noDevices' }
  if (/Driver\/library version mismatch/i.test(text)) return { kind: 'driverMismatch' }
  if (/GPU is lost|Unable to determine the device handle/i.test(text)) {
    const [, address] = /GPU\s*([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])/i.exec(text) ?? []
    return { kind: 'gpuLost', pciAddress: pciAddress(address ?? null) }
  }
  if (/Insufficient Permissions|Permission denied/i.test(text)) return { kind: 'denied' }
  if (
    /couldn't communicate with the NVIDIA driver|Driver Not Loaded|NVML library not found|couldn't find libnvidia-ml/i.test(
      text
    )
  )
    return { kind: 'driverNotLoaded' }
  if (/not found|No such file/i.test(text)) return { kind: 'toolMissing' }
  return /failed|error/i.test(text) ? { kind: 'unreadable' } : null
}
