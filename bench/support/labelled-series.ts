/**
 * Series of which it is known when they pass a threshold: ramps, leaks, steps, bends, daily cycles, noise, saturation, gaps.
 * Made from a seed, so that every run judges the same ones.
 */
import type { Series } from '../../src-main/domain/forecast/bins.ts'

export interface LabelledSeries {
  readonly name: string
  /** One value a minute, 0 to 1. */
  readonly series: Series
  /** From here on it is judged; before it is past. */
  readonly judgedFromMs: number
  /** When the true level (without noise) reaches the threshold first, from `judgedFromMs` on; null: never. */
  readonly crossesAtMs: number | null
}

export const THRESHOLD = 0.8
const MINUTE_MS = 60_000
const DAY = 1_440

export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Shape {
  readonly name: string
  /** Minutes of past before it is judged, and minutes that are judged. */
  readonly past: number
  readonly judged: number
  /** True level at a minute after the beginning of judging (negative: before). */
  readonly level: (minute: number) => number
  readonly noise: number
  /** Likeness of a value's noise to the one before, 0 to 1. */
  readonly likeness?: number
  readonly spikes?: number
  readonly gaps?: boolean
}

/** All of the set: `perKind` of each kind. */
export function labelledSeries(seed: number, perKind: number): LabelledSeries[] {
  const random = seededRandom(seed)
  const between = (low: number, high: number): number => low + random() * (high - low)
  const kinds: ((index: number) => Shape)[] = [
    () => ramp('ramp', between(0.2, 0.6), between(0.15, 0.6) / 60, between(30, 90), between(0.005, 0.03)),
    () =>
      ramp('slow ramp', between(0.55, 0.7), between(0.04, 0.12) / 60, between(30, 90), between(0.003, 0.012)),
    () => ({
      ...ramp('ramp with gaps', between(0.3, 0.6), between(0.15, 0.5) / 60, between(30, 90), 0.015),
      gaps: true
    }),
    () => ({
      ...ramp('ramp with spikes', between(0.2, 0.5), between(0.15, 0.5) / 60, between(30, 90), 0.01),
      spikes: 0.03
    }),
    () => leak(between(0.3, 0.5), between(0.1, 0.3) / 60, between(0.005, 0.02), between(0.05, 0.1)),
    () => step('step below', between(0.1, 0.3), between(0.5, 0.7), between(60, 240), between(0.01, 0.03)),
    () => step('step down', between(0.6, 0.7), between(0.2, 0.4), between(60, 240), between(0.01, 0.03)),
    () => saturating(between(0.2, 0.4), between(0.6, 0.72), between(20, 60), between(0.005, 0.02)),
    () => flat('noise', between(0.2, 0.6), between(0.02, 0.08)),
    () => ({ ...flat('wandering noise', between(0.3, 0.55), between(0.02, 0.05)), likeness: 0.9 }),
    () => ({ ...flat('spikes', between(0.2, 0.4), 0.02), spikes: 0.05 }),
    () => daily('daily, below', between(0.35, 0.45), between(0.18, 0.26), between(0.01, 0.02)),
    () => daily('daily, above', between(0.5, 0.55), between(0.32, 0.38), between(0.01, 0.02))
  ]
  return kinds.flatMap((kind) =>
    Array.from({ length: perKind }, (_unused, index) => made(kind(index), random))
  )
}

function ramp(name: string, from: number, perMinute: number, begins: number, noise: number): Shape {
  return {
    name,
    past: 240,
    judged: 360,
    noise,
    level: (minute) => from + perMinute * Math.max(0, minute - begins)
  }
}

/** A leak with collections: it falls back a little again and again. */
function leak(from: number, perMinute: number, noise: number, tooth: number): Shape {
  return {
    name: 'leak',
    past: 240,
    judged: 420,
    noise,
    level: (minute) =>
      from + perMinute * Math.max(0, minute - 60) + tooth * ((((minute % 12) + 12) % 12) / 12 - 0.5)
  }
}

function step(name: string, from: number, to: number, at: number, noise: number): Shape {
  return { name, past: 240, judged: 480, noise, level: (minute) => (minute < at ? from : to) }
}

function saturating(from: number, to: number, timeConstant: number, noise: number): Shape {
  return {
    name: 'saturating',
    past: 240,
    judged: 480,
    noise,
    level: (minute) => to - (to - from) * Math.exp(-Math.max(0, minute - 60) / timeConstant)
  }
}

const flat = (name: string, level: number, noise: number): Shape => ({
  name,
  past: 240,
  judged: DAY,
  noise,
  level: () => level
})

const daily = (name: string, mean: number, swing: number, noise: number): Shape => ({
  name,
  past: 7 * DAY,
  judged: DAY,
  noise,
  level: (minute) => mean - swing * Math.cos((2 * Math.PI * minute) / DAY)
})

function made(shape: Shape, random: () => number): LabelledSeries {
  const { name, past, judged, level, noise, likeness = 0, spikes = 0, gaps = false } = shape
  const atMs: number[] = []
  const values: (number | null)[] = []
  // Midnight of some day, so that the days of the daily ones begin with it.
  const zeroMs = 20_000 * DAY * MINUTE_MS
  let crossesAtMs: number | null = null
  let wander = 0
  let gapUntil = -Infinity
  for (let minute = -past; minute < judged; minute++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    wander = likeness * wander + Math.sqrt(1 - likeness * likeness) * normal
    const spike = random() < spikes ? random() * 0.5 : 0
    if (gaps && random() < 0.01) gapUntil = minute + 5 + random() * 15
    const truth = level(minute)
    if (minute >= 0 && truth >= THRESHOLD) crossesAtMs ??= zeroMs + minute * MINUTE_MS
    atMs.push(zeroMs + minute * MINUTE_MS)
    values.push(minute < gapUntil ? null : Math.min(1, Math.max(0, truth + wander * noise + spike)))
  }
  return { name, series: { atMs, values }, judgedFromMs: zeroMs, crossesAtMs }
}
