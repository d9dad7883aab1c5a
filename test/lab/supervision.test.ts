/** The supervisor of a server (application/servers) over real sshd: refusals, changed keys, frozen links. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ServerDraft, type ConnectionState } from '#contract/servers.ts'
import type { ServerId } from '#contract/ids.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { PromptBroker } from '../../src-main/application/servers/prompt-broker.ts'
import { SecretVault } from '../../src-main/application/servers/secret-vault.ts'
import { ServerDirectory } from '../../src-main/application/servers/server-directory.ts'
import type { Connector } from '../../src-main/application/servers/connection.ts'
import { createHostSampler } from '../../src-main/remote/sampler/index.ts'
import { createSecret } from '../../src-main/remote/ssh/secret.ts'
import { FakeHypervisor, FakeStorage, silentLog } from '../fakes/engine-parts.ts'
import { labConnector, settingsFor, type LabLogin } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const INTERVAL_MS = 2_000

describe.skipIf(missing !== null)(
  `looking after real servers${missing === null ? '' : ` (${missing})`}`,
  () => {
    let connector: Connector & { close(): void }
    let storage: FakeStorage
    let directory: ServerDirectory

    beforeEach(() => {
      connector = labConnector()
      storage = new FakeStorage()
      const hypervisor = new FakeHypervisor()
      const vault = new SecretVault({
        cipher: {
          canKeep: false,
          backend: 'none',
          encrypt: () => Promise.reject(new Error('nothing is kept')),
          decrypt: () => Promise.resolve(null)
        },
        blobs: storage.asStorage().blobs,
        secretOf: createSecret
      })
      directory = new ServerDirectory(
        {
          connector,
          sampler: createHostSampler({ log: silentLog, clock: systemClock }),
          hypervisor,
          storage: storage.asStorage(),
          vault,
          prompts: new PromptBroker(() => undefined),
          clock: systemClock,
          log: silentLog,
          random: Math.random,
          defaultIntervalMs: () => INTERVAL_MS
        },
        {
          serverChanged: () => undefined,
          serverRemoved: () => undefined,
          machinesChanged: () => undefined,
          tick: () => undefined
        }
      )
    })

    afterEach(async () => {
      await lab.restoreLab()
      await directory.close()
      connector.close()
    })

    const add = (login: LabLogin, password?: string): Promise<ServerId> =>
      directory.add(
        ServerDraft.parse({ name: login.server, connection: settingsFor(login) }),
        password === undefined ? undefined : { password, remember: false }
      )
    const state = (id: ServerId): ConnectionState => directory.get(id).view().connection
    const becomes = (id: ServerId, kind: ConnectionState['kind'], deadlineMs: number): Promise<number> =>
      lab.eventually(`${kind} (is ${JSON.stringify(state(id))})`, () => state(id).kind === kind, deadlineMs)
    const waits = (id: ServerId): boolean => {
      const now = state(id)
      return now.kind === 'offline' && now.nextTryAtMs === null
    }

    it('stops after two refused logins and says why; the right password helps', async () => {
      const account = lab.labAccount('op-tcsh')
      const before = lab.refusedCount('lab2', account.user)
      const id = await add({ server: 'lab2', user: account.user, usePassword: true }, 'not the password')
      await lab.eventually('it waits for the operator', () => waits(id), 30_000)
      expect(state(id)).toMatchObject({ failure: { error: { code: 'loginRefused' } }, attempts: 2 })
      const refused = lab.refusedCount('lab2', account.user) - before
      // Longer than any eager pause: it must not knock again.
      await systemClock.sleep(4_000, AbortSignal.timeout(60_000))
      expect(lab.refusedCount('lab2', account.user) - before).toBe(refused)
      // One attempt may offer the password by both methods.
      expect(refused).toBeGreaterThanOrEqual(2)
      expect(refused).toBeLessThanOrEqual(4)
      await directory.giveSecrets(id, { password: account.password ?? '', remember: false })
      await becomes(id, 'online', 15_000)
    })

    it('notices a frozen link within 10 s, is back within 8 s of its return, and leaves one gap', async () => {
      const id = await add({ server: 'lab2', user: 'op' })
      await becomes(id, 'online', 15_000)
      await lab.eventually('two ticks', () => storage.ticks.length >= 2)
      const logins = lab.loginCount('lab2', 'op')
      await lab.freezeLink('lab2')
      const noticedMs = await lab.eventually(
        'the freeze is noticed',
        () => state(id).kind !== 'online',
        20_000
      )
      await lab.thawLink('lab2')
      const backMs = await becomes(id, 'online', 20_000)
      console.log(
        `frozen link noticed after ${noticedMs.toFixed(0)} ms, back ${backMs.toFixed(0)} ms after its return`
      )
      expect(noticedMs).toBeLessThan(10_000)
      expect(backMs).toBeLessThan(8_000)
      const ticks = storage.ticks.length
      await lab.eventually('a tick after the gap', () => storage.ticks.length > ticks)
      expect(storage.gaps).toMatchObject([{ reason: 'linkLost', toAtMs: expect.any(Number) as number }])
      expect(lab.loginCount('lab2', 'op')).toBe(logins + 1)
    })

    it('is back within 8 s after a long freeze, through a jump host too', async () => {
      const id = await add({ server: 'lab3', user: 'op' })
      await becomes(id, 'online', 20_000)
      await lab.freezeLink('lab3')
      const noticedMs = await lab.eventually(
        'the freeze is noticed',
        () => state(id).kind !== 'online',
        20_000
      )
      await systemClock.sleep(15_000, AbortSignal.timeout(60_000))
      await lab.thawLink('lab3')
      const backMs = await becomes(id, 'online', 20_000)
      console.log(
        `behind a jump: noticed after ${noticedMs.toFixed(0)} ms, back ${backMs.toFixed(0)} ms after its return`
      )
      expect(noticedMs).toBeLessThan(10_000)
      expect(backMs).toBeLessThan(8_000)
    })

    it('blocks on a changed host key: nothing is sent, old and new are shown, trusting it helps', async () => {
      const id = await add({ server: 'lab2', user: 'op-ash' })
      await becomes(id, 'online', 15_000)
      await lab.changeHostKeys('lab2')
      await lab.eventually('the session ends', async () => {
        for (const pid of lab.sshSessionPids('lab2', 'op-ash')) process.kill(pid, 'SIGKILL')
        return Promise.resolve(waits(id))
      })
      const before = lab.sshdLog('lab2').length
      const now = state(id)
      if (now.kind !== 'offline' || now.failure.hostKey === null) throw new Error('no host key is shown')
      expect(now.failure.error.code).toBe('hostKeyChanged')
      const recorded = lab.labServer('lab2').hostKeys.map((key) => key.fingerprint)
      expect(recorded).not.toContain(now.failure.hostKey.shown.fingerprint)
      expect(now.failure.hostKey.expected.map((key) => key.fingerprint)).toEqual(
        expect.arrayContaining(recorded)
      )
      expect(lab.sshdLog('lab2').slice(before).join('\n')).not.toContain('op-ash')
    })
  }
)
