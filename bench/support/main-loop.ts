/**
 * How long the console's own loop stands still because of the storage, while a fleet of 50 servers ticks at its usual pace,
 * hours are sealed, a window asks for all kinds of answers, and a day of everything is exported.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { historyCsv } from '../../src-main/application/export/history-export.ts'
import type { Storage } from '../../src-main/application/storage.ts'
import { DAY_MS, HOUR_MS, type ModelServer, never, RETENTION, tickOf } from './history-load.ts'

const FOR_MS = 20_000
const STEP_MS = 100
/** 50 servers, each every 5 s. */
const TICKS_PER_STEP = 1

/** Longest time in ms that a timer of the main thread came late. */
export async function measureMainLoop(
  storage: Storage,
  servers: readonly ModelServer[],
  endMs: number
): Promise<number> {
  const ending = new AbortController()
  const over = (): boolean => ending.signal.aborted
  const timer = setTimeout(() => ending.abort(), FOR_MS)
  const work = Promise.all([
    appendAlways(storage, servers, endMs, over),
    askAlways(storage, servers, endMs, over),
    exportAlways(storage, servers, endMs, over),
    storage.history.applyRetention(RETENTION, endMs + 2 * HOUR_MS)
  ])
  const longestMs = await longestPauseMs(over)
  await work
  clearTimeout(timer)
  return longestMs
}

async function longestPauseMs(over: () => boolean): Promise<number> {
  let longestMs = 0
  for (let sinceMs = performance.now(); !over(); sinceMs = performance.now()) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    longestMs = Math.max(longestMs, performance.now() - sinceMs)
  }
  return longestMs
}

async function appendAlways(
  storage: Storage,
  servers: readonly ModelServer[],
  endMs: number,
  over: () => boolean
): Promise<void> {
  for (let step = 0; !over(); step++) {
    for (let place = 0; place < TICKS_PER_STEP; place++) {
      const server = servers[(step * TICKS_PER_STEP + place) % servers.length]
      if (server !== undefined) void storage.history.append(tickOf(server, endMs + step * STEP_MS))
    }
    await sleep(STEP_MS)
  }
}

async function askAlways(
  storage: Storage,
  servers: readonly ModelServer[],
  endMs: number,
  over: () => boolean
): Promise<void> {
  const { history } = storage
  for (let turn = 0; !over(); turn++) {
    const server = servers[turn % servers.length]
    if (server === undefined) return
    const entity = { serverId: server.serverId, kind: 'server' as const, key: '' }
    const series = [{ entity, metrics: ['cpuUsedRatio', 'memoryUsedBytes', 'netRxBytesPerSec', 'load1'] }]
    const day = { series, fromAtMs: endMs - DAY_MS, toAtMs: endMs }
    await history.read({ ...day, maxPoints: 1_000 }, never)
    await history.read({ series, fromAtMs: endMs - 30 * DAY_MS, toAtMs: endMs, maxPoints: 1_000 }, never)
    await history.statistics(day, never)
    await history.rowsPage(
      { series, fromAtMs: day.fromAtMs, beforeAtMs: endMs, level: 'raw', limit: 500 },
      never
    )
  }
}

async function exportAlways(
  storage: Storage,
  servers: readonly ModelServer[],
  endMs: number,
  over: () => boolean
): Promise<void> {
  while (!over()) {
    const csv = historyCsv({
      choice: {
        serverIds: servers.slice(0, 10).map(({ serverId }) => serverId),
        what: { by: 'kinds', kinds: [{ kind: 'vm', metrics: ['cpuUsedRatio', 'memoryUsedBytes'] }] },
        fromAtMs: endMs - DAY_MS,
        toAtMs: endMs,
        level: 'raw',
        form: 'long'
      },
      history: storage.history,
      serverName: () => 'server',
      zone: 'local',
      signal: never
    })
    for await (const _ of csv) if (over()) break
  }
}
