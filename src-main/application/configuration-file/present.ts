/** From what is stored to the shape of the file: sorted by names, so that two files can be compared line by line. */
import { KeptChannels, CHANNELS_BLOB, DESKTOP_CHANNEL, DESKTOP } from '../alert-channels/alert-channels.ts'
import { ENGINES_BLOB, KeptEngines } from '../engines/outside-engines.ts'
import { KeptSchedule, SCHEDULE_BLOB } from '../reports/report-schedule.ts'
import { optionsBlob } from '../telemetry/server-options.ts'
import { Configuration, type PortableServer } from './configuration.ts'
import type { ConfigurationStore, StoredConfiguration } from './configuration-store.ts'
import { OPTIONS_SUBJECTS, SERVER_OPTIONS } from './server-options.ts'

const BLOBS = [CHANNELS_BLOB, ENGINES_BLOB, SCHEDULE_BLOB, 'options/']

/** As it is kept now; without a layout, which only windows know. */
export async function presentConfiguration(
  store: Pick<ConfigurationStore, 'read'>
): Promise<{ readonly stored: StoredConfiguration; readonly configuration: Configuration }> {
  const stored = await store.read(BLOBS)
  return { stored, configuration: configurationOf(stored) }
}

function configurationOf(stored: StoredConfiguration): Configuration {
  const { blobs } = stored
  const channels = KeptChannels.safeParse(json(blobs.get(CHANNELS_BLOB))).data?.channels ?? []
  const isDesktopKept = channels.some(({ channelId }) => channelId === DESKTOP_CHANNEL)
  const all = isDesktopKept ? channels : [{ channelId: DESKTOP_CHANNEL, draft: DESKTOP }, ...channels]
  const engines = KeptEngines.safeParse(json(blobs.get(ENGINES_BLOB))).data
  const schedule = KeptSchedule.safeParse(json(blobs.get(SCHEDULE_BLOB))).data?.schedule
  return sorted({
    servers: stored.servers.map((record) => withOptions(record, blobs)),
    hostKeys: [...stored.hostKeys],
    settings: stored.settings,
    rules: [...stored.rules],
    silences: [...stored.silences],
    maintenances: [...stored.maintenances],
    channels: all.map(({ channelId, draft }) => ({ id: channelId, channel: draft })),
    reports: schedule ?? Configuration.shape.reports.parse({}),
    engines: (engines?.engines ?? []).map(({ engineId, settings }) => ({ id: engineId, settings })),
    reading: engines?.reading ?? null,
    layout: null
  })
}

/** The id last, so that servers of one name (there are none) would still have an order. */
export function sorted(configuration: Configuration): Configuration {
  const by = <T>(list: readonly T[], text: (one: T) => string): T[] =>
    list
      .map((one) => ({ one, key: text(one) }))
      .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      .map(({ one }) => one)
  return {
    ...configuration,
    servers: by(configuration.servers, ({ name, id }) => `${name.toLowerCase()}\n${id}`),
    hostKeys: by(
      configuration.hostKeys,
      ({ host, port, type, keyBase64 }) => `${host.toLowerCase()}\n${port}\n${type}\n${keyBase64}`
    ),
    rules: by(configuration.rules, ({ name, preset, id }) => `${preset ?? '~'}\n${name ?? ''}\n${id}`),
    silences: by(configuration.silences, ({ id }) => id),
    maintenances: by(configuration.maintenances, ({ name, id }) => `${name}\n${id}`),
    channels: by(configuration.channels, ({ channel, id }) => `${channel.name.toLowerCase()}\n${id}`),
    engines: by(configuration.engines, ({ settings, id }) => `${settings.name.toLowerCase()}\n${id}`)
  }
}

function withOptions(
  record: StoredConfiguration['servers'][number],
  blobs: ReadonlyMap<string, Uint8Array>
): PortableServer {
  const chosen = OPTIONS_SUBJECTS.flatMap((subject) => {
    const blob = blobs.get(optionsBlob(subject, record.id))
    const options = blob === undefined ? undefined : SERVER_OPTIONS[subject].safeParse(json(blob)).data
    return options === undefined ? [] : [[subject, options] as const]
  })
  return { ...record, options: Object.fromEntries(chosen) }
}

function json(blob: Uint8Array | undefined): unknown {
  if (blob === undefined) return undefined
  try {
    return JSON.parse(new TextDecoder().decode(blob))
  } catch (error) {
    // The part that owns it says so in the log at each start, and has its defaults.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
