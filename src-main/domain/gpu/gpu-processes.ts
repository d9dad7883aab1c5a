/** Who uses the memory of the cards: nvidia-smi's two lists, and AMD's /sys/class/kfd. Pure. */
import { oneLine } from '../gpu-power/sysfs.ts'
import { parseSysfs, sysfsNumber } from '../gpu-power/sysfs.ts'

export interface GpuProcess {
  readonly pid: number
  readonly user: string | null
  readonly name: string
  readonly memoryUsedBytes: number | null
  readonly kind: 'compute' | 'graphics'
  /** One of both says which card. */
  readonly gpuUuid: string | null
  readonly gpuIndex: number | null
  readonly pciAddress: string | null
}

const MAX_PROCESSES = 1_024
const MIB = 1024 * 1024

/** `/proc/812 alice` lines of stat, by pid. */
export function parseOwners(text: string): Map<number, string> {
  const owners = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [, pid, user] = /^\/proc\/(\d{1,10}) (\S{1,64})$/.exec(line) ?? []
    if (pid !== undefined && user !== undefined && user !== 'UNKNOWN')
      owners.set(Number(pid), oneLine(user, 64))
  }
  return owners
}

/** Lines `GPU-…, 812, 10240, python` of --query-compute-apps=gpu_uuid,pid,used_memory,process_name. */
export function parseComputeApps(text: string, owners: ReadonlyMap<number, string>): GpuProcess[] {
  return text
    .split('\n')
    .flatMap((line): GpuProcess[] => {
      const [uuid = '', pidText = '', memory = '', ...name] = line.split(',').map((cell) => cell.trim())
      const pid = pidOf(pidText)
      if (pid === null || !/^(GPU|MIG)-[\w/-]{8,80}$/.test(uuid)) return []
      return [
        {
          pid,
          user: owners.get(pid) ?? null,
          name: programName(name.join(', ')),
          memoryUsedBytes: mibOf(memory),
          kind: 'compute',
          gpuUuid: uuid,
          gpuIndex: null,
          pciAddress: null
        }
      ]
    })
    .slice(0, MAX_PROCESSES)
}

/**
 * Lines of `nvidia-smi pmon -c 1 -s m`: `gpu pid type fb ccpm command`, with columns that differ by version, so that its own
 * heading says where each stands. Only what computes nothing (type G) is taken; the rest the other list has, with full names.
 */
export function parsePmon(text: string, owners: ReadonlyMap<number, string>): GpuProcess[] {
  const lines = text.split('\n')
  const columns = lines
    .find((line) => /^#\s*gpu\s+pid\s+type/i.test(line))
    ?.replace('#', ' ')
    .trim()
    .toLowerCase()
    .split(/\s+/)
  if (columns === undefined) return []
  const memoryAt = columns.indexOf('fb')
  return lines
    .flatMap((line): GpuProcess[] => {
      const cells = line.trim().split(/\s+/)
      const pid = pidOf(cells[1] ?? '')
      if (pid === null || cells[2] !== 'G' || !/^\d{1,4}$/.test(cells[0] ?? '')) return []
      return [
        {
          pid,
          user: owners.get(pid) ?? null,
          name: programName(cells.slice(columns.length - 1).join(' ')),
          memoryUsedBytes: mibOf(cells[memoryAt] ?? ''),
          kind: 'graphics',
          gpuUuid: null,
          gpuIndex: Number(cells[0]),
          pciAddress: null
        }
      ]
    })
    .slice(0, MAX_PROCESSES)
}

/**
 * Processes of AMD cards: `proc/PID/vram_GPUID` beside `topology/nodes/N/gpu_id` and the place of that card.
 * @param text lines of the script: `PID/vram_GPUID:bytes`, `nodeN/gpu_id:…`, `nodeN/properties:location_id …`
 * @param names `/proc/PID/comm` by pid
 */
export function parseKfd(
  text: string,
  names: ReadonlyMap<number, string>,
  owners: ReadonlyMap<number, string>
): GpuProcess[] {
  const devices = parseSysfs(text)
  const places = new Map<string, string>()
  for (const [folder, files] of devices) {
    const id = files.get('gpu_id') ?? '0'
    const location = sysfsNumber(files, 'location_id')
    if (!folder.startsWith('node') || id === '0' || location === null || location < 0) continue
    places.set(id, kfdAddress(sysfsNumber(files, 'domain') ?? 0, location))
  }
  return [...devices]
    .flatMap(([folder, files]): GpuProcess[] => {
      const pid = pidOf(folder)
      if (pid === null) return []
      return [...files].flatMap(([file]) => {
        const [, id] = /^vram_(\d{1,10})$/.exec(file) ?? []
        const memoryUsedBytes = sysfsNumber(files, file)
        const address = id === undefined ? undefined : places.get(id)
        if (address === undefined || memoryUsedBytes === null || memoryUsedBytes <= 0) return []
        return {
          pid,
          user: owners.get(pid) ?? null,
          name: programName(names.get(pid) ?? ''),
          memoryUsedBytes,
          kind: 'compute' as const,
          gpuUuid: null,
          gpuIndex: null,
          pciAddress: address
        }
      })
    })
    .slice(0, MAX_PROCESSES)
}

/** Bus in the upper byte, then five bits of device and three of function. */
function kfdAddress(domain: number, location: number): string {
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
  return `${hex(domain & 0xffff, 4)}:${hex((location >> 8) & 0xff, 2)}:${hex((location >> 3) & 0x1f, 2)}.${location & 7}`
}

/** A program's path without its folders; nvidia-smi has the whole command line of some. */
const programName = (text: string): string => {
  const shown = oneLine(text, 200)
  return /^\[.*\]$/.test(shown) ? '' : shown
}

const pidOf = (text: string): number | null =>
  /^\d{1,10}$/.test(text) && Number(text) > 0 ? Number(text) : null

const mibOf = (text: string): number | null => (/^\d{1,9}$/.test(text) ? Number(text) * MIB : null)
