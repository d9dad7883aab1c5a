/** What the resident question cannot tell: CUDA's version, MIG devices and their memory. Pure. */
import { oneLine } from '../gpu-power/sysfs.ts'

export interface MigDevice {
  readonly uuid: string
  /** The card it is a slice of. */
  readonly gpuUuid: string
  readonly gpuIndex: number
  /** Its number on the card. */
  readonly index: number
  /** `1g.10gb`: sevenths of the card's processors, and its memory. */
  readonly profile: string
  readonly memoryUsedBytes: number | null
  readonly memoryTotalBytes: number | null
}

const MAX_SLICES = 128
const MIB = 1024 * 1024

/** The version beside the driver's in the heading: the newest CUDA that this driver runs. */
export function cudaVersion(table: string): string | null {
  const [, version] = /CUDA Version:\s*(\d{1,3}\.\d{1,3})/.exec(table) ?? []
  return version ?? null
}

/**
 * @param list of `nvidia-smi -L`
 * @param table of `nvidia-smi`, which has the memory of each slice
 */
export function parseMigDevices(list: string, table: string): MigDevice[] {
  const memory = migMemory(table)
  const slices: MigDevice[] = []
  let card: { index: number; uuid: string } | null = null
  for (const line of list.split('\n')) {
    const [, gpuIndex, gpuUuid] = /^GPU (\d{1,4}): .*\(UUID: (GPU-[\w-]{8,64})\)/.exec(line) ?? []
    if (gpuIndex !== undefined && gpuUuid !== undefined) card = { index: Number(gpuIndex), uuid: gpuUuid }
    const [, profile, index, uuid] =
      /^\s+MIG (\S{1,40})\s+Device\s+(\d{1,3}): \(UUID: (MIG-[\w/-]{8,80})\)/.exec(line) ?? []
    if (card === null || profile === undefined || index === undefined || uuid === undefined) continue
    if (slices.length >= MAX_SLICES) break
    const known = memory.get(`${card.index} ${Number(index)}`)
    slices.push({
      uuid,
      gpuUuid: card.uuid,
      gpuIndex: card.index,
      index: Number(index),
      profile: oneLine(profile),
      memoryUsedBytes: known?.used ?? null,
      memoryTotalBytes: known?.total ?? null
    })
  }
  return slices
}

/** By card and slice: `|  0    7   0   0  |     19MiB /  9856MiB | …`. */
function migMemory(table: string): Map<string, { used: number; total: number }> {
  const found = new Map<string, { used: number; total: number }>()
  for (const line of table.split('\n')) {
    const [, gpu, slice, used, total] =
      /^\|\s+(\d{1,4})\s+\d{1,4}\s+\d{1,4}\s+(\d{1,3})\s+\|\s*(\d{1,9})MiB\s*\/\s*(\d{1,9})MiB\s*\|/.exec(
        line
      ) ?? []
    if (gpu !== undefined && slice !== undefined)
      found.set(`${Number(gpu)} ${Number(slice)}`, { used: Number(used) * MIB, total: Number(total) * MIB })
  }
  return found
}
