/**
 * Numbers with units, for the screen.
 *
 * Sizes (memory, disks, counters of bytes) are in powers of 1024 with IEC names (KiB, MiB, GiB, TiB): so count libvirt,
 * qemu-img, free and df, and a VM made with 20 GiB shows 20.0 GiB. Rates are in powers of 1000 with SI names: network in
 * bits (Mb/s), disks in bytes (MB/s), as on the data sheets of cards and drives. The names are exact, so that the two
 * are never taken for one another.
 *
 * Value and unit are apart, so that a unit can be shown in a quieter tone. A missing value is '—' without a unit; the
 * reason is the caller's to tell.
 */
export interface Quantity {
  readonly value: string
  readonly unit: string
}

export const MISSING = '—'
const missing: Quantity = { value: MISSING, unit: '' }

/** A factor and its name; `divisor` turns the base unit into this one. */
export interface Scale {
  readonly divisor: number
  readonly unit: string
}

const binary: readonly Scale[] = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'].map((unit, power) => ({
  divisor: 1024 ** power,
  unit
}))
const decimal = (names: readonly string[]): readonly Scale[] =>
  names.map((unit, power) => ({ divisor: 1000 ** power, unit }))
const byteRates = decimal(['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'])
const bitRates = decimal(['b/s', 'kb/s', 'Mb/s', 'Gb/s', 'Tb/s'])
const eventRates = decimal(['/s', 'k/s', 'M/s'])

/** Rounding to the shown digits must not read `1024 MiB` or `1000 kb/s`: the next scale starts a little earlier. */
function pick(scales: readonly Scale[], magnitude: number): Scale {
  let chosen = scales[0] ?? { divisor: 1, unit: '' }
  for (const scale of scales) if (Math.abs(magnitude) >= scale.divisor * 0.9995) chosen = scale
  return chosen
}

/** One decimal below 100, none above; whole numbers of the base unit stay whole. */
export function formatNumber(value: number, digits = Math.abs(value) < 99.95 ? 1 : 0): string {
  const text = value.toFixed(digits)
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text
}

function scaled(value: number | null | undefined, scales: readonly Scale[], factor = 1): Quantity {
  if (value === null || value === undefined || !Number.isFinite(value)) return missing
  const scale = pick(scales, value * factor)
  const shown = (value * factor) / scale.divisor
  return {
    value: formatNumber(shown, scale.divisor === 1 ? 0 : undefined),
    unit: scale.unit
  }
}

/** A size in bytes: `{ value: '41.2', unit: 'GiB' }`. */
export const formatBytes = (bytes: number | null | undefined): Quantity => scaled(bytes, binary)

/** A disk's rate in bytes per second: `182 MB/s`. */
export const formatBytesPerSec = (bytesPerSec: number | null | undefined): Quantity =>
  scaled(bytesPerSec, byteRates)

/** A network's rate: takes bytes per second, shows bits: `94.0 Mb/s`. */
export const formatBitsPerSec = (bytesPerSec: number | null | undefined): Quantity =>
  scaled(bytesPerSec, bitRates, 8)

/** Events per second: `1.2 k/s`. */
export const formatPerSec = (perSec: number | null | undefined): Quantity => {
  if (perSec === null || perSec === undefined || !Number.isFinite(perSec)) return missing
  const scale = pick(eventRates, perSec)
  return { value: formatNumber(perSec / scale.divisor), unit: scale.unit }
}

/** A ratio 0..1 as percent: `22.4 %`. `digits` 0 for gauges and cards. */
export function formatRatio(ratio: number | null | undefined, digits = 1): Quantity {
  if (ratio === null || ratio === undefined || !Number.isFinite(ratio)) return missing
  return { value: formatNumber(ratio * 100, digits), unit: '%' }
}

/** Power: `84.2 W`. */
export const formatWatts = (watts: number | null | undefined): Quantity =>
  watts === null || watts === undefined || !Number.isFinite(watts)
    ? missing
    : { value: formatNumber(watts), unit: 'W' }

