import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { double, safeStorage } from '../../test/fakes/electron.ts'
import type { Log } from '../application/platform/platform.ts'
import { openKeyFileCipher } from './key-file-cipher.ts'
import { memoryCipher } from './memory-cipher.ts'
import { openSafeStorageCipher } from './safe-storage-cipher.ts'

const log: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => 'x' }

describe('key file', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'virthelm-key-'))
    path = join(folder, 'key')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('is made for this user only, and reads its secrets back after a restart', async () => {
    const first = await openKeyFileCipher(path)
    expect(first).toMatchObject({ canKeep: true, backend: 'key-file' })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const cipher = await first.encrypt('pässwörd')
    expect(Buffer.from(cipher).toString('latin1')).not.toContain('rd')
    expect(await (await openKeyFileCipher(path)).decrypt(cipher, 'key-file')).toBe('pässwörd')
  })

  it('gives different ciphertexts for the same secret', async () => {
    const cipher = await openKeyFileCipher(path)
    expect(await cipher.encrypt('same')).not.toEqual(await cipher.encrypt('same'))
  })

  it('asks again (null) for what another key or store made, and for every changed byte', async () => {
    const cipher = await openKeyFileCipher(path)
    const kept = await cipher.encrypt('secret')
    expect(await cipher.decrypt(kept, 'keychain')).toBeNull()
    expect(await (await openKeyFileCipher(join(folder, 'other'))).decrypt(kept, 'key-file')).toBeNull()
    for (let index = 0; index < kept.byteLength; index++) {
      const changed = Uint8Array.from(kept)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(await cipher.decrypt(changed, 'key-file')).toBeNull()
    }
    expect(await cipher.decrypt(kept.subarray(0, 20), 'key-file')).toBeNull()
    expect(await cipher.decrypt(new Uint8Array(), 'key-file')).toBeNull()
  })

  it.each([0o640, 0o604, 0o666])('is refused when others may read it (%o)', async (mode) => {
    await openKeyFileCipher(path)
    await chmod(path, mode)
    await expect(openKeyFileCipher(path)).rejects.toMatchObject({
      code: 'secretsUnavailable',
      params: { path, reason: 'readableByOthers' }
    })
  })

  it('is refused when it is no key, no file, or cannot be made; and is left as it was', async () => {
    await writeFile(path, 'my diary\n', { mode: 0o600 })
    await expect(openKeyFileCipher(path)).rejects.toMatchObject({ params: { reason: 'notAKey' } })
    expect(await readFile(path, 'utf8')).toBe('my diary\n')
    await expect(openKeyFileCipher(folder)).rejects.toMatchObject({ params: { reason: 'notAFile' } })
    await expect(openKeyFileCipher(join(folder, 'no', 'key'))).rejects.toMatchObject({
      params: { reason: 'notReadable' }
    })
  })
})

describe('memory', () => {
  it('keeps nothing', async () => {
    const cipher = memoryCipher()
    expect(cipher.canKeep).toBe(false)
    await expect(cipher.encrypt('x')).rejects.toMatchObject({ code: 'secretsUnavailable' })
    expect(await cipher.decrypt(new Uint8Array(3), 'memory')).toBeNull()
  })
})

describe('safeStorage', () => {
  beforeEach(() => {
    double.storageBackend = 'gnome_libsecret'
    double.encryptionAvailable = true
    double.canDecrypt = true
  })

  it('keeps secrets in the keyring', async () => {
    const cipher = await openSafeStorageCipher(safeStorage, 'linux', log)
    expect(cipher).toMatchObject({ canKeep: true, backend: 'gnome_libsecret' })
    const kept = await cipher.encrypt('secret')
    expect(await cipher.decrypt(kept, 'gnome_libsecret')).toBe('secret')
  })

  it.each(['basic_text', 'unknown'] as const)('keeps nothing on Linux with %s', async (backend) => {
    double.storageBackend = backend
    const cipher = await openSafeStorageCipher(safeStorage, 'linux', log)
    expect(cipher).toMatchObject({ canKeep: false, backend })
    await expect(cipher.encrypt('x')).rejects.toMatchObject({ code: 'secretsUnavailable' })
  })

  it('keeps nothing when the system has no encryption', async () => {
    double.encryptionAvailable = false
    expect((await openSafeStorageCipher(safeStorage, 'darwin', log)).canKeep).toBe(false)
  })

  it('names the keychain of macOS and Windows', async () => {
    expect((await openSafeStorageCipher(safeStorage, 'darwin', log)).backend).toBe('keychain')
    expect((await openSafeStorageCipher(safeStorage, 'win32', log)).backend).toBe('dpapi')
  })

  it('asks again (null) for what it cannot read, or another store kept', async () => {
    const cipher = await openSafeStorageCipher(safeStorage, 'linux', log)
    const kept = await cipher.encrypt('secret')
    expect(await cipher.decrypt(kept, 'kwallet6')).toBeNull()
    double.canDecrypt = false
    expect(await cipher.decrypt(kept, 'gnome_libsecret')).toBeNull()
  })
})
