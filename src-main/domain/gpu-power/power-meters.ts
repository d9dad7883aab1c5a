/** Power that the kernel measures: meters of hwmon, and batteries. Pure. */
import { hwmonChips } from './hwmon.ts'
import { oneLine, sysfsNumber, type SysfsDevice } from './sysfs.ts'

export interface PowerMeter {
  /** `chip/label`. */
  readonly name: string
  readonly watts: number
  /** `machine`: all that the machine draws; `part`: something in it. */
  readonly scope: 'machine' | 'part'
}

export interface Battery {
  readonly name: string
  /** null while the battery does not tell. */
  readonly watts: number | null
  readonly discharging: boolean
  readonly chargeRatio: number | null
}

const MOST_WATTS = 30_000
/** Their watts come from the lane of the graphics cards. */
const GRAPHICS = /^(amdgpu|radeon|nouveau|i915|xe)$/
/** ACPI's meter, IBM's, and power supplies that tell what they take. */
const WHOLE_MACHINE = /^(power_meter|acpi_power_meter|ibmpowernv|corsairpsu)$/

export function powerMeters(devices: ReadonlyMap<string, SysfsDevice>): PowerMeter[] {
  return hwmonChips(devices).flatMap((chip) => {
    if (GRAPHICS.test(chip.name)) return []
    const numbers = new Set(
      [...chip.files.keys()].flatMap((file) => /^power(\d+)_(?:input|average)$/.exec(file)?.[1] ?? [])
    )
    return [...numbers].flatMap((number): PowerMeter[] => {
      const micro =
        sysfsNumber(chip.files, `power${number}_average`) ?? sysfsNumber(chip.files, `power${number}_input`)
      if (micro === null || micro <= 0 || micro > MOST_WATTS * 1e6) return []
      const label = oneLine(chip.files.get(`power${number}_label`) ?? '', 60) || `power${number}`
      // A power supply tells each of its rails beside the sum.
      const isSum = numbers.size === 1 || /total|system|chassis/i.test(label)
      const scope = WHOLE_MACHINE.test(chip.name) && isSum ? 'machine' : 'part'
      return [{ name: `${chip.id}/${label}`, watts: micro / 1e6, scope }]
    })
  })
}

/** Batteries of the machine itself, not those of mice and keyboards. */
export function batteries(devices: ReadonlyMap<string, SysfsDevice>): Battery[] {
  return [...devices].flatMap(([folder, files]) => {
    if (files.get('type') !== 'Battery' || files.get('scope') === 'Device' || files.get('present') === '0')
      return []
    const status = files.get('status') ?? ''
    const percent = sysfsNumber(files, 'capacity')
    return {
      name: oneLine(folder, 40),
      watts: batteryWatts(files),
      discharging: status === 'Discharging',
      chargeRatio: percent === null || percent < 0 || percent > 100 ? null : percent / 100
    }
  })
}

/** Some drivers show a current that flows out as a negative number. */
function batteryWatts(files: SysfsDevice): number | null {
  const power = sysfsNumber(files, 'power_now')
  const current = sysfsNumber(files, 'current_now')
  const voltage = sysfsNumber(files, 'voltage_now')
  const watts =
    power !== null
      ? Math.abs(power) / 1e6
      : current !== null && voltage !== null
        ? (Math.abs(current) / 1e6) * (voltage / 1e6)
        : null
  return watts === null || watts < 0 || watts > 1_000 ? null : watts
}
