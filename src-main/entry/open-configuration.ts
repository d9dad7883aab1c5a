/** Configuration files over a data folder without an engine, for the command. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { ChannelVault } from '../application/alert-channels/channel-vault.ts'
import type { ConfigurationStore } from '../application/configuration-file/configuration-store.ts'
import { ConfigurationFiles } from '../application/configuration-file/configuration-files.ts'
import { presentConfiguration } from '../application/configuration-file/present.ts'
import { systemClock } from '../application/clock.ts'
import { EngineVault } from '../application/engines/engine-vault.ts'
import { READING } from '../application/engines/outside-engines.ts'
import type { Log } from '../application/platform/platform.ts'
import { keptWakePassword } from '../application/power/wake.ts'
import { SealedTexts } from '../application/sealed-texts.ts'
import { SecretVault } from '../application/servers/secret-vault.ts'
import type { BlobStore } from '../application/storage.ts'
import { openKeyFileCipher } from '../platform/key-file-cipher.ts'
import { memoryCipher } from '../platform/memory-cipher.ts'
import { createSecret } from '../remote/ssh/secret.ts'
import { openStorage, openStorageReader } from '../storage/client.ts'
import { configurationCopies } from '../storage/configuration-copies.ts'
import type { ConfigurationCommandDeps } from './configuration-command.ts'
import { version, workers } from './installation.ts'

/** Throws dataFolderLocked where it is to be written and a console has it, and what opening it throws. */
export function openConfiguration(log: Log): ConfigurationCommandDeps['open'] {
  return async ({ dataFolder, secretKeyFile, readOnly }) => {
    const cipher = secretKeyFile === null ? memoryCipher() : await openKeyFileCipher(secretKeyFile)
    const options = { dataFolder, workerUrl: workers.storage, log }
    const writable = readOnly ? null : await openStorage(options)
    const storage = writable ?? (await openStorageReader(options))
    try {
      const store: ConfigurationStore = {
        read: (names) => storage.configuration.read(names),
        apply: (change) => writable?.configuration.apply(change) ?? Promise.reject(new AppError('internal'))
      }
      const blobs: BlobStore = {
        get: async (name) => (await store.read([name])).blobs.get(name) ?? null,
        set: () => Promise.reject(new AppError('internal'))
      }
      const sealed = new SealedTexts({ cipher, blobs })
      const vaults = {
        servers: new SecretVault({ cipher, blobs, secretOf: createSecret }),
        channels: new ChannelVault({ sealed, secretOf: createSecret }),
        engines: new EngineVault({ sealed, secretOf: createSecret })
      }
      const { configuration } = await presentConfiguration(store)
      const wake = new Map<ServerId, string>()
      for (const { id } of configuration.servers) {
        await vaults.servers.load(id)
        const password = await sealed.read(keptWakePassword(id, '').name)
        if (password !== null) wake.set(id, password)
      }
      for (const { id } of configuration.channels) await vaults.channels.load(id)
      for (const owner of [...configuration.engines.map(({ id }) => id), READING])
        await vaults.engines.load(owner)
      const files = new ConfigurationFiles({
        store,
        copies: configurationCopies(dataFolder, () => systemClock.nowMs()),
        vaults: {
          ...vaults,
          wake: {
            passwordOf: (id) => wake.get(id) ?? null,
            hold: (id, password) => void wake.set(id, password)
          },
          sealed,
          secretOf: createSecret
        },
        clock: systemClock,
        log,
        consoleVersion: version,
        takeUp: async (write) => {
          await write()
          return { restartNeeded: false }
        }
      })
      return { files, close: () => storage.close() }
    } catch (error) {
      await storage.close()
      throw error
    }
  }
}
