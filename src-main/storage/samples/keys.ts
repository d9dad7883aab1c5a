/** How keys of the history file are made. All fit into 2^53, so that they are plain numbers. */

/** Servers per file; a part of the tail's key, so never changed. Leaves room for times until the year 2109. */
export const SERVERS = 2048
/** Minutes or hours per entity in a rollup's key. */
export const SLOTS = 2 ** 26
export const HOUR_MS = 3_600_000
export const MINUTE_MS = 60_000
/** The latest time that a key can hold. */
export const LATEST_MS = Math.floor(Number.MAX_SAFE_INTEGER / SERVERS) - 1

export const DAY_MS = 86_400_000

export type RollupLevel = 'minute' | 'hour' | 'day'
export const LEVELS: readonly RollupLevel[] = ['minute', 'hour']

const SPANS_MS = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS } as const

export function spanMs(level: RollupLevel): number {
  return SPANS_MS[level]
}

export function tailKey(serverNumber: number, atMs: number): number {
  return atMs * SERVERS + serverNumber
}

export function tailAtMs(key: number): number {
  return Math.floor(key / SERVERS)
}

/** `slot` = atMs / span of the level. */
export function rollupKey(entityId: number, slot: number): number {
  return entityId * SLOTS + slot
}

export function rollupSlot(key: number): number {
  return key % SLOTS
}

export function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS)
}
