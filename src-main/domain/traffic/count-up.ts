/**
 * From counters that begin again at every boot to bytes that only add up: what came since the last reading, across
 * restarts of the server and while the console was closed. Never twice, never negative.
 */
import { type DayZone, spreadOverDays } from './days.ts'

export interface InterfaceCounter {
  /** Within one boot: `#<ifindex>`, or the name where the server tells no index. An index is never given twice in a boot. */
  readonly identity: string
  readonly name: string
  readonly rxBytes: number
  readonly txBytes: number
}

export interface CountedInterface extends InterfaceCounter {
  /** Its days are kept. Guests' cables are not: their names go from one guest to the next. */
  readonly kept: boolean
  /** It is part of the server's own sum. */
  readonly inTotal: boolean
}

export interface CounterReading {
  /** The workstation's clock. */
  readonly atMs: number
  /** The kernel's name for this boot; null where it has none. */
  readonly bootId: string | null
  readonly uptimeSec: number
  readonly interfaces: readonly CountedInterface[]
}

/** What is remembered between two readings. Interfaces that are gone stay in it until the next boot. */
export interface CounterState {
  readonly atMs: number
  readonly bootId: string | null
  readonly uptimeSec: number
  readonly interfaces: readonly InterfaceCounter[]
}

/** Bytes of one interface since the last reading. */
export interface Growth {
  readonly name: string
  readonly kept: boolean
  readonly inTotal: boolean
  readonly rxBytes: number
  readonly txBytes: number
}

export interface CountResult {
  /** They came between this moment and the reading. */
  readonly fromMs: number
  readonly grown: readonly Growth[]
  readonly state: CounterState
}

/** A server of containers makes ever new interfaces: beyond this the oldest of a boot are forgotten. */
export const MAX_COUNTERS = 4_096
/** Without boot ids: how far the clocks may disagree within one boot (a step of one hour, and some drift). */
const CLOCK_TOLERANCE_SEC = 5_400
const WRAP = 2 ** 32

/**
 * The first reading of all only begins the count. An interface that was not there at the last one, in the same boot, was made
 * since: all it has counted is new. After a boot everything is. Of what came between the last reading and the boot nobody
 * knows. A reading older than the last one changes nothing.
 */
export function countUp(previous: CounterState | null, reading: CounterReading): CountResult | null {
  if (previous === null) {
    const grown = reading.interfaces.map((now) => growthOf(now, 0, 0))
    return { fromMs: reading.atMs, grown, state: stateOf(reading, []) }
  }
  const same = isSameBoot(previous, reading)
  if (same && reading.uptimeSec < previous.uptimeSec) return null
  const known = new Map(same ? previous.interfaces.map((one) => [one.identity, one]) : [])
  const isFull = known.size >= MAX_COUNTERS
  const grown = reading.interfaces.map((now) => {
    const before = known.get(now.identity)
    if (before === undefined) return isFull ? growthOf(now, 0, 0) : growthOf(now, now.rxBytes, now.txBytes)
    return growthOf(now, ...grownBy(before, now))
  })
  const bootedAtMs = reading.atMs - reading.uptimeSec * 1_000
  return {
    fromMs: Math.min(reading.atMs, same ? previous.atMs : Math.max(previous.atMs, bootedAtMs)),
    grown,
    state: stateOf(reading, same ? previous.interfaces : [])
  }
}

function growthOf({ name, kept, inTotal }: CountedInterface, rxBytes: number, txBytes: number): Growth {
  return { name, kept, inTotal, rxBytes, txBytes }
}

function isSameBoot(previous: CounterState, reading: CounterReading): boolean {
  if (previous.bootId !== null && reading.bootId !== null) return previous.bootId === reading.bootId
  const uptimeGrewSec = reading.uptimeSec - previous.uptimeSec
  const clockGrewSec = (reading.atMs - previous.atMs) / 1_000
  return uptimeGrewSec >= 0 && Math.abs(uptimeGrewSec - clockGrewSec) < CLOCK_TOLERANCE_SEC
}

/**
 * A counter that fell has begun again at 0, and then both directions have: what it shows came since. Where one alone fell and
 * the other went on, it has gone round at 2^32, as old drivers' counters do.
 */
function grownBy(before: InterfaceCounter, now: InterfaceCounter): [rxBytes: number, txBytes: number] {
  const one = (direction: 'rxBytes' | 'txBytes', other: 'rxBytes' | 'txBytes'): number => {
    if (now[direction] >= before[direction]) return now[direction] - before[direction]
    const around = WRAP - before[direction] + now[direction]
    const otherWentOn = before[other] > 0 && now[other] >= before[other]
    return otherWentOn && before[direction] < WRAP && around < WRAP / 2 ? around : now[direction]
  }
  return [one('rxBytes', 'txBytes'), one('txBytes', 'rxBytes')]
}

function stateOf(reading: CounterReading, earlier: readonly InterfaceCounter[]): CounterState {
  const now = reading.interfaces.map(({ identity, name, rxBytes, txBytes }) => ({
    identity,
    name,
    rxBytes,
    txBytes
  }))
  const present = new Set(now.map(({ identity }) => identity))
  const gone = earlier.filter(({ identity }) => !present.has(identity))
  const room = Math.max(0, MAX_COUNTERS - now.length)
  const interfaces = [...gone.slice(Math.max(0, gone.length - room)), ...now.slice(0, MAX_COUNTERS)]
  return { atMs: reading.atMs, bootId: reading.bootId, uptimeSec: reading.uptimeSec, interfaces }
}

export interface TrafficRow {
  readonly kind: 'interface' | 'server'
  /** The interface's name; '' for the server. */
  readonly key: string
  /** `spreadBytes`: of the other two, what was divided evenly because nobody looked. */
  readonly name: 'rxBytes' | 'txBytes' | 'spreadBytes'
  readonly day: string
  readonly total: number
}

/** Between two readings of a console that runs there are a minute or two; more is a pause. */
const PAUSE_MS = 3_600_000

/** The sums to be added, by day. Rows of 0 are told for the day of the reading: from then on it was counted. */
export function trafficRows({ fromMs, grown, state }: CountResult, zone: DayZone): TrafficRow[] {
  const sums = new Map<string, { kind: TrafficRow['kind']; key: string; rxBytes: number; txBytes: number }>()
  const add = (kind: TrafficRow['kind'], key: string, growth: Growth): void => {
    const sum = sums.get(`${kind} ${key}`) ?? { kind, key, rxBytes: 0, txBytes: 0 }
    sum.rxBytes += growth.rxBytes
    sum.txBytes += growth.txBytes
    sums.set(`${kind} ${key}`, sum)
  }
  for (const growth of grown) {
    if (growth.kept || growth.inTotal) add('interface', growth.name, growth)
    if (growth.inTotal) add('server', '', growth)
  }
  const isPause = state.atMs - fromMs > PAUSE_MS
  return [...sums.values()].flatMap(({ kind, key, rxBytes, txBytes }) => {
    const rows = (name: TrafficRow['name'], total: number): TrafficRow[] =>
      spreadOverDays(fromMs, state.atMs, total, zone).map(({ day, part }) => ({
        kind,
        key,
        name,
        day,
        total: part
      }))
    const both = [...rows('rxBytes', rxBytes), ...rows('txBytes', txBytes)]
    const days = new Set(both.map(({ day }) => day)).size
    return isPause && days > 1 && rxBytes + txBytes > 0
      ? [...both, ...rows('spreadBytes', rxBytes + txBytes)]
      : both
  })
}
