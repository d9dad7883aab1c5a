/** Shared by the tests of storage: folders, servers, ticks, and a naive reading of them. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerId } from '#contract/ids.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import { ServerRecord } from '#contract/servers.ts'
import type { Log } from '../application/platform/platform.ts'
import type { Tick } from '../application/storage.ts'

/** A full hour. */
export const START_MS = Date.UTC(2026, 0, 5, 10)

export interface LoggedEvent {
  readonly level: string
  readonly event: string
  readonly fields: Record<string, unknown>
  readonly cause: unknown
}

/** Keeps what is logged. */
export function recordingLog(): Log & { readonly events: LoggedEvent[] } {
  const events: LoggedEvent[] = []
  const write =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}): void => {
      events.push({ level, event, fields, cause: undefined })
    }
  return {
    events,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error(event, cause, fields = {}) {
      events.push({ level: 'error', event, fields, cause })
      return 'incident'
    }
  }
}

export function makeTemporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'virthelm-storage-'))
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

export function newServerId(): ServerId {
  return ServerId.parse(randomUUID())
}

export function serverRecord(name: string, id = newServerId()): ServerRecord {
  return ServerRecord.parse({
    id,
    name,
    addedAtMs: START_MS,
    connection: { host: `${name.toLowerCase().replaceAll(/[^a-z]/g, '')}.example`, user: 'root' }
  })
}

export function tick(serverId: ServerId, atMs: number, entities: readonly EntityValues[]): Tick {
  return { serverId, atMs, entities }
}

/** A tick of the server alone. */
export function serverTick(serverId: ServerId, atMs: number, values: EntityValues<'server'>['values']): Tick {
  return tick(serverId, atMs, [{ kind: 'server', key: '', values }])
}

export const never: AbortSignal = new AbortController().signal
