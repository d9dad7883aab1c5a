/** Energy counters of the CPU (RAPL), from /sys/class/powercap. Pure. */
import { oneLine, sysfsNumber, type SysfsDevice } from './sysfs.ts'

export interface RaplZone {
  /** `package-0`, `package-0/dram`, `psys`. */
  readonly name: string
  /** psys is the whole board; packages and their memory are parts that do not overlap. */
  readonly scope: 'board' | 'part'
  readonly energyMicroJoules: number
  /** The counter begins anew at 0 behind this. */
  readonly rangeMicroJoules: number
}

export interface RaplReading {
  readonly zones: readonly RaplZone[]
  /** The counters exist, but the login user may not read them. */
  readonly denied: boolean
}

export interface RaplWatts {
  readonly name: string
  readonly scope: RaplZone['scope']
  readonly watts: number
  readonly joules: number
}

/** No zone draws more; what is more is a counter that was set back. */
const MOST_WATTS = 1_000

/**
 * Zones that add up: packages, the memory beside them, and psys. `core` and `uncore` are inside their package and are left
 * out; the memory-mapped interface (intel-rapl-mmio) shows the packages a second time.
 */
export function raplZones(devices: ReadonlyMap<string, SysfsDevice>): RaplReading {
  const zones: RaplZone[] = []
  let denied = false
  const folders = [...devices.keys()].filter((folder) => /^intel-rapl(-mmio)?(:\d+){1,2}$/.test(folder))
  const hasRegisters = folders.some((folder) => folder.startsWith('intel-rapl:'))
  for (const folder of folders) {
    const files = devices.get(folder)
    if (files === undefined || (hasRegisters && !folder.startsWith('intel-rapl:'))) continue
    const named = nameOf(folder, files, devices)
    if (named === null) continue
    const energyMicroJoules = sysfsNumber(files, 'energy_uj')
    const rangeMicroJoules = sysfsNumber(files, 'max_energy_range_uj')
    if (energyMicroJoules === null) denied ||= files.has('@denied')
    else if (energyMicroJoules >= 0 && rangeMicroJoules !== null && rangeMicroJoules > 0)
      zones.push({ ...named, energyMicroJoules, rangeMicroJoules })
  }
  return { zones: uniquelyNamed(zones), denied }
}

function nameOf(
  folder: string,
  files: SysfsDevice,
  devices: ReadonlyMap<string, SysfsDevice>
): Pick<RaplZone, 'name' | 'scope'> | null {
  const name = oneLine(files.get('name') ?? '', 40)
  const parts = folder.split(':')
  if (parts.length === 2) {
    if (name === 'psys') return { name, scope: 'board' }
    return /^package-\d+(-die-\d+)?$/.test(name) ? { name, scope: 'part' } : null
  }
  const parent = oneLine(devices.get(parts.slice(0, 2).join(':'))?.get('name') ?? '', 40)
  return name === 'dram' && parent !== '' ? { name: `${parent}/dram`, scope: 'part' } : null
}

const uniquelyNamed = (zones: readonly RaplZone[]): RaplZone[] =>
  zones.filter((zone, at) => zones.findIndex(({ name }) => name === zone.name) === at)

/**
 * Watts of each zone between two readings. A zone is left out where the span is so long that its counter may have begun anew
 * more than once, or where it did something that no zone can.
 * @param spanSec by the server's own uptime
 */
export function raplWatts(
  before: readonly RaplZone[],
  after: readonly RaplZone[],
  spanSec: number
): RaplWatts[] {
  if (!(spanSec > 0)) return []
  return after.flatMap(({ name, scope, energyMicroJoules, rangeMicroJoules }) => {
    const earlier = before.find((zone) => zone.name === name)
    if (earlier === undefined || spanSec * MOST_WATTS * 1e6 > rangeMicroJoules) return []
    const difference = energyMicroJoules - earlier.energyMicroJoules
    const joules = (difference < 0 ? difference + rangeMicroJoules : difference) / 1e6
    const watts = joules / spanSec
    return watts < 0 || watts > MOST_WATTS ? [] : [{ name, scope, watts, joules }]
  })
}
