/** How keys of the history file are made. All fit into 2^53, so that they are plain numbers. */

/** Servers per file; a part of the tail's key, so never changed. Leaves room for times until the year 2109. */
export const SERVERS = 2048
/** Minutes, hours or days per entity in a rollup's key. */
export const SLOTS = 2 ** 26
/** Chunks of one server and hour. */
export const CHUNK_PARTS = 1024
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000
export const HOURS_PER_DAY = 24
/** The latest time that a key can hold. */
export const LATEST_MS = Math.floor(Number.MAX_SAFE_INTEGER / SERVERS) - 1

export type RollupLevel = 'minute' | 'hour' | 'day'
export const LEVELS: readonly RollupLevel[] = ['minute', 'hour', 'day']

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

/** By time first, so that retention is one range. */
export function chunkKey(hour: number, serverNumber: number, part: number): number {
  return (hour * SERVERS + serverNumber) * CHUNK_PARTS + part
}

export function chunkHour(key: number): number {
  return Math.floor(key / (SERVERS * CHUNK_PARTS))
}

export function chunkServer(key: number): number {
  return Math.floor(key / CHUNK_PARTS) % SERVERS
}

/** `slot` = atMs / span of the level. */
export function rollupKey(entityId: number, slot: number): number {
  return entityId * SLOTS + slot
}

export function rollupSlot(key: number): number {
  return key % SLOTS
}

export function rollupEntity(key: number): number {
  return Math.floor(key / SLOTS)
}

export function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS)
}

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS)
}
