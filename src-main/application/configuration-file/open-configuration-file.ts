/** Puts the configuration file together, for the engine: what it reads and writes, and who takes it up. */
import type { EngineDeps } from '../engine-deps.ts'
import type { OpenedAlerts } from '../alerts/open-alerts.ts'
import type { OpenedEngines } from '../engines/open-engines.ts'
import type { PortEngine } from '../ports/port-engine.ts'
import type { Reports } from '../reports/report-handlers.ts'
import { SealedTexts } from '../sealed-texts.ts'
import type { SecretVault } from '../servers/secret-vault.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'
import { configurationFileHandlers } from './configuration-file-handlers.ts'
import { ConfigurationFiles } from './configuration-files.ts'
import { takeUpBy } from './take-up.ts'

export interface ConfiguredParts {
  readonly settings: SettingsKeeper
  readonly directory: ServerDirectory
  readonly alerting: Pick<OpenedAlerts, 'alerts' | 'channels' | 'channelVault'>
  readonly engines: Pick<OpenedEngines, 'outside' | 'vault'>
  readonly reports: Reports
  /** Secrets of servers. */
  readonly servers: SecretVault
  readonly wake: PortEngine['wakePasswords']
}

export function openConfigurationFile(
  { storage, platform, clock, secretOf, configurationCopies }: EngineDeps,
  { settings, directory, alerting, engines, reports, servers, wake }: ConfiguredParts
): ReturnType<typeof configurationFileHandlers> {
  const { alerts, channels, channelVault } = alerting
  const { cipher, log, info, exportTarget, exportsSecrets } = platform
  const files = new ConfigurationFiles({
    store: storage.configuration,
    copies: configurationCopies,
    vaults: {
      servers,
      channels: channelVault,
      engines: engines.vault,
      wake,
      sealed: new SealedTexts({ cipher, blobs: storage.blobs }),
      secretOf
    },
    clock,
    log,
    consoleVersion: info.version,
    takeUp: takeUpBy({ settings, directory, alerts, channels, engines: engines.outside, reports, log })
  })
  return configurationFileHandlers({ files, target: exportTarget, exportsSecrets })
}
