/** Values that look like a server's: pure functions of a seed and the time, so that a seed always tells the same story. */

/** 0..1 from two integers; the same for the same pair. */
export function hash(seed: number, index: number): number {
  let value = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index ^ (index >>> 16), 0xc2b2ae35)
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  value = Math.imul(value ^ (value >>> 12), 0x297a2d39)
  return ((value ^ (value >>> 15)) >>> 0) / 4_294_967_296
}

/** Smooth noise 0..1 that changes over about `periodSec`. */
export function smooth(seed: number, atSec: number, periodSec: number): number {
  const position = atSec / periodSec
  const index = Math.floor(position)
  const part = position - index
  const eased = part * part * (3 - 2 * part)
  return hash(seed, index) * (1 - eased) + hash(seed, index + 1) * eased
}

/** Office hours: 0 at night, 1 in the early afternoon, by UTC shifted with `offsetHours`. */
export function daily(atSec: number, offsetHours: number): number {
  const hours = (atSec / 3600 + offsetHours) % 24
  return (1 - Math.cos((2 * Math.PI * (hours - 3)) / 24)) / 2
}

/** 1 during bursts that come now and then, about once per `everySec`, for a third of that time at most; else 0. */
export function burst(seed: number, atSec: number, everySec: number): number {
  const index = Math.floor(atSec / everySec)
  const from = hash(seed, index) * 0.6
  const length = 0.05 + hash(seed + 1, index) * 0.25
  const part = atSec / everySec - index
  return part > from && part < from + length ? 1 : 0
}

/** A leak: climbs from 0 to 1 over `everySec`, then the process is restarted. */
export function leak(seed: number, atSec: number, everySec: number): number {
  const shifted = atSec / everySec + hash(seed, 0)
  return shifted - Math.floor(shifted)
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
