/** Numbers with units, as they stand in a report: the same rules as on the screen (powers of 1024 for sizes, of 1000 for rates). */

export type ReportUnit =
  'ratio' | 'bytes' | 'bitsPerSec' | 'watts' | 'wattHours' | 'count' | 'amount' | 'points'

export const MISSING = '—'
/** Keeps a number and its unit on one line. */
const NBSP = '\u00a0'

interface Scale {
  readonly divisor: number
  readonly unit: string
}

const scales = (base: number, names: readonly string[], factor = 1): Scale[] =>
  names.map((unit, power) => ({ divisor: base ** power / factor, unit }))

const SCALES: Record<ReportUnit, readonly Scale[]> = {
  ratio: [{ divisor: 0.01, unit: '%' }],
  bytes: scales(1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']),
  // Values are bytes per second.
  bitsPerSec: scales(1000, ['b/s', 'kb/s', 'Mb/s', 'Gb/s', 'Tb/s'], 8),
  watts: scales(1000, ['W', 'kW', 'MW']),
  wattHours: scales(1000, ['Wh', 'kWh', 'MWh']),
  count: [{ divisor: 1, unit: '' }],
  amount: [{ divisor: 1, unit: '' }],
  points: [{ divisor: 0.01, unit: 'points' }]
}

/** Rounding to the shown digits must not read `1024 MiB`: the next scale starts a little earlier. */
export function scaleOf(unit: ReportUnit, magnitude: number): Scale {
  const all = SCALES[unit]
  let chosen = all[0] ?? { divisor: 1, unit: '' }
  for (const scale of all) if (Math.abs(magnitude) >= scale.divisor * 0.9995) chosen = scale
  return chosen
}

function digitsOf(unit: ReportUnit, shown: number, scale: Scale): number {
  if (unit === 'count' || scale.unit === 'B' || scale.unit === 'b/s') return 0
  return Math.abs(shown) < 99.95 ? 1 : 0
}

const grouped = (text: string): string => text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, '\u202f')

/** `41.2 GiB`; `—` for what is not known. */
export function quantity(unit: ReportUnit, value: number | null): string {
  if (value === null || !Number.isFinite(value)) return MISSING
  const scale = scaleOf(unit, value)
  const shown = value / scale.divisor
  const text = shown.toFixed(digitsOf(unit, shown, scale)).replace(/^-(0(\.0*)?)$/, '$1')
  return scale.unit === '' ? grouped(text) : `${grouped(text)}${NBSP}${scale.unit}`
}

export type Direction = 'up' | 'down' | 'same'

export interface Change {
  readonly direction: Direction
  /** Without a sign: the arrow has it. */
  readonly text: string
}

/**
 * How much more or less than before. Shares differ in points, amounts in percent of the former. null where either is not known
 * or the former is nothing.
 */
export function change(unit: ReportUnit, now: number | null, before: number | null): Change | null {
  if (now === null || before === null) return null
  if (unit === 'ratio') return changed((now - before) * 100, (size) => `${size}${NBSP}points`)
  if (unit === 'count') return changed(now - before, (size) => String(Number(size)), 0)
  if (before === 0) return null
  return changed(((now - before) / Math.abs(before)) * 100, (size) => `${size}${NBSP}%`)
}

function changed(difference: number, words: (size: string) => string, digits = 1): Change {
  const size = Math.abs(difference).toFixed(Math.abs(difference) < 99.95 ? digits : 0)
  if (Number(size) === 0) return { direction: 'same', text: words(size) }
  return { direction: difference > 0 ? 'up' : 'down', text: words(size) }
}
