import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import {
  anyConfiguration,
  hostKey,
  idOf,
  portableServer,
  sampleConfiguration
} from '../../../test/fakes/configurations.ts'
import type { Configuration, PortableSecrets } from './configuration.ts'
import { fileText, readFileText } from './file-text.ts'
import { sorted } from './present.ts'
import { openSecrets, sealSecrets } from './sealed-secrets.ts'

const madeAtMs = Date.UTC(2026, 10, 28, 12)
const PASSPHRASE = 'correct horse battery'
const CANARY = 'canary-3f9c-secret'
const SECRETS: PortableSecrets = {
  servers: [{ id: idOf(1), password: CANARY, passphrase: `${CANARY}-key` }],
  channels: [{ id: idOf(201), secret: CANARY }],
  engines: [{ id: idOf(401), secret: CANARY }],
  reading: null,
  wake: [{ id: idOf(1), password: CANARY }]
}

const written = (configuration: Configuration): Promise<string> =>
  fileText({ consoleVersion: '1.2.3', madeAtMs, configuration }, null)

/** A file as someone makes it who knows how the checksum is made. */
function byHand(change: (file: Record<string, unknown>) => void, text: string): string {
  const file = JSON.parse(text) as Record<string, unknown>
  change(file)
  delete file['checksum']
  const checksum = createHash('sha256').update(JSON.stringify(file)).digest('hex')
  return JSON.stringify({ ...file, checksum: `sha256:${checksum}` })
}

function refusalOf(text: string): { code: string; reason: unknown } {
  try {
    readFileText(text)
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, reason: error.params['fault'] }
    throw error
  }
  return { code: 'taken', reason: undefined }
}

let plain: string
let sealed: string
beforeAll(async () => {
  plain = await written(sampleConfiguration())
  sealed = await fileText(
    { consoleVersion: '1.2.3', madeAtMs, configuration: sampleConfiguration() },
    (boundTo) => sealSecrets(SECRETS, PASSPHRASE, boundTo)
  )
})

