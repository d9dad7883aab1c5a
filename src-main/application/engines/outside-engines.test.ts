import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineSettings, type EngineTarget } from '#contract/engines.ts'
import type { EngineId } from '#contract/ids.ts'
import { FakeClock, fakeSecret, silentLog } from '../../../test/fakes/engine-parts.ts'
import { answerOf, ScriptedEngine, tickOf } from '../../../test/fakes/outside-engine.ts'
import { diskQueues } from '../../platform/disk-queue.ts'
import type { SecretCipher } from '../platform/platform.ts'
import { SealedTexts } from '../sealed-texts.ts'
import { engineHandlers } from './engine-handlers.ts'
import { EngineVault } from './engine-vault.ts'
import { OutsideEngines } from './outside-engines.ts'

const CANARY = 'canary-token-7731'
const sealing: SecretCipher = {
  canKeep: true,
  backend: 'test',
  encrypt: async (plain) => new TextEncoder().encode(plain).map((byte) => byte ^ 0x55),
  decrypt: async (cipher) => new TextDecoder().decode(cipher.map((byte) => byte ^ 0x55))
}

let folder = ''
let blobs: Map<string, Uint8Array>
let clock: FakeClock
let http: ScriptedEngine
let cipher: SecretCipher
let engines: OutsideEngines
let handlers: ReturnType<typeof engineHandlers>

async function open(): Promise<void> {
  const store = {
    get: async (name: string) => blobs.get(name) ?? null,
    set: async (name: string, value: Uint8Array | null) => {
      if (value === null) blobs.delete(name)
      else blobs.set(name, value)
    }
  }
  const vault = new EngineVault({ sealed: new SealedTexts({ cipher, blobs: store }), secretOf: fakeSecret })
  const queues = diskQueues(folder, silentLog)
  engines = new OutsideEngines({ blobs: store, vault, queues, http, clock, log: silentLog, random: () => 1 })
  handlers = engineHandlers({ engines, vault, http, clock, log: silentLog })
  await engines.open()
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'virthelm-engines-'))
  blobs = new Map()
  clock = new FakeClock()
  http = new ScriptedEngine()
  cipher = sealing
  await open()
})
afterEach(async () => {
  await engines.close()
  rmSync(folder, { recursive: true, force: true })
})

const influx2 = (url = 'https://influx.lan'): EngineTarget => ({
  kind: 'influx2',
  url,
  org: 'o',
  bucket: 'b'
})
const settings = (name: string, target = influx2()): EngineSettings =>
  EngineSettings.parse({ name, enabled: true, target })
const only = () => engines.view().engines[0]
const sent = async (): Promise<string | undefined> => {
  const before = http.requests.length
  const startedMs = performance.now()
  while (http.requests.length === before && performance.now() - startedMs < 20_000) await clock.advance(100)
  return http.requests.at(-1)?.headers['authorization']
}

