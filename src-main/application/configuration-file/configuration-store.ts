/** What an export reads and an import writes. Implemented by `storage/`: read as of one moment, written in one transaction. */
import type { HostKey, ServerRecord } from '#contract/servers.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Settings } from '#contract/settings.ts'
import type { AlertChange, AlertsKept } from '../alerts/alert-store.ts'

export interface StoredConfiguration extends Pick<AlertsKept, 'rules' | 'silences' | 'maintenances'> {
  readonly servers: readonly ServerRecord[]
  readonly hostKeys: readonly HostKey[]
  readonly settings: Settings
  /** Those that were asked for; what is not there is not in it. */
  readonly blobs: ReadonlyMap<string, Uint8Array>
}

export interface ConfigurationChange {
  /** New ones, and others under an id that is there. */
  readonly servers: readonly ServerRecord[]
  /** Their history stays. */
  readonly removedServers: readonly ServerId[]
  readonly hostKeys: readonly HostKey[]
  /** Of these all pins go before `hostKeys` are added. */
  readonly unpinned: readonly Pick<HostKey, 'host' | 'port'>[]
  /** null = as they are. */
  readonly settings: Settings | null
  readonly alerts: Pick<
    AlertChange,
    'rules' | 'removedRules' | 'silences' | 'removedSilences' | 'maintenances' | 'removedMaintenances'
  >
  /** Values by name, after the next; null deletes. */
  readonly blobs: ReadonlyMap<string, Uint8Array | null>
  /** Ids of what is gone: every blob whose name ends with one of them is deleted. */
  readonly forgotten: readonly string[]
}

export interface ConfigurationStore {
  /** @param names of blobs; one that ends in `/` means all below it */
  read(names: readonly string[]): Promise<StoredConfiguration>
  /** All of it or nothing. Throws conflict (`field`: name) when two servers would have one name, diskFull. */
  apply(change: ConfigurationChange): Promise<void>
}

/** Copies of what was here before an import, of which the newest few stay. */
export interface ConfigurationCopies {
  /** Durable when it resolves. Returns the full path. Throws diskFull, fileNotWritable. */
  write(text: string): Promise<string>
}