describe('a configuration file', () => {
  it('reads back as what was written, whatever was chosen', async () => {
    await fc.assert(
      fc.asyncProperty(anyConfiguration, async (configuration) => {
        const file = readFileText(await written(configuration))
        expect(file.configuration).toEqual(configuration)
        expect([file.madeAtMs, file.consoleVersion, file.secrets]).toEqual([madeAtMs, '1.2.3', null])
      }),
      { numRuns: 60 }
    )
  })

  it('is the same text for the same choice, in lines that name what ids stand for', async () => {
    const { servers, ...rest } = sampleConfiguration()
    const turned = sorted({ ...rest, servers: servers.toReversed() })
    expect(await written(turned)).toBe(await written(sorted({ ...rest, servers })))
    expect(plain).toContain('"serverName": "alpha"')
    expect(plain).toContain('"viaName": "beta"')
    expect(plain).toContain('"ruleName": "Busy web servers"')
    expect(plain).toContain('"mailToName": "Mail"')
    expect(plain.split('\n').length).toBeGreaterThan(200)
  })

  it('does not mind how it is spaced, nor line ends of another system', () => {
    const file = readFileText(plain).configuration
    expect(readFileText(plain.replaceAll('\n', '\r\n')).configuration).toEqual(file)
    expect(readFileText(JSON.stringify(JSON.parse(plain))).configuration).toEqual(file)
  })

  it('is refused wherever it is cut off', () => {
    const step = process.env['VIRTHELM_LONG'] === '1' ? 1 : 10
    // The last character is a line break: without it everything is still there.
    for (let length = 0; length < plain.length - 1; length += step) {
      const { code } = refusalOf(plain.slice(0, length))
      expect(code, `of ${String(length)} characters`).toBe('configurationFileInvalid')
    }
    expect(refusalOf(plain.slice(0, plain.length / 2)).reason).toBe('cutOff')
  }, 600_000)

  it('with a byte changed is refused, or says exactly what it said', () => {
    const bytes = Buffer.from(sealed)
    const whole = readFileText(sealed)
    const flips = process.env['VIRTHELM_LONG'] === '1' ? bytes.length : bytes.length / 10
    const stride = bytes.length / flips
    for (let at = 0; at < bytes.length; at += stride) {
      for (const bit of [0x01, 0x20, 0x80]) {
        const changed = Buffer.from(bytes)
        const index = Math.floor(at)
        changed[index] = (changed[index] ?? 0) ^ bit
        const text = changed.toString('utf8')
        try {
          expect(readFileText(text), `byte ${String(index)}`).toEqual(whole)
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          expect(error.code).toMatch(/^configurationFile(Invalid|Newer)$/)
        }
      }
    }
  }, 600_000)

  it('of another kind, too large, nested beyond reason or with something twice is refused by its reason', () => {
    for (const text of [
      '',
      'null',
      '[]',
      '{}',
      '"virthelm"',
      '{"format":"virthelm-backup","formatVersion":1}'
    ])
      expect(refusalOf(text)).toEqual({ code: 'configurationFileInvalid', reason: 'foreign' })
    expect(refusalOf('['.repeat(500_000)).reason).toBe('foreign')
    const deep = `{"format":"virthelm-configuration","formatVersion":1,"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
    expect(refusalOf(deep).code).toBe('configurationFileInvalid')
    expect(refusalOf(`${plain}${' '.repeat(8 * 1024 * 1024)}`).reason).toBe('tooLarge')
    const changedName = plain.replace('"rack 4"', '"rack 5"')
    expect(refusalOf(changedName).reason).toBe('changed')
  })

  it('of a newer console is refused by that name, whatever else it holds', () => {
    const newer = byHand((file) => {
      file['formatVersion'] = 2
      file['configuration'] = { quite: 'other' }
    }, plain)
    expect(refusalOf(newer).code).toBe('configurationFileNewer')
  })

  it.each([
    ['an id twice', [portableServer(1, 'a'), portableServer(1, 'b')], 'duplicate'],
    ['a name twice', [portableServer(1, 'a'), portableServer(2, 'A')], 'duplicate'],
    ['no address', [{ ...portableServer(1, 'a'), connection: { user: 'x' } }], 'notUnderstood']
  ])('made by hand with %s is refused', (_what, servers, reason) => {
    const made = byHand((file) => {
      file['configuration'] = { ...(file['configuration'] as object), servers }
    }, plain)
    expect(refusalOf(made)).toEqual({ code: 'configurationFileInvalid', reason })
  })

  it('made by hand with a key that is not what its fingerprint says is refused', () => {
    const wrong = { ...hostKey('a.example'), fingerprint: hostKey('b.example').fingerprint }
    const made = byHand((file) => {
      file['configuration'] = { ...(file['configuration'] as object), hostKeys: [wrong] }
    }, plain)
    expect(refusalOf(made).reason).toBe('notUnderstood')
  })
})

describe('the secrets of a configuration file', () => {
  it('come back with the passphrase, however its letters are composed, and stand nowhere in plain', async () => {
    const file = readFileText(sealed)
    if (file.secrets === null) throw new Error('no secrets')
    expect(await openSecrets(file.secrets, PASSPHRASE, file.boundTo)).toEqual(SECRETS)
    for (const text of [CANARY, Buffer.from(CANARY).toString('base64').slice(0, 20), PASSPHRASE])
      expect(sealed).not.toContain(text)
    const umlaut = await sealSecrets(SECRETS, 'zwölf Zeichen ö', 'x')
    expect(await openSecrets(umlaut, 'zwölf Zeichen ö'.normalize('NFD'), 'x')).toEqual(SECRETS)
  })

  it('do not open with another passphrase, nor beside a file that somebody has pointed elsewhere', async () => {
    const file = readFileText(sealed)
    if (file.secrets === null) throw new Error('no secrets')
    const wrong = openSecrets(file.secrets, `${PASSPHRASE}.`, file.boundTo)
    await expect(wrong).rejects.toMatchObject({
      code: 'configurationFilePassphrase',
      params: {},
      cause: undefined
    })
    const moved = byHand((raw) => {
      const { servers } = raw['configuration'] as { servers: { connection: { host: string } }[] }
      if (servers[0] !== undefined) servers[0].connection.host = 'attacker.example'
    }, sealed)
    const forged = readFileText(moved)
    if (forged.secrets === null) throw new Error('no secrets')
    await expect(openSecrets(forged.secrets, PASSPHRASE, forged.boundTo)).rejects.toMatchObject({
      code: 'configurationFilePassphrase'
    })
  })

  it.each([
    ['a cost that takes all memory', { cost: 2 ** 30 }],
    ['no cost', { cost: 2 }],
    ['a cost that is no power of two', { cost: 2 ** 17 + 1 }],
    ['large blocks', { blockSize: 1_024 }],
    ['many lanes', { parallelization: 4_096 }],
    ['no salt', { salt: '' }],
    ['another function', { name: 'none' }]
  ])('with %s are refused before anything is computed', (_what, kdf) => {
    const hostile = byHand((file) => {
      const secrets = file['secrets'] as { kdf: object }
      secrets.kdf = { ...secrets.kdf, ...kdf }
    }, sealed)
    expect(refusalOf(hostile)).toEqual({ code: 'configurationFileInvalid', reason: 'notUnderstood' })
  })

  it('are sealed without holding up the event loop', async () => {
    let turns = 0
    let isDone = false
    const sealing = sealSecrets(SECRETS, PASSPHRASE, 'x').then(() => {
      isDone = true
    })
    while (!isDone && turns < 10_000_000) {
      turns++
      await new Promise((resolve) => setImmediate(resolve))
    }
    await sealing
    expect(turns).toBeGreaterThan(100)
  })
})
