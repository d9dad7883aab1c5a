/** The desktop's secret store: the system's keychain through Electron's asynchronous safeStorage. */
import type { SafeStorage } from 'electron'
import type { Log, SecretCipher } from '../application/platform/platform.ts'
import { memoryCipher } from './memory-cipher.ts'

type AsyncSafeStorage = Pick<
  SafeStorage,
  'isAsyncEncryptionAvailable' | 'getSelectedStorageBackend' | 'encryptStringAsync' | 'decryptStringAsync'
>

/**
 * After the app is ready. On Linux without a keyring Electron would "encrypt" with a password that everybody knows
 * (`basic_text`): then nothing is kept.
 */
export async function openSafeStorageCipher(
  safeStorage: AsyncSafeStorage,
  platform: NodeJS.Platform,
  log: Log
): Promise<SecretCipher> {
  const backend = backendOf(safeStorage, platform)
  const isReal = backend !== 'basic_text' && backend !== 'unknown'
  if (!isReal || !(await safeStorage.isAsyncEncryptionAvailable())) {
    log.info('secrets.notKept', { backend })
    return memoryCipher(backend)
  }
  return {
    canKeep: true,
    backend,
    encrypt: (plain) => safeStorage.encryptStringAsync(plain),
    async decrypt(cipher, keptBy) {
      if (keptBy !== backend) return null
      try {
        return (await safeStorage.decryptStringAsync(Buffer.from(cipher))).result
      } catch (error) {
        // Another user, another machine, a reset keychain: the operator is asked again; nothing else is lost.
        log.warn('secrets.unreadable', { backend, cause: error })
        return null
      }
    }
  }
}

function backendOf(safeStorage: AsyncSafeStorage, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'keychain'
  if (platform === 'win32') return 'dpapi'
  return safeStorage.getSelectedStorageBackend()
}
