/** Lines of `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`. Pure. */
import { oneLine } from '../gpu-power/sysfs.ts'

/** What is asked for; the name comes last, since nothing stops it from holding a comma. Drivers that do not know a field refuse all: see `unknownField`. */
export const NVIDIA_FIELDS = [
  'index',
  'uuid',
  'pci.bus_id',
  'driver_version',
  'memory.total',
  'memory.used',
  'memory.free',
  'utilization.gpu',
  'temperature.gpu',
  'power.draw',
  'power.limit',
  'fan.speed',
  'persistence_mode',
  'mig.mode.current',
  'name'
] as const
export type NvidiaField = (typeof NVIDIA_FIELDS)[number]

export interface NvidiaCard {
  readonly index: number
  readonly uuid: string | null
  readonly pciAddress: string | null
  readonly name: string
  readonly driverVersion: string | null
  readonly memoryTotalBytes: number | null
  readonly memoryUsedBytes: number | null
  readonly memoryFreeBytes: number | null
  readonly utilisationRatio: number | null
  readonly temperatureCelsius: number | null
  readonly powerWatts: number | null
  readonly powerLimitWatts: number | null
  readonly fanRatio: number | null
  readonly persistence: boolean | null
  readonly migEnabled: boolean
  /** It answered with an error where a value should be: it wants a reset, or has fallen off the bus. */
  readonly faulty: boolean
}

const MIB = 1024 * 1024
const FAULT = /ERR!|Unknown Error|requires reset|GPU is lost|Uncorrectable/i

/** null: not a line of the table (a message, see nvidia-trouble.ts). */
export function parseNvidiaCard(line: string, fields: readonly NvidiaField[]): NvidiaCard | null {
  const cells = line.split(',').map((cell) => cell.trim())
  if (cells.length < fields.length) return null
  const text = (field: NvidiaField): string | null => {
    const at = fields.indexOf(field)
    if (at === -1) return null
    const cell = field === 'name' ? cells.slice(at).join(', ') : (cells[at] ?? '')
    return cell === '' || /^\[.*\]$|^N\/A$|^ERR!$/.test(cell) ? null : oneLine(cell, 120)
  }
  const number = (field: NvidiaField, most: number): number | null => {
    const [, value] = /^(-?\d{1,9}(?:\.\d{1,4})?)(?:\s*(?:MiB|W|%|C))?$/.exec(text(field) ?? '') ?? []
    const parsed = value === undefined ? null : Number(value)
    return parsed === null || parsed < 0 || parsed > most ? null : parsed
  }
  const bytes = (field: NvidiaField): number | null => {
    const mib = number(field, 64 * 1024 * 1024)
    return mib === null ? null : mib * MIB
  }
  const ratio = (field: NvidiaField): number | null => {
    const percent = number(field, 200)
    return percent === null ? null : percent / 100
  }
  const index = number('index', 1_023)
  if (index === null || !Number.isInteger(index)) return null
  const utilisation = ratio('utilization.gpu')
  return {
    index,
    uuid: uuidOf(text('uuid')),
    pciAddress: pciAddress(text('pci.bus_id')),
    name: text('name') ?? '',
    driverVersion: text('driver_version'),
    memoryTotalBytes: bytes('memory.total'),
    memoryUsedBytes: bytes('memory.used'),
    memoryFreeBytes: bytes('memory.free'),
    utilisationRatio: utilisation === null ? null : Math.min(1, utilisation),
    temperatureCelsius: number('temperature.gpu', 150),
    powerWatts: number('power.draw', 5_000),
    powerLimitWatts: number('power.limit', 5_000),
    fanRatio: ratio('fan.speed'),
    persistence: text('persistence_mode') === null ? null : text('persistence_mode') === 'Enabled',
    migEnabled: text('mig.mode.current') === 'Enabled',
    faulty: FAULT.test(line)
  }
}

const uuidOf = (text: string | null): string | null =>
  text !== null && /^(GPU|MIG)-[\w/-]{8,80}$/.test(text) ? text : null

/** `00000000:3B:00.0` as /sys has it: `0000:3b:00.0`. */
export function pciAddress(text: string | null): string | null {
  const [, domain, rest] = /^([0-9a-f]{4,8}):([0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])$/i.exec(text ?? '') ?? []
  return domain === undefined || rest === undefined ? null : `${domain.slice(-4)}:${rest}`.toLowerCase()
}

/** The field that this driver does not know, from its message; the question is put again without it. */
export function unknownField(line: string): NvidiaField | null {
  const [, name] = /^Field "([\w.]+)" is not a valid field to query/.exec(line.trim()) ?? []
  return NVIDIA_FIELDS.find((field) => field === name) ?? null
}
