/** Over real storage: what an export says, an import brings, and what happens when it cannot. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigurationSection, type ImportChoice, type ImportPlan } from '#contract/configuration-file.ts'
import type { ServerId } from '#contract/ids.ts'
import { hostKey, idOf, portableServer, sampleConfiguration } from '../../../test/fakes/configurations.ts'
import { fakeSecret } from '../../../test/fakes/engine-parts.ts'
import { configurationCopies } from '../../storage/configuration-copies.ts'
import { openAt } from '../../storage/test-open.ts'
import { makeTemporaryFolder, recordingLog, removeFolder } from '../../storage/test-support.ts'
import { ChannelVault } from '../alert-channels/channel-vault.ts'
import { EngineVault } from '../engines/engine-vault.ts'
import type { SecretCipher } from '../platform/platform.ts'
import { SealedTexts } from '../sealed-texts.ts'
import { SecretVault } from '../servers/secret-vault.ts'
import type { Storage } from '../storage.ts'
import { changeBetween } from './change.ts'
import type { Configuration } from './configuration.ts'
import { ConfigurationFiles } from './configuration-files.ts'
import { presentConfiguration, sorted } from './present.ts'

const PASSPHRASE = 'correct horse battery'
const CANARY = 'canary-77-secret'
const nowMs = Date.UTC(2026, 10, 28, 12)

/** Turns letters round, so that a plain text is nowhere. */
const cipher: SecretCipher = {
  canKeep: true,
  backend: 'test',
  encrypt: async (plain) => Buffer.from([...plain].toReversed().join('')),
  decrypt: async (bytes) => [...Buffer.from(bytes).toString()].toReversed().join('')
}

class World {
  readonly folder = makeTemporaryFolder()
  readonly log = recordingLog()
  files!: ConfigurationFiles
  storage!: Storage
  servers!: SecretVault
  channels!: ChannelVault

  async open(): Promise<this> {
    this.storage = await openAt(this.folder, nowMs)
    const { blobs } = this.storage
    const sealed = new SealedTexts({ cipher, blobs })
    this.servers = new SecretVault({ cipher, blobs, secretOf: fakeSecret })
    this.channels = new ChannelVault({ sealed, secretOf: fakeSecret })
    const wake = new Map<string, string>()
    this.files = new ConfigurationFiles({
      store: this.storage.configuration,
      copies: configurationCopies(this.folder, () => nowMs),
      vaults: {
        servers: this.servers,
        channels: this.channels,
        engines: new EngineVault({ sealed, secretOf: fakeSecret }),
        wake: { passwordOf: (id) => wake.get(id) ?? null, hold: (id, text) => void wake.set(id, text) },
        sealed,
        secretOf: fakeSecret
      },
      clock: { nowMs: () => nowMs },
      log: this.log,
      consoleVersion: '1.2.3',
      takeUp: async (write) => {
        await write()
        return { restartNeeded: false }
      }
    })
    return this
  }

  /** Puts a configuration there, past the files. */
  async put(after: Configuration): Promise<void> {
    const { stored, configuration } = await presentConfiguration(this.storage.configuration)
    await this.storage.configuration.apply(changeBetween(configuration, after, { stored, nowMs }))
  }

  async present(): Promise<Configuration> {
    return (await presentConfiguration(this.storage.configuration)).configuration
  }

  async close(): Promise<void> {
    await this.storage.close()
    removeFolder(this.folder)
  }
}

const choiceOf = (importId: string, change: Partial<ImportChoice> = {}): ImportChoice => ({
  importId,
  mode: 'merge',
  sections: [...ConfigurationSection.options],
  acceptedKeys: [],
  layout: {},
  ...change
})

let home: World
let other: World
beforeEach(async () => {
  home = await new World().open()
  other = await new World().open()
})
afterEach(async () => {
  await home.close()
  await other.close()
})

