/** Graphics cards that the kernel itself tells of, under /sys/class/drm: AMD's fully, Intel's in part, others by name. Pure. */
import { oneLine, sysfsNumber, type SysfsDevice } from '../gpu-power/sysfs.ts'

export type GpuVendor = 'nvidia' | 'amd' | 'intel'

export interface DrmCard {
  readonly vendor: GpuVendor
  readonly index: number
  readonly pciAddress: string
  /** amdgpu, nvidia, nouveau, i915, xe. */
  readonly driver: string | null
  /** `1002:744c`: for looking up the name. */
  readonly pciId: string | null
  readonly name: string | null
  readonly uniqueId: string | null
  readonly memoryTotalBytes: number | null
  readonly memoryUsedBytes: number | null
  readonly utilisationRatio: number | null
  readonly temperatureCelsius: number | null
  readonly powerWatts: number | null
  readonly powerLimitWatts: number | null
  readonly fanRatio: number | null
  readonly frequencyMhz: number | null
  /** A counter, for watts of cards that do not tell them. */
  readonly energyMicroJoules: number | null
}

const VENDORS: ReadonlyMap<string, GpuVendor> = new Map([
  ['0x10de', 'nvidia'],
  ['0x1002', 'amd'],
  ['0x8086', 'intel']
])

/** Screens of BMCs and virtual machines are no graphics cards: only those of the three makers are. */
export function drmCards(devices: ReadonlyMap<string, SysfsDevice>): DrmCard[] {
  return [...devices].flatMap(([folder, files]) => {
    const [, index] = /^card(\d{1,4})$/.exec(folder) ?? []
    const vendor = VENDORS.get(files.get('device/vendor') ?? '')
    const address = /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/.exec(files.get('@address') ?? '')?.[0]
    if (index === undefined || vendor === undefined || address === undefined) return []
    return cardOf(Number(index), vendor, address, files)
  })
}

function cardOf(index: number, vendor: GpuVendor, address: string, files: SysfsDevice): DrmCard {
  const sensors = sensorsOf(files)
  const micro = (file: string): number | null => {
    const value = sysfsNumber(sensors, file)
    return value === null || value <= 0 || value > 5e9 ? null : value / 1e6
  }
  const total = positive(
    sysfsNumber(files, 'device/mem_info_vram_total') ?? sysfsNumber(files, 'lmem_total_bytes')
  )
  const used = sysfsNumber(files, 'device/mem_info_vram_used')
  const busy = sysfsNumber(files, 'device/gpu_busy_percent')
  return {
    vendor,
    index,
    pciAddress: address,
    driver: textOf(files, '@driver'),
    pciId: pciIdOf(files),
    name: textOf(files, 'device/product_name'),
    uniqueId: textOf(files, 'device/unique_id'),
    memoryTotalBytes: total,
    memoryUsedBytes: used === null || used < 0 || total === null ? null : Math.min(used, total),
    utilisationRatio: busy === null || busy < 0 || busy > 100 ? null : busy / 100,
    temperatureCelsius: temperatureOf(sensors),
    powerWatts: micro('power1_average') ?? micro('power1_input'),
    powerLimitWatts: micro('power1_cap') ?? micro('power1_max'),
    fanRatio: fanOf(sensors),
    frequencyMhz: positive(
      sysfsNumber(files, 'gt_act_freq_mhz') ??
        sysfsNumber(files, 'gt/gt0/rps_act_freq_mhz') ??
        sysfsNumber(files, 'device/tile0/gt0/freq0/act_freq')
    ),
    energyMicroJoules: sysfsNumber(sensors, 'energy1_input')
  }
}

/** Files of the card's hwmon folder, whatever its number is. */
const sensorsOf = (files: SysfsDevice): SysfsDevice =>
  new Map(
    [...files].flatMap(([file, value]) => {
      const [, name] = /^device\/hwmon\/hwmon\d+\/(\w+)$/.exec(file) ?? []
      return name === undefined ? [] : [[name, value] as const]
    })
  )

/** The edge of the die, where the card tells it; the newest accelerators only tell their hottest point. */
function temperatureOf(sensors: SysfsDevice): number | null {
  const labelled = (label: string): string | undefined =>
    [...sensors].find(([file, value]) => /^temp\d+_label$/.test(file) && value === label)?.[0]
  const file = labelled('edge') ?? labelled('junction') ?? labelled('pkg')
  const milli = sysfsNumber(sensors, file?.replace('_label', '_input') ?? 'temp1_input')
  return milli === null || milli <= 0 || milli > 150_000 ? null : milli / 1_000
}

function fanOf(sensors: SysfsDevice): number | null {
  const pwm = sysfsNumber(sensors, 'pwm1')
  const most = sysfsNumber(sensors, 'pwm1_max') ?? 255
  if (pwm === null || pwm < 0 || most <= 0 || pwm > most) return null
  return pwm / most
}

function pciIdOf(files: SysfsDevice): string | null {
  const [, vendor, device] =
    /^0x([0-9a-f]{4}) 0x([0-9a-f]{4})$/.exec(
      `${files.get('device/vendor') ?? ''} ${files.get('device/device') ?? ''}`
    ) ?? []
  return vendor === undefined || device === undefined ? null : `${vendor}:${device}`
}

const textOf = (files: SysfsDevice, file: string): string | null => {
  const text = oneLine(files.get(file) ?? '', 120)
  return text === '' ? null : text
}

const positive = (value: number | null): number | null => (value === null || value <= 0 ? null : value)

/** Names by PCI address, from `lspci -D -mm`: `0000:03:00.0 "VGA compatible controller" "Advanced…" "Navi 31 [Radeon RX 7900 XTX]" …`. */
export function parseLspci(text: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, address, device] =
      /^([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]) "[^"]{1,120}" "[^"]{1,200}" "([^"]{1,200})"/.exec(
        line
      ) ?? []
    // The name on the box stands in brackets behind the chip's.
    if (address !== undefined && device !== undefined)
      names.set(address, oneLine(/\[([^\]]{2,120})\]\s*$/.exec(device)?.[1] ?? device, 120))
  }
  return names
}
