/** What the file carries, as a shape: everything the operator chose, nothing that was measured or that happened. */
import { z } from 'zod'
import { ChannelDraft, MAX_CHANNELS } from '#contract/alert-channels.ts'
import { AlertRule, MAX_RULES } from '#contract/alert-rules.ts'
import { Maintenance, Silence } from '#contract/alerts.ts'
import { EngineSettings, MAX_ENGINES, ReadingSettings } from '#contract/engines.ts'
import { ChannelId, EngineId } from '#contract/ids.ts'
import { ReportSchedule } from '#contract/reports.ts'
import { HostKey, ServerRecord } from '#contract/servers.ts'
import { Settings } from '#contract/settings.ts'
import { WindowLayout } from '#contract/window-layout.ts'
import { SERVER_OPTIONS } from './server-options.ts'

export const MAX_SERVERS = 5_000
export const MAX_HOST_KEYS = 20_000
export const MAX_QUIET = 500

/** A server with what was chosen for it in its tabs; a subject without a choice is not there. */
export const PortableServer = ServerRecord.extend({ options: z.object(SERVER_OPTIONS).partial() })
export type PortableServer = z.infer<typeof PortableServer>

export const PortableChannel = z.object({ id: ChannelId, channel: ChannelDraft })
export type PortableChannel = z.infer<typeof PortableChannel>

export const PortableEngine = z.object({ id: EngineId, settings: EngineSettings })
export type PortableEngine = z.infer<typeof PortableEngine>

export const Configuration = z.object({
  servers: z.array(PortableServer).max(MAX_SERVERS),
  hostKeys: z.array(HostKey).max(MAX_HOST_KEYS),
  settings: Settings,
  rules: z.array(AlertRule).max(MAX_RULES),
  silences: z.array(Silence).max(MAX_QUIET),
  maintenances: z.array(Maintenance).max(MAX_QUIET),
  channels: z.array(PortableChannel).max(MAX_CHANNELS),
  reports: ReportSchedule,
  engines: z.array(PortableEngine).max(MAX_ENGINES),
  /** The engine that long ranges are read from. */
  reading: ReadingSettings.nullable(),
  /** null: made without a window (by the command). */
  layout: WindowLayout.nullable()
})
export type Configuration = z.infer<typeof Configuration>

/** Secrets by whose they are. They stand in a file under a passphrase only, and in no log. */
export const PortableSecrets = z.object({
  servers: z.array(
    z.object({ id: z.string(), password: z.string().nullable(), passphrase: z.string().nullable() })
  ),
  channels: z.array(z.object({ id: z.string(), secret: z.string() })),
  engines: z.array(z.object({ id: z.string(), secret: z.string() })),
  reading: z.string().nullable(),
  wake: z.array(z.object({ id: z.string(), password: z.string() }))
})
export type PortableSecrets = z.infer<typeof PortableSecrets>

export function countSecrets(secrets: PortableSecrets): number {
  const ofServers = secrets.servers.reduce(
    (sum, { password, passphrase }) => sum + Number(password !== null) + Number(passphrase !== null),
    0
  )
  const { channels, engines, wake, reading } = secrets
  return ofServers + channels.length + engines.length + wake.length + Number(reading !== null)
}
