/** Temperatures and fans from /sys/class/hwmon, or from /sys/class/thermal where there is no temperature there. Pure. */
import { hwmonChips, type HwmonChip } from './hwmon.ts'
import { oneLine, parseParts, parseSysfs, sysfsNumber, type SysfsDevice } from './sysfs.ts'

export interface SensorValue {
  /** `chip/label`; unique, and the same after a reboot. */
  readonly key: string
  readonly chip: string
  readonly label: string
  readonly kind: 'temperature' | 'fan'
  /** °C or turns per minute. */
  readonly value: number
  /** Where the chip itself begins to worry, and where it shuts down. null = it does not say. */
  readonly highCelsius: number | null
  readonly criticalCelsius: number | null
  /** Of the CPU or the board: counts for the hottest of the server. */
  readonly countsForHottest: boolean
}

export interface SensorReading {
  readonly sensors: readonly SensorValue[]
  /** null without any temperature of CPU or board. */
  readonly hottestCelsius: number | null
}

const MAX_SENSORS = 512
/** An input that is not wired shows the ends of its range: −128, 127, 255, or exactly 0. */
const LOWEST_CELSIUS = -40
const HIGHEST_CELSIUS = 126
/** Small counter-rotating fans reach 38,000; a chip without a fan shows 65,535 or 675,000. */
const HIGHEST_RPM = 45_000

/** Drives, network and graphics cards, wireless and batteries have limits of their own and stand on pages of their own. */
const NOT_OF_THE_BOARD =
  /^(nvme|drivetemp|amdgpu|radeon|nouveau|i915|xe|nvidia|mlx|iwlwifi|ath\d+k|mt79|rtw|r8169|r8125|igb|igc|ixgbe|i40e|ice|bnxt|tg3|cxgb|be2net|qede|sfp|BAT|ucsi|hidpp|corsair|kraken|nzxt)/i

/**
 * @param text the answer of the sensor script: hwmon's files, then thermal's under `@thermal`
 * @param turned keys of fans that have turned before; grows. A fan that never turned is not there, one that stands now does.
 */
export function parseSensors(text: string, turned: Set<string>): SensorReading {
  const parts = parseParts(text)
  const sensors = hwmonChips(parseSysfs(parts.get('') ?? '')).flatMap((chip) => [
    ...temperaturesOf(chip),
    ...fansOf(chip, turned)
  ])
  const all = sensors.some(({ kind }) => kind === 'temperature')
    ? sensors
    : [...thermalZones(parseSysfs(parts.get('thermal') ?? '')), ...sensors]
  const shown = all.slice(0, MAX_SENSORS)
  const hot = shown.filter(({ countsForHottest }) => countsForHottest).map(({ value }) => value)
  return { sensors: shown, hottestCelsius: hot.length === 0 ? null : Math.max(...hot) }
}

function temperaturesOf(chip: HwmonChip): SensorValue[] {
  const numbers = inputsOf(chip.files, /^temp(\d+)_input$/)
  const labels = labelsOf(chip.files, 'temp', numbers)
  // The control value of some Ryzens is 10 to 27 °C above the die's temperature, which stands beside it.
  const hasDie = [...labels.values()].includes('Tdie')
  return numbers.flatMap((number) => {
    const prefix = `temp${number}`
    const value = celsius(sysfsNumber(chip.files, `${prefix}_input`))
    if (value === null || sysfsNumber(chip.files, `${prefix}_fault`) === 1) return []
    const label = labels.get(number) ?? prefix
    return {
      key: `${chip.id}/${label}`,
      chip: chip.name,
      label,
      kind: 'temperature' as const,
      value,
      highCelsius: limit(sysfsNumber(chip.files, `${prefix}_max`)),
      criticalCelsius: limit(sysfsNumber(chip.files, `${prefix}_crit`)),
      countsForHottest: !NOT_OF_THE_BOARD.test(chip.name) && !(hasDie && label === 'Tctl')
    }
  })
}

function fansOf(chip: HwmonChip, turned: Set<string>): SensorValue[] {
  const numbers = inputsOf(chip.files, /^fan(\d+)_input$/)
  const labels = labelsOf(chip.files, 'fan', numbers)
  return numbers.flatMap((number) => {
    const value = sysfsNumber(chip.files, `fan${number}_input`)
    const label = labels.get(number) ?? `fan${number}`
    const key = `${chip.id}/${label}`
    if (value === null || value < 0 || value > HIGHEST_RPM) return []
    if (value > 0) turned.add(key)
    if (value === 0 && !turned.has(key)) return []
    return {
      key,
      chip: chip.name,
      label,
      kind: 'fan' as const,
      value,
      highCelsius: null,
      criticalCelsius: null,
      countsForHottest: false
    }
  })
}

function thermalZones(devices: ReadonlyMap<string, SysfsDevice>): SensorValue[] {
  const taken = new Set<string>()
  const zones: SensorValue[] = []
  for (const [folder, files] of devices) {
    const value = celsius(sysfsNumber(files, 'temp'))
    if (!/^thermal_zone\d+$/.test(folder) || value === null) continue
    const type = oneLine(files.get('type') ?? '', 40) || folder
    const label = taken.has(type) ? `${type} (${folder.slice('thermal_zone'.length)})` : type
    taken.add(type)
    zones.push({
      key: `thermal/${label}`,
      chip: 'thermal',
      label,
      kind: 'temperature',
      value,
      highCelsius: tripOf(files, 'hot'),
      criticalCelsius: tripOf(files, 'critical'),
      countsForHottest: !NOT_OF_THE_BOARD.test(type)
    })
  }
  return zones
}

function tripOf(files: SysfsDevice, type: string): number | null {
  for (const [file, value] of files) {
    const [, number] = /^trip_point_(\d+)_type$/.exec(file) ?? []
    if (number !== undefined && value === type) return limit(sysfsNumber(files, `trip_point_${number}_temp`))
  }
  return null
}

const inputsOf = (files: SysfsDevice, pattern: RegExp): number[] =>
  [...files.keys()]
    .flatMap((file) => pattern.exec(file)?.[1] ?? [])
    .map(Number)
    .sort((one, other) => one - other)

/** The chip's own labels; one that comes twice gets the number of its input. */
function labelsOf(files: SysfsDevice, kind: 'temp' | 'fan', numbers: readonly number[]): Map<number, string> {
  const plain = numbers.map(
    (number) => [number, oneLine(files.get(`${kind}${number}_label`) ?? '', 60)] as const
  )
  const count = new Map<string, number>()
  for (const [, label] of plain) count.set(label, (count.get(label) ?? 0) + 1)
  return new Map(
    plain.map(([number, label]) => [
      number,
      label === '' ? `${kind}${number}` : (count.get(label) ?? 0) > 1 ? `${label} (${kind}${number})` : label
    ])
  )
}

/** Thousandths of a degree, without what only an input that is not there shows. */
function celsius(milli: number | null): number | null {
  if (milli === null || milli === 0) return null
  const value = milli / 1_000
  return value < LOWEST_CELSIUS || value > HIGHEST_CELSIUS ? null : value
}

/** Limits of 0, or beyond what anything survives, are placeholders. */
function limit(milli: number | null): number | null {
  if (milli === null || milli <= 0) return null
  const value = milli / 1_000
  return value > 150 ? null : value
}
