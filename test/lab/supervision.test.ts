/** The supervisor of a server (application/servers) over real sshd: refusals, changed keys, frozen links. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionState } from '#contract/servers.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { FakeHypervisor } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const INTERVAL_MS = 2_000

describe.skipIf(missing !== null)(
  `looking after real servers${missing === null ? '' : ` (${missing})`}`,
  () => {
    let console_: LabConsole

    beforeEach(() => {
      console_ = startLabConsole(new FakeHypervisor(), INTERVAL_MS)
    })

    afterEach(async () => {
      await lab.restoreLab()
      await console_.close()
    })

    const becomes = (
      server: ServerRuntime,
      kind: ConnectionState['kind'],
      deadlineMs: number
    ): Promise<number> => lab.eventually(`it is ${kind}`, () => server.state.kind === kind, deadlineMs)
    const leavesOnline = (server: ServerRuntime): Promise<number> =>
      lab.eventually('the freeze is noticed', () => server.state.kind !== 'online', 20_000)
    const waits = ({ state }: ServerRuntime): boolean =>
      state.kind === 'offline' && state.nextTryAtMs === null

    it('stops after two refused logins and says why; the right password helps', async () => {
      const account = lab.labAccount('op-tcsh')
      const before = lab.refusedCount('lab2', account.user)
      const server = await console_.add(
        { server: 'lab2', user: account.user, usePassword: true },
        'not the password'
      )
      await lab.eventually('it waits for the operator', () => waits(server), 30_000)
      expect(server.state).toMatchObject({ failure: { error: { code: 'loginRefused' } }, attempts: 2 })
      const refused = lab.refusedCount('lab2', account.user) - before
      // Longer than any eager pause: it must not knock again.
      await systemClock.sleep(4_000, AbortSignal.timeout(60_000))
      expect(lab.refusedCount('lab2', account.user) - before).toBe(refused)
      // What the server counted against the account: one refusal per try.
      expect(refused).toBe(2)
      await console_.directory.giveSecrets(server.record.id, {
        password: account.password ?? '',
        remember: false
      })
      await becomes(server, 'online', 15_000)
    })

    it('notices a frozen link within 10 s, is back within 8 s of its return, and leaves one gap', async () => {
      const server = await console_.add({ server: 'lab2', user: 'op' })
      await becomes(server, 'online', 15_000)
      await lab.eventually('two ticks', () => console_.storage.ticks.length >= 2)
      const logins = lab.loginCount('lab2', 'op')
      await lab.freezeLink('lab2')
      const noticedMs = await leavesOnline(server)
      await lab.thawLink('lab2')
      const backMs = await becomes(server, 'online', 20_000)
      console.log(
        `frozen link noticed after ${noticedMs.toFixed(0)} ms, back ${backMs.toFixed(0)} ms after its return`
      )
      expect(noticedMs).toBeLessThan(10_000)
      expect(backMs).toBeLessThan(8_000)
      const ticks = console_.storage.ticks.length
      await lab.eventually('a tick after the gap', () => console_.storage.ticks.length > ticks)
      expect(console_.storage.gaps).toMatchObject([
        { reason: 'linkLost', toAtMs: expect.any(Number) as number }
      ])
      expect(lab.loginCount('lab2', 'op')).toBe(logins + 1)
    })

    it('is back within 8 s after a long freeze, through a jump host too', async () => {
      const server = await console_.add({ server: 'lab3', user: 'op' })
      await becomes(server, 'online', 20_000)
      await lab.freezeLink('lab3')
      const noticedMs = await leavesOnline(server)
      await systemClock.sleep(process.env.VIRTHELM_LONG === '1' ? 60_000 : 5_000, AbortSignal.timeout(90_000))
      await lab.thawLink('lab3')
      const backMs = await becomes(server, 'online', 20_000)
      console.log(
        `behind a jump: noticed after ${noticedMs.toFixed(0)} ms, back ${backMs.toFixed(0)} ms after its return`
      )
      expect(noticedMs).toBeLessThan(10_000)
      expect(backMs).toBeLessThan(8_000)
    })

    it('blocks on a changed host key: nothing is sent, old and new are shown, trusting it helps', async () => {
      const server = await console_.add({ server: 'lab2', user: 'op-ash' })
      await becomes(server, 'online', 15_000)
      await lab.changeHostKeys('lab2')
      const before = lab.sshdLog('lab2').length
      await lab.eventually('the session ends', async () => {
        for (const pid of lab.sshSessionPids('lab2', 'op-ash')) process.kill(pid, 'SIGKILL')
        return Promise.resolve(waits(server))
      })
      const now = server.state
      if (now.kind !== 'offline' || now.failure.hostKey === null) throw new Error('no host key is shown')
      expect(now.failure.error.code).toBe('hostKeyChanged')
      const recorded = lab.labServer('lab2').hostKeys.map((key) => key.fingerprint)
      const { shown, expected } = now.failure.hostKey
      expect(recorded).not.toContain(shown.fingerprint)
      expect(expected.map((key) => key.fingerprint)).toEqual(expect.arrayContaining(recorded))
      const said = lab.sshdLog('lab2').slice(before)
      expect(said.filter((line) => line.includes('[preauth]'))).not.toEqual([])
      // The user's name comes with the first word of a login.
      expect(said.filter((line) => line.includes('op-ash') && /preauth|Accepted|Failed/.test(line))).toEqual(
        []
      )
      await console_.directory.trustHostKey(shown, true)
      await becomes(server, 'online', 15_000)
    })
  }
)