async function bring(
  text: string,
  change: Partial<ImportChoice> = {},
  { passphrase, typedCount }: { passphrase?: string; typedCount?: string } = {}
) {
  const { importId } = other.files.check(text)
  if (passphrase !== undefined) await other.files.unlock(importId, passphrase)
  const choice = choiceOf(importId, change)
  const plan: ImportPlan = await other.files.plan(choice)
  const count = typedCount ?? String(plan.removals)
  const result = await other.files.apply({ ...choice, digest: plan.digest, typedCount: count })
  return { plan, result }
}

describe('a configuration carried from one console to another', () => {
  it('is there whole, layout and all, and the copy of before brings back what was', async () => {
    await home.put(sampleConfiguration())
    await other.put(sampleConfiguration({ servers: [portableServer(9, 'old')], hostKeys: [], rules: [] }))
    const before = await other.present()
    const { text, secrets } = await home.files.text(null, { tree: 'hidden' })
    expect(secrets).toBe(0)
    const { result } = await bring(text, { mode: 'replace' })
    expect(result).toMatchObject({ layout: { tree: 'hidden' }, secrets: 0, restartNeeded: false })
    expect(await other.present()).toEqual(await home.present())
    expect((await other.storage.servers.list()).map(({ record }) => record.name)).toEqual(['alpha', 'beta'])

    const copy = readFileSync(result.copyPath, 'utf8')
    expect(result.copyPath).toContain(join(other.folder, 'backups'))
    await bring(copy, { mode: 'replace' })
    expect(await other.present()).toEqual(before)
  })

  it('keeps the newest five copies', async () => {
    const { text } = await home.files.text(null, null)
    for (let again = 0; again < 7; again++) {
      const { importId } = other.files.check(text)
      const choice = choiceOf(importId)
      const { digest } = await other.files.plan(choice)
      await other.files.apply({ ...choice, digest, typedCount: '' })
    }
    const names = readdirSync(join(other.folder, 'backups')).filter((name) =>
      name.startsWith('configuration-')
    )
    expect(names).toHaveLength(5)
  })

  it('brings secrets under the passphrase only, sealed as the other console seals them', async () => {
    await home.put(sampleConfiguration())
    const id = idOf(1) as ServerId
    await home.servers.set(id, { password: CANARY, remember: false })
    const mail = sampleConfiguration().channels[1]
    if (mail === undefined) throw new Error('no channel')
    await home.channels.set(mail.id, mail.channel.target, `${CANARY}-mail`)

    const { text: without } = await home.files.text(null, null)
    expect(without).not.toContain(CANARY)
    await bring(without)
    expect(other.servers.get(id).password).toBeNull()

    const { text, secrets } = await home.files.text(PASSPHRASE, null)
    expect(secrets).toBe(2)
    expect(text).not.toContain(CANARY)
    const { importId } = other.files.check(text)
    await expect(other.files.unlock(importId, 'something else!')).rejects.toMatchObject({
      code: 'configurationFilePassphrase'
    })
    expect((await other.files.plan(choiceOf(importId))).changesAnything).toBe(false)
    const { result, plan } = await bring(text, {}, { passphrase: PASSPHRASE })
    expect(plan.sections.at(-1)).toEqual({ section: 'secrets', counts: { new: 2 }, entries: [] })
    expect(result.secrets).toBe(2)
    expect(other.servers.get(id).password?.reveal()).toBe(CANARY)
    const kept = await other.storage.blobs.get(`secret:${id}`)
    expect(Buffer.from(kept ?? []).toString()).not.toContain(CANARY)
    expect(JSON.stringify(other.log.events)).not.toContain(CANARY)
    expect(JSON.stringify(other.log.events)).not.toContain(PASSPHRASE)
    expect(readFileSync(result.copyPath, 'utf8')).not.toContain(CANARY)
  })

  it('forgets a password that was given for another address, and gives none to a server that is elsewhere', async () => {
    await home.put(sampleConfiguration())
    await other.put(sampleConfiguration())
    const id = idOf(1) as ServerId
    await home.servers.set(id, { password: CANARY, remember: true })
    await other.servers.set(id, { password: 'old password', remember: true })
    const elsewhere = portableServer(1, 'alpha')
    await home.put(sampleConfiguration({ servers: [elsewhere] }))

    const { text } = await home.files.text(PASSPHRASE, null)
    const notServers = ConfigurationSection.options.filter((one) => one !== 'servers')
    const { result } = await bring(text, { sections: notServers }, { passphrase: PASSPHRASE })
    expect(result.secrets).toBe(0)
    expect(other.servers.get(id).password?.reveal()).toBe('old password')

    await bring((await home.files.text(null, null)).text)
    expect(other.servers.get(id).password).toBeNull()
    expect(await other.storage.blobs.get(`secret:${id}`)).toBeNull()
  })

  it('removes only with the number typed, and then forgets secrets and choices of what is gone, not its history', async () => {
    await other.put(sampleConfiguration())
    const id = idOf(1) as ServerId
    await other.servers.set(id, { password: CANARY, remember: true })
    await home.put(sampleConfiguration({ servers: [portableServer(2, 'beta')] }))
    const { text } = await home.files.text(null, null)
    const before = await other.present()
    await expect(bring(text, { mode: 'replace' }, { typedCount: '7' })).rejects.toMatchObject({
      code: 'refused',
      params: { what: 'typedCount' }
    })
    expect(await other.present()).toEqual(before)
    const { plan } = await bring(text, { mode: 'replace' })
    expect(plan.removals).toBe(1)
    expect((await other.present()).servers.map(({ name }) => name)).toEqual(['beta'])
    for (const name of [`secret:${id}`, `options/ports/${id}`, `options/wake/${id}`])
      expect(await other.storage.blobs.get(name), name).toBeNull()
  })

  it('does nothing when something was changed since it was looked at', async () => {
    await home.put(sampleConfiguration())
    const { importId } = other.files.check((await home.files.text(null, null)).text)
    const choice = choiceOf(importId)
    const { digest } = await other.files.plan(choice)
    await other.put(sampleConfiguration({ servers: [portableServer(9, 'new here')] }))
    const before = await other.present()
    await expect(other.files.apply({ ...choice, digest, typedCount: '' })).rejects.toMatchObject({
      code: 'planChanged'
    })
    expect(await other.present()).toEqual(before)
    const again = await other.files.plan(choice)
    await other.files.apply({ ...choice, digest: again.digest, typedCount: '' })
    await expect(other.files.plan(choice)).rejects.toMatchObject({ code: 'notFound' })
  })

  it('pins nothing over another key that is pinned', async () => {
    const pinned = hostKey('a.example')
    await home.put(sampleConfiguration({ hostKeys: [hostKey('a.example'), hostKey('b.example')] }))
    await other.put(sampleConfiguration({ hostKeys: [pinned] }))
    const { text } = await home.files.text(null, null)
    await bring(text)
    expect(await other.storage.pins.list('a.example', 22)).toEqual([pinned])
    expect(await other.storage.pins.list('b.example', 22)).toHaveLength(1)
    await bring(text, { acceptedKeys: ['a.example:22'] })
    expect((await other.present()).hostKeys).toEqual((await home.present()).hostKeys)
  })

  it('lets names change hands in one transaction', async () => {
    await other.put(sampleConfiguration())
    const turned = [portableServer(1, 'beta'), portableServer(2, 'alpha')]
    await home.put(sampleConfiguration({ servers: turned }))
    await bring((await home.files.text(null, null)).text)
    expect((await other.storage.servers.list()).map(({ record }) => record.name)).toEqual(['beta', 'alpha'])
  })

  it('exports what it would import: sorted, and the same text again', async () => {
    await home.put(sampleConfiguration())
    const present = await home.present()
    expect(sorted(present)).toEqual(present)
    expect((await home.files.text(null, null)).text).toBe((await home.files.text(null, null)).text)
    const contents = await home.files.contents()
    expect(contents).toMatchObject({
      counts: { servers: 2, hostKeys: 2, quiet: 2, secrets: 0 },
      openAddresses: 0
    })
  })
})
