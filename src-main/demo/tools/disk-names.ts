/** What the demo's disks call themselves, by their kind and size. */
import type { SimulatedHost } from '../host.ts'
import { hash } from '../noise.ts'
import type { DiskProfile } from '../profiles.ts'

export const isSolid = ({ name, sizeBytes }: DiskProfile): boolean =>
  name.startsWith('nvme') || name.startsWith('mmc') || sizeBytes < 2e12

export function modelOf({ name, sizeBytes }: DiskProfile): string {
  const size = sizeBytes >= 1e12 ? `${sizeBytes / 1e12}TB` : `${Math.round(sizeBytes / 1e9)}GB`
  if (name.startsWith('mmc')) return 'SN128'
  if (name.startsWith('nvme')) return `SAMSUNG MZQL2${size}`
  return sizeBytes < 2e12 ? `INTEL SSDSC2KB${size}` : `ST${sizeBytes / 1e12}000NM001G-2KK103`
}

export const serialOf = (host: SimulatedHost, { name, major, minor }: DiskProfile): string =>
  `${name.startsWith('nvme') ? 'S64G' : 'ZL2'}${Math.floor(hash(host.seed + major, minor) * 0xffffffff)
    .toString(36)
    .toUpperCase()
    .padStart(7, '0')}`
