/** Storage under the modelled load: fleets of ticks, appended as the engine does it. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerId } from '#contract/ids.ts'
import type { Log } from '../../src-main/application/platform/platform.ts'
import type { Storage, Tick } from '../../src-main/application/storage.ts'
import { openStorage } from '../../src-main/storage/client.ts'
import { type EntityModel, machineModel, serverModel } from './load-model.ts'

export const START_MS = Date.UTC(2026, 10, 2)
export const INTERVAL_MS = 5_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
export const VMS = 20
export const SAMPLES_PER_TICK = 45 + VMS * 14
export const RETENTION = { rawDays: 7, minuteDays: 90, hourDays: 1_825, budgetBytes: null }
export const never = new AbortController().signal

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (event, fields) => console.error(event, fields),
  error(event, cause) {
    console.error(event, cause)
    return ''
  }
}

export interface ModelServer {
  readonly serverId: ServerId
  readonly entities: readonly EntityModel[]
  readonly machineKeys: readonly string[]
}

export function modelServers(count: number): ModelServer[] {
  return Array.from({ length: count }, (_, index) => {
    const machineKeys = Array.from({ length: VMS }, () => randomUUID())
    const entities = [
      serverModel(index + 1),
      ...machineKeys.map((key, vm) => machineModel(1_000 * (index + 1) + vm, key))
    ]
    return { serverId: ServerId.parse(randomUUID()), entities, machineKeys }
  })
}

export function tickOf({ serverId, entities }: ModelServer, atMs: number): Tick {
  return { serverId, atMs, entities: entities.map((next) => next(atMs)) }
}

/** A data folder of its own; opened anew as often as one likes. */
export class BenchFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'virthelm-bench-'))

  open(): Promise<Storage> {
    return openStorage({
      dataFolder: this.path,
      workerUrl: new URL('../../src-main/storage/worker.ts', import.meta.url),
      log,
      clock: { nowMs: () => START_MS }
    })
  }

  fileBytes(): number {
    return statSync(join(this.path, 'history.sqlite')).size
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** CPU time of the whole process, in microseconds. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Bytes that this process has written, to files nearly all of them. */
export function writtenBytes(): number {
  const line = /wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))
  return Number(line?.[1])
}

export function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? NaN
}

/** Ticks of all servers from fromMs on, as fast as they are taken; hours are sealed as they end, as over real time. */
export async function fill(
  storage: Storage,
  servers: readonly ModelServer[],
  range: { readonly fromMs: number; readonly toMs: number; readonly intervalMs: number }
): Promise<number> {
  let ticks = 0
  let batch: Promise<void>[] = []
  for (let atMs = range.fromMs; atMs < range.toMs; atMs += range.intervalMs) {
    for (const server of servers) batch.push(storage.history.append(tickOf(server, atMs)))
    ticks += servers.length
    const hourEnds = (atMs + range.intervalMs) % HOUR_MS === 0
    if (batch.length < 500 && !hourEnds) continue
    await storage.history.flush()
    await Promise.all(batch)
    batch = []
    if (hourEnds) await storage.history.applyRetention(RETENTION, atMs + HOUR_MS / 20)
  }
  await storage.history.flush()
  await Promise.all(batch)
  return ticks
}