/** Power of many machines: `1.37 kW`. */
export const formatPower = (watts: number | null | undefined): Quantity =>
  typeof watts === 'number' && watts >= 999.5 && Number.isFinite(watts)
    ? { value: formatNumber(watts / 1_000, watts < 99_950 ? 2 : 1), unit: 'kW' }
    : formatWatts(watts)

/** A load average: two decimals, no unit. */
export const formatLoad = (load: number | null | undefined): Quantity =>
  load === null || load === undefined || !Number.isFinite(load)
    ? missing
    : { value: load.toFixed(2), unit: '' }

/** A count, digits grouped by a narrow space: `12 345`. */
export const formatCount = (count: number | null | undefined): Quantity =>
  count === null || count === undefined || !Number.isFinite(count)
    ? missing
    : {
        value: Math.round(count)
          .toString()
          .replace(/\B(?=(\d{3})+$)/g, '\u202f'),
        unit: ''
      }

/** `used` of `total` in the total's unit: `{ used: '95.0', total: '256', unit: 'GiB' }`. Either may be missing. */
export function formatBytesOf(
  used: number | null | undefined,
  total: number | null | undefined
): { used: string; total: string; unit: string } {
  if (total === null || total === undefined) {
    const alone = formatBytes(used)
    return { used: alone.value, total: MISSING, unit: alone.unit }
  }
  const scale = pick(binary, total)
  const digits = scale.divisor === 1 ? 0 : undefined
  const whole = total / scale.divisor
  return {
    used: used === null || used === undefined ? MISSING : formatNumber(used / scale.divisor, digits),
    total: formatNumber(whole, Number.isInteger(whole) ? 0 : digits),
    unit: scale.unit
  }
}

/** How a value is shown on charts and in tables. */
export type DisplayUnit =
  | 'ratio'
  | 'bytes'
  | 'bytesPerSec'
  | 'bitsPerSec'
  | 'perSec'
  | 'load'
  | 'count'
  | 'ms'
  | 'sec'
  | 'celsius'
  | 'watts'
  | 'rpm'

const formatters: Record<DisplayUnit, (value: number | null | undefined) => Quantity> = {
  ratio: (value) => formatRatio(value),
  bytes: formatBytes,
  bytesPerSec: formatBytesPerSec,
  bitsPerSec: formatBitsPerSec,
  perSec: formatPerSec,
  load: formatLoad,
  count: formatCount,
  ms: (value) =>
    value === null || value === undefined ? missing : { value: formatNumber(value, 0), unit: 'ms' },
  sec: (value) =>
    value === null || value === undefined ? missing : { value: formatNumber(value, 0), unit: 's' },
  celsius: (value) =>
    value === null || value === undefined ? missing : { value: formatNumber(value, 0), unit: '°C' },
  watts: formatWatts,
  rpm: (value) =>
    value === null || value === undefined ? missing : { value: formatNumber(value, 0), unit: 'rpm' }
}

export const formatAs = (unit: DisplayUnit, value: number | null | undefined): Quantity =>
  formatters[unit](value)

/** Value and unit as one text, kept on one line by a no-break space. */
export const quantityText = (quantity: Quantity): string =>
  quantity.unit === '' ? quantity.value : `${quantity.value}\u00a0${quantity.unit}`

/** The scale of an axis that ends at `max` (in the metric's own unit): divisor to the shown unit, and its name. */
export function axisScale(unit: DisplayUnit, max: number): Scale {
  switch (unit) {
    case 'bytes':
      return pick(binary, max)
    case 'bytesPerSec':
      return pick(byteRates, max)
    case 'bitsPerSec': {
      const scale = pick(bitRates, max * 8)
      return { divisor: scale.divisor / 8, unit: scale.unit }
    }
    case 'perSec':
      return pick(eventRates, max)
    case 'ratio':
      return { divisor: 0.01, unit: '%' }
    case 'ms':
      return { divisor: 1, unit: 'ms' }
    case 'sec':
      return { divisor: 1, unit: 's' }
    case 'celsius':
      return { divisor: 1, unit: '°C' }
    case 'watts':
      return { divisor: 1, unit: 'W' }
    case 'rpm':
      return { divisor: 1, unit: 'rpm' }
    case 'load':
    case 'count':
      return { divisor: 1, unit: '' }
  }
}
