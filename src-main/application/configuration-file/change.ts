/** What is to be written so that what is here becomes what was planned. Pure. */
import type { ServerId } from '#contract/ids.ts'
import type { ServerRecord } from '#contract/servers.ts'
import { CHANNELS_BLOB } from '../alert-channels/alert-channels.ts'
import { ENGINES_BLOB } from '../engines/outside-engines.ts'
import { keptFrom, KeptSchedule, SCHEDULE_BLOB } from '../reports/report-schedule.ts'
import { optionsBlob } from '../telemetry/server-options.ts'
import type { Configuration, PortableServer } from './configuration.ts'
import type { ConfigurationChange, StoredConfiguration } from './configuration-store.ts'
import { canonical } from './field-changes.ts'
import { keysByHost } from './merge-host-keys.ts'
import { OPTIONS_SUBJECTS } from './server-options.ts'

const isOther = (a: unknown, b: unknown): boolean => canonical(a) !== canonical(b)
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

export function changeBetween(
  here: Configuration,
  after: Configuration,
  { stored, nowMs }: { readonly stored: StoredConfiguration; readonly nowMs: number }
): ConfigurationChange {
  const rules = difference(here.rules, after.rules)
  const silences = difference(here.silences, after.silences)
  const maintenances = difference(here.maintenances, after.maintenances)
  const records = difference(here.servers.map(recordOf), after.servers.map(recordOf))
  return {
    servers: records.put,
    removedServers: records.removed,
    ...keysBetween(here, after),
    settings: isOther(here.settings, after.settings) ? after.settings : null,
    alerts: {
      rules: rules.put,
      removedRules: rules.removed,
      silences: silences.put,
      removedSilences: silences.removed,
      maintenances: maintenances.put,
      removedMaintenances: maintenances.removed
    },
    blobs: blobsBetween(here, after, { stored, nowMs }),
    forgotten: [
      ...records.removed,
      ...difference(here.channels, after.channels).removed,
      ...difference(here.engines, after.engines).removed
    ]
  }
}

const recordOf = ({ options: _, ...record }: PortableServer): ServerRecord => record

function difference<T extends { readonly id: string }>(
  here: readonly T[],
  after: readonly T[]
): { readonly put: T[]; readonly removed: T['id'][] } {
  const before = new Map(here.map((one) => [one.id, one]))
  const stays = new Set(after.map(({ id }) => id))
  return {
    put: after.filter((one) => isOther(before.get(one.id) ?? null, one)),
    removed: here.flatMap(({ id }) => (stays.has(id) ? [] : [id]))
  }
}

function keysBetween(
  here: Configuration,
  after: Configuration
): Pick<ConfigurationChange, 'hostKeys' | 'unpinned'> {
  const before = keysByHost(here.hostKeys)
  const next = keysByHost(after.hostKeys)
  const others = [...next].filter(([host, keys]) => isOther(before.get(host) ?? [], keys))
  const gone = [...before].filter(([host]) => !next.has(host))
  return {
    hostKeys: others.flatMap(([, keys]) => keys),
    unpinned: [...others, ...gone].flatMap(([, keys]) =>
      keys.slice(0, 1).map(({ host, port }) => ({ host, port }))
    )
  }
}

function blobsBetween(
  here: Configuration,
  after: Configuration,
  { stored, nowMs }: { readonly stored: StoredConfiguration; readonly nowMs: number }
): Map<string, Uint8Array | null> {
  const blobs = new Map<string, Uint8Array | null>()
  const before = new Map<ServerId, PortableServer>(here.servers.map((server) => [server.id, server]))
  for (const { id, options } of after.servers) {
    const was = before.get(id)?.options ?? {}
    for (const subject of OPTIONS_SUBJECTS) {
      const value = options[subject]
      if (isOther(was[subject] ?? null, value ?? null))
        blobs.set(optionsBlob(subject, id), value === undefined ? null : bytesOf(value))
    }
  }
  if (isOther(here.channels, after.channels)) {
    const channels = after.channels.map(({ id, channel }) => ({ channelId: id, draft: channel }))
    blobs.set(CHANNELS_BLOB, bytesOf({ channels }))
  }
  if (isOther([here.engines, here.reading], [after.engines, after.reading])) {
    const engines = after.engines.map(({ id, settings }) => ({ engineId: id, settings }))
    blobs.set(ENGINES_BLOB, bytesOf({ engines, reading: after.reading }))
  }
  if (isOther(here.reports, after.reports)) {
    const kept = stored.blobs.get(SCHEDULE_BLOB)
    const parsed = KeptSchedule.safeParse(
      kept === undefined ? null : JSON.parse(new TextDecoder().decode(kept))
    )
    const former = parsed.data ?? { schedule: here.reports, sinceAtMs: {} }
    blobs.set(SCHEDULE_BLOB, bytesOf(keptFrom(former, after.reports, nowMs)))
  }
  return blobs
}

/** Servers of which the running console has to take up something. */
export function touchedServers(here: Configuration, after: Configuration): Set<ServerId> {
  return new Set(difference(here.servers, after.servers).put.map(({ id }) => id))
}
