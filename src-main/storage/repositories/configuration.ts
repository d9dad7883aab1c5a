/** All that the operator chose, read as of one moment and written in one transaction: for the configuration file. */
import { HostKey } from '#contract/servers.ts'
import type {
  ConfigurationChange,
  StoredConfiguration
} from '../../application/configuration-file/configuration-store.ts'
import type { Database } from '../sqlite.ts'
import type { AlertRepository } from './alerts.ts'
import type { BlobRepository } from './blobs.ts'
import type { PinRepository } from './pins.ts'
import type { ServerRepository } from './servers.ts'
import type { SettingsRepository } from './settings.ts'

interface Repositories {
  readonly servers: ServerRepository
  readonly pins: PinRepository
  readonly blobs: BlobRepository
  readonly settings: SettingsRepository
  readonly alerts: AlertRepository
}

export class ConfigurationRepository {
  private readonly db: Database
  private readonly parts: Repositories

  constructor(db: Database, parts: Repositories) {
    this.db = db
    this.parts = parts
  }

  read(names: readonly string[]): StoredConfiguration {
    const { servers, pins, settings, alerts, blobs } = this.parts
    const read = this.db.transaction((): StoredConfiguration => {
      const { rules, silences, maintenances } = alerts.load()
      return {
        servers: servers.list().map(({ record }) => record),
        hostKeys: pins.all().flatMap((key) => HostKey.safeParse(key).data ?? []),
        settings: settings.read(),
        rules,
        silences,
        maintenances,
        blobs: blobs.named(names)
      }
    })
    return read()
  }

  /** The JSON copy of the server list follows the commit; whoever is killed in between writes it at the next start. */
  apply(change: ConfigurationChange, nowMs: number): void {
    const { servers, pins, settings, alerts, blobs } = this.parts
    const write = this.db.transaction(() => {
      servers.replaceSome(change.servers, change.removedServers)
      for (const { host, port } of change.unpinned) pins.unpin(host, port)
      for (const key of change.hostKeys) pins.pin(key, false, nowMs)
      if (change.settings !== null) settings.write(change.settings)
      alerts.commit(change.alerts)
      for (const id of change.forgotten) blobs.forget(id)
      for (const [name, value] of change.blobs) blobs.set(name, value)
    })
    write.immediate()
    servers.exportJson()
  }
}
