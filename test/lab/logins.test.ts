/** Every way of logging in, against real sshd. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { Connection, Connector, LoginPrompt } from '../../src-main/application/servers/connection.ts'
import { createSecret } from '../../src-main/remote/ssh/secret.ts'
import { connectTo, labConnector, memoryPins, type LabLogin } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()

describe.skipIf(missing !== null)(
  `logging in to real servers${missing === null ? '' : ` (${missing})`}`,
  () => {
    let connector: Connector & { close(): void }
    beforeAll(() => {
      connector = labConnector()
    })
    afterAll(() => connector.close())

    async function whoAmI(connecting: Promise<Connection>): Promise<string> {
      const connection = await connecting
      try {
        const options = { signal: AbortSignal.timeout(20_000), deadlineMs: 20_000 }
        return (await connection.run('id -un; uname -n', options)).stdout
      } finally {
        connection.close()
      }
    }

    const failureOf = async (connecting: Promise<Connection>): Promise<AppError> => {
      try {
        ;(await connecting).close()
      } catch (error) {
        if (error instanceof AppError) return error
        throw error
      }
      throw new Error('it was let in')
    }

    const logins: readonly LabLogin[] = [
      { server: 'lab1', user: 'op', key: 'ed25519' },
      { server: 'lab1', user: 'op', key: 'ecdsa' },
      { server: 'lab1', user: 'op', key: 'rsa' },
      { server: 'lab1', user: 'op', key: 'ed25519Encrypted' },
      { server: 'lab2', user: 'op', key: 'rsaEncryptedPem' },
      { server: 'lab2', user: 'op', usePassword: true },
      { server: 'lab2', user: 'op-kbd', usePassword: true },
      { server: 'lab3', user: 'op', usePassword: true }
    ]
    it.each(logins)('lets $user in to $server by key $key, password $usePassword', async (login) => {
      expect(await whoAmI(connectTo(connector, login))).toBe(`${login.user}\n${login.server}\n`)
    })

    it('asks the operator for the second answer, and only for that', async () => {
      const account = lab.labAccount('op-code')
      const asked: LoginPrompt[] = []
      const connecting = connectTo(
        connector,
        { server: 'lab1', user: 'op-code', usePassword: true },
        {
          prompt: (question) => {
            asked.push(question)
            return Promise.resolve(question.questions.map(() => lab.totpCode(account)))
          }
        }
      )
      expect(await whoAmI(connecting)).toBe('op-code\nlab1\n')
      expect(asked.map((one) => one.questions.map((question) => question.text.trim()))).toEqual([
        ['Verification code:']
      ])
      expect(JSON.stringify(asked)).not.toContain(account.password)
    })

    it('says loginRefused for a wrong password, a key of someone else, and a wrong code', async () => {
      const wrong = { password: createSecret('not the password') }
      const byPassword = await failureOf(
        connectTo(connector, { server: 'lab2', user: 'op-zsh', usePassword: true }, wrong)
      )
      expect(byPassword.code).toBe('loginRefused')
      expect(lab.sshdLog('lab2').join('\n')).toContain('op-zsh')
      const byKey = await failureOf(connectTo(connector, { server: 'lab2', user: 'op', key: 'stranger' }))
      expect(byKey.code).toBe('loginRefused')
      const byCode = await failureOf(
        connectTo(
          connector,
          { server: 'lab2', user: 'op-code', usePassword: true },
          { prompt: ({ questions }) => Promise.resolve(questions.map(() => '000000')) }
        )
      )
      expect(byCode.code).toBe('loginRefused')
    })

    it('asks for a passphrase that is missing, and knows a wrong one', async () => {
      const login: LabLogin = { server: 'lab1', user: 'op', key: 'ed25519Encrypted' }
      expect((await failureOf(connectTo(connector, login, { passphrase: null }))).code).toBe(
        'passphraseNeeded'
      )
      const wrong = { passphrase: createSecret('wrong') }
      expect((await failureOf(connectTo(connector, login, wrong))).code).toBe('passphraseWrong')
    })

    it('shows an unknown host key as ssh-keygen does, and has sent no user name by then', async () => {
      const stranger = labConnector(memoryPins([]))
      const server = lab.labServer('lab2')
      const before = lab.sshdLog('lab2').length
      try {
        const error = await failureOf(connectTo(stranger, { server: 'lab2', user: 'op-fish' }))
        expect(error.code).toBe('hostKeyUnknown')
        const shown = stranger.hostKeyFailureOf(error)?.shown
        expect(server.hostKeys.map((key) => key.fingerprint)).toContain(shown?.fingerprint)
      } finally {
        stranger.close()
      }
      expect(lab.sshdLog('lab2').slice(before).join('\n')).not.toContain('op-fish')
    })
  }
)