describe('the list of outside engines', () => {
  it('is there again after a restart, with its secret, and that is in no blob and no view as it is', async () => {
    await engines.save(null, settings('one'), CANARY)
    await engines.saveReading(
      { enabled: true, url: 'http://vm:8428', login: { kind: 'bearer' }, fromAgeMs: 86_400_000 },
      CANARY
    )
    await engines.close()
    await open()
    expect(engines.view()).toMatchObject({
      engines: [{ settings: settings('one'), secret: 'kept', status: { state: 'starting' } }],
      reading: { settings: { url: 'http://vm:8428' }, secret: 'kept' }
    })
    engines.take(tickOf(1))
    expect(await sent()).toBe(`Token ${CANARY}`)
    const kept = [...blobs.values()].map((blob) => Buffer.from(blob).toString()).join('\n')
    expect(kept).not.toContain(CANARY)
    expect(JSON.stringify(engines.view())).not.toContain(CANARY)
  })

  it('does not send a secret to another origin than the one it was given for', async () => {
    const id = await engines.save(null, settings('one'), CANARY)
    await engines.save(id, settings('one', influx2('https://influx.lan/other/path')), null)
    engines.take(tickOf(1))
    expect(await sent()).toBe(`Token ${CANARY}`)
    for (const elsewhere of ['https://evil.example', 'http://influx.lan', 'https://influx.lan:8443']) {
      await engines.save(id, settings('one', influx2(elsewhere)), null)
      expect(only()).toMatchObject({ secret: 'missing', status: { state: 'secretNeeded' } })
      const { signal } = new AbortController()
      await handlers['engines.test']({ engineId: id, target: influx2(elsewhere), secret: null }, { signal })
      expect(http.requests.at(-1)?.url.origin).toBe(new URL(elsewhere).origin)
      expect(http.requests.at(-1)?.headers['authorization']).toBeUndefined()
    }
    await engines.save(id, settings('one'), null)
    expect(only()?.secret).toBe('kept')
  })

  it('keeps a secret in memory only where nothing can keep it, and asks again after a restart', async () => {
    await engines.close()
    cipher = { ...sealing, canKeep: false, encrypt: () => Promise.reject(new Error('cannot')) }
    await open()
    await engines.save(null, settings('one'), CANARY)
    expect(only()?.secret).toBe('memory')
    engines.take(tickOf(1))
    expect(await sent()).toBe(`Token ${CANARY}`)
    await engines.close()
    await open()
    expect(only()).toMatchObject({ secret: 'missing', status: { state: 'secretNeeded' } })
  })

  it('refuses a name that is taken, and one engine too many', async () => {
    await engines.save(null, settings('one'), CANARY)
    await expect(engines.save(null, settings('ONE'), CANARY)).rejects.toMatchObject({
      code: 'conflict',
      params: { name: 'ONE' }
    })
    for (const name of ['two', 'three', 'four']) await engines.save(null, settings(name), CANARY)
    await expect(engines.save(null, settings('five'), CANARY)).rejects.toMatchObject({
      code: 'conflict',
      params: { what: 'tooManyEngines' }
    })
    expect(engines.view().engines).toHaveLength(4)
  })

  it('forgets an engine with its secret and all that waited for it', async () => {
    http.answer = () => answerOf(503)
    const id = await engines.save(null, settings('one'), CANARY)
    engines.take(tickOf(1))
    await sent()
    expect(readdirSync(folder)).toEqual([id])
    await engines.remove(id)
    expect(engines.view().engines).toEqual([])
    expect(readdirSync(folder)).toEqual([])
    expect([...blobs.keys()]).toEqual(['outside-engines'])
    await expect(engines.remove(id)).rejects.toMatchObject({ code: 'notFound' })
    expect(() => engines.retryNow('nobody' as EngineId)).toThrow()
  })

  it('starts without a secret that cannot be read any more, and asks for it', async () => {
    const id = await engines.save(null, settings('one'), CANARY)
    await engines.close()
    blobs.set(`engine-secret:${id}`, new TextEncoder().encode('not what was written'))
    await open()
    expect(only()).toMatchObject({ secret: 'missing', status: { state: 'secretNeeded' } })
  })

  it('starts empty where its list cannot be read, and leaves the list alone until one is saved', async () => {
    await engines.close()
    const odd = new TextEncoder().encode('{"engines":[{"kind":"of tomorrow"}]}')
    blobs.set('outside-engines', odd)
    await open()
    expect(engines.view().engines).toEqual([])
    expect(blobs.get('outside-engines')).toEqual(odd)
  })
})

describe('a test of an engine', () => {
  const { signal } = new AbortController()

  it('sends no sample, and says which step failed and why', async () => {
    const result = await handlers['engines.test'](
      { engineId: null, target: influx2(), secret: 'x' },
      { signal }
    )
    expect(result.passed).toBe(true)
    expect(http.taken).toEqual([])
    http.answer = (_points, request) => {
      request.onStage?.('resolve')
      request.onStage?.('connect')
      request.onStage?.('tls')
      return answerOf(401, '{"message":"unauthorized access"}')
    }
    const refused = await handlers['engines.test'](
      { engineId: null, target: influx2(), secret: 'x' },
      { signal }
    )
    expect(refused.passed).toBe(false)
    expect(refused.steps.map(({ step, state }) => `${step} ${state}`)).toEqual([
      'resolve passed',
      'connect passed',
      'tls passed',
      'answer failed'
    ])
    expect(refused.steps.at(-1)?.error).toMatchObject({
      code: 'engineLoginRefused',
      params: { status: 401, text: 'unauthorized access' }
    })
  })
})
