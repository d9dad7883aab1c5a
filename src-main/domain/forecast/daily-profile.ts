/** What a day usually looks like. Pure. */
import type { Series } from './bins.ts'
import { median, spread } from './robust.ts'

const DAY_MS = 86_400_000
const SLOTS = 48
const SLOT_MS = DAY_MS / SLOTS
/** Fewer days cannot tell a habit from a coincidence. */
const LEAST_DAYS = 3
const LEAST_FILLED = 0.8

/** The usual value at a time; between the middles of two half hours it is their mix. */
export type DailyProfile = (atMs: number) => number

/**
 * null when there are too few days, or when days do not resemble each other more than they differ.
 * @param days means of some minutes each, of several days; by UTC, as a shift of one hour twice a year is noise here
 */
export function dailyProfile(days: Series): DailyProfile | null {
  const slots: { day: number; value: number }[][] = Array.from({ length: SLOTS }, () => [])
  for (let index = 0; index < days.atMs.length; index++) {
    const atMs = days.atMs[index] ?? 0
    const value = days.values[index]
    if (value === null || value === undefined || !Number.isFinite(value)) continue
    slots[Math.floor((atMs % DAY_MS) / SLOT_MS)]?.push({ day: Math.floor(atMs / DAY_MS), value })
  }
  const filled = slots.filter((slot) => new Set(slot.map(({ day }) => day)).size >= LEAST_DAYS)
  if (filled.length < SLOTS * LEAST_FILLED) return null
  const whole = median(slots.flat().map(({ value }) => value))
  const usual = slots.map((slot) => (slot.length === 0 ? whole : median(slot.map(({ value }) => value))))
  const around = slots.flatMap((slot, place) => slot.map(({ value }) => value - (usual[place] ?? whole)))
  const swing = spread(usual.map((value) => value - whole))
  if (swing <= spread(around) || swing === 0) return null
  return (atMs) => {
    const place = (atMs % DAY_MS) / SLOT_MS - 0.5
    const before = Math.floor(place)
    const share = place - before
    const one = usual[(before + SLOTS) % SLOTS] ?? whole
    const next = usual[(before + 1 + SLOTS) % SLOTS] ?? whole
    return one + (next - one) * share
  }
}
