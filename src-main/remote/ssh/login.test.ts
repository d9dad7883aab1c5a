import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { LoginPrompt } from '../../application/servers/connection.ts'
import { looksLikePassword } from './keyboard.ts'
import { createSecret } from './secret.ts'
import { makeTestKey, type TestKey } from './testing/keys.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './testing/ssh-test-server.ts'
import { failureOf, makeBench, makeRequest, trust, type Bench } from './testing/setup.ts'

const hostKey = makeTestKey()
const keyA = makeTestKey('ed25519')
const keyB = makeTestKey('ecdsa')
const keyRsa = makeTestKey('rsa')

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

type Request = Parameters<typeof makeRequest>[0]

/** A server and a bench that already trust each other. */
async function pair(
  options: TestServerOptions,
  deps: Parameters<typeof makeBench>[0] = {}
): Promise<{ sshd: TestServer; b: Bench; log: (request: Omit<Request, 'port'>) => Promise<string> }> {
  const sshd = await startTestServer({ hostKeys: [hostKey.privatePem], ...options })
  const b = makeBench(deps)
  open.push(
    () => sshd.close(),
    () => b.connector.close()
  )
  await trust(b, makeRequest({ port: sshd.port }))
  /** 'in', or the code of the failure. */
  const log = async (request: Omit<Request, 'port'>): Promise<string> => {
    const work = b.connector.connect(makeRequest({ ...request, port: sshd.port }))
    const outcome = await work.then(
      (connection) => connection,
      () => null
    )
    outcome?.close()
    return outcome ? 'in' : (await failureOf(work)).code
  }
  return { sshd, b, log }
}

async function agent(...keys: TestKey[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'virthelm-agent-'))
  const socket = join(folder, 'agent')
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()))
  open.push(() => {
    child.kill()
    rmSync(folder, { recursive: true })
  })
  for (const key of keys) {
    execFileSync('ssh-add', ['-q', key.file], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      stdio: 'ignore'
    })
  }
  return socket
}

const methods = (sshd: TestServer): string[] => sshd.tries.map((one) => one.method)

describe('keys', () => {
  it.each([
    ['ed25519', keyA],
    ['ecdsa', keyB],
    ['rsa', keyRsa]
  ])('%s from a file and from the agent', async (_, key) => {
    const agentSocket = await agent(keyA, keyB, keyRsa)
    const { log } = await pair({ keys: [key.publicLine] }, { agentSocket })
    expect(await log({ settings: { keyFiles: [key.file] } })).toBe('in')
    expect(await log({ settings: { useAgent: true } })).toBe('in')
  })

  it('offers the named key of a full agent first, so that the server does not hang up before', async () => {
    const many = Array.from({ length: 8 }, () => makeTestKey())
    const mine = many.at(-1) ?? keyA
    const agentSocket = await agent(...many)
    const { sshd, log } = await pair({ keys: [mine.publicLine], maxTries: 6 }, { agentSocket })
    // Only the public half is on the disk.
    expect(await log({ settings: { useAgent: true, keyFiles: [`${mine.file}.pub`] } })).toBe('in')
    expect(methods(sshd).filter((one) => one === 'publickey-check')).toHaveLength(1)
  })

  it('leaves room for the password when the agent is full', async () => {
    const agentSocket = await agent(...Array.from({ length: 8 }, () => makeTestKey()))
    const { log } = await pair({ keys: [keyA.publicLine], password: 'right', maxTries: 6 }, { agentSocket })
    expect(await log({ settings: { useAgent: true }, password: createSecret('right') })).toBe('in')
  })

  it('says that the server hung up after too many keys', async () => {
    const agentSocket = await agent(keyA, keyB, keyRsa)
    const { log } = await pair({ keys: [makeTestKey().publicLine], maxTries: 2 }, { agentSocket })
    expect(await log({ settings: { useAgent: true } })).toMatch(/loginRefused|connectionClosed/)
  })

  it('skips files that are no keys, and names the first one when nothing else is left', async () => {
    const { b, sshd, log } = await pair({ keys: [keyA.publicLine] })
    const folder = mkdtempSync(join(tmpdir(), 'virthelm-badkeys-'))
    open.push(() => rmSync(folder, { recursive: true }))
    const garbage = join(folder, 'garbage')
    writeFileSync(garbage, 'not a key at all')
    const bad = [join(folder, 'absent'), garbage, folder]
    expect(await log({ settings: { keyFiles: [...bad, keyA.file] } })).toBe('in')
    const request = makeRequest({ port: sshd.port, settings: { keyFiles: bad } })
    const error = await failureOf(b.connector.connect(request))
    expect(error.code).toBe('keyUnreadable')
    expect(error.params).toMatchObject({ keyFile: bad[0], reason: 'notFound' })
  })

  it('an encrypted key costs nothing while the server does not want it', async () => {
    const locked = makeTestKey('ed25519', { passphrase: 'p' })
    const { log } = await pair({ keys: [keyA.publicLine] })
    expect(await log({ settings: { keyFiles: [locked.file, keyA.file] } })).toBe('in')
    expect(await log({ settings: { keyFiles: [locked.file] } })).toBe('loginRefused')
  })

  it('encrypted keys of the old format, with and without a public file beside', async () => {
    const old = makeTestKey('rsa', { passphrase: 'open sesame', format: 'PEM' })
    const folder = mkdtempSync(join(tmpdir(), 'virthelm-oldkey-'))
    open.push(() => rmSync(folder, { recursive: true }))
    const alone = join(folder, 'alone')
    copyFileSync(old.file, alone)
    chmodSync(alone, 0o600)
    const { log } = await pair({ keys: [old.publicLine] })
    for (const file of [old.file, alone]) {
      const settings = { keyFiles: [file] }
      expect(await log({ settings, passphrase: createSecret('open sesame') })).toBe('in')
      expect(await log({ settings, passphrase: createSecret('wrong') })).toBe('passphraseWrong')
      expect(await log({ settings })).toBe('passphraseNeeded')
    }
  })

  it('does not hold up the main thread while a key is decrypted', async () => {
    const locked = makeTestKey('ed25519', { passphrase: 'p' })
    const { log } = await pair({ keys: [locked.publicLine] })
    let worst = 0
    let last = performance.now()
    const timer = setInterval(() => {
      worst = Math.max(worst, performance.now() - last)
      last = performance.now()
    }, 5)
    expect(await log({ settings: { keyFiles: [locked.file] }, passphrase: createSecret('p') })).toBe('in')
    clearInterval(timer)
    expect(worst).toBeLessThan(250)
  })

  it('an agent that is absent or silent is said so only when it was the only hope', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'virthelm-deafagent-'))
    const deaf = createServer(() => undefined)
    const socket = join(folder, 'deaf')
    await new Promise<void>((resolve) => deaf.listen(socket, resolve))
    open.push(() => {
      deaf.close()
      rmSync(folder, { recursive: true })
    })
    for (const agentSocket of [join(folder, 'absent'), socket]) {
      const { log } = await pair(
        { keys: [keyA.publicLine], password: 'right' },
        { agentSocket, deadlines: { agentMs: 300 } }
      )
      expect(await log({ settings: { useAgent: true } })).toBe('agentUnavailable')
      expect(await log({ settings: { useAgent: true, keyFiles: [keyA.file] } })).toBe('in')
    }
  })
})

describe('passwords and questions', () => {
  it('a wrong password is refused after one try, also where the server has two methods for it', async () => {
    const keyboard = [[{ text: 'Password: ', answer: 'right' }]]
    for (const options of [{ password: 'right' }, { keyboard }, { password: 'right', keyboard }]) {
      const { sshd, log } = await pair(options)
      expect(await log({ password: createSecret('wrong') })).toBe('loginRefused')
      expect(methods(sshd).filter((one) => one !== 'none')).toHaveLength(1)
      expect(await log({ password: createSecret('right') })).toBe('in')
    }
  })

  it('says that a password is needed, and sends nothing', async () => {
    for (const options of [{ password: 'x' }, { keyboard: [[{ text: 'Password: ', answer: 'x' }]] }]) {
      const { sshd, log } = await pair(options)
      expect(await log({ settings: { usePassword: true } })).toBe('passwordNeeded')
      expect(methods(sshd)).not.toContain('password')
    }
  })

  it('answers the password once by itself and hands every other question to the operator', async () => {
    const { log } = await pair({
      keyboard: [
        [{ text: 'Password: ', answer: 'right' }],
        [
          { text: 'Verification code: ', answer: '123456' },
          { text: 'Your colour? ', echo: true, answer: 'blue' }
        ]
      ]
    })
    const asked: LoginPrompt[] = []
    const prompt = async (question: LoginPrompt): Promise<string[]> => {
      asked.push(question)
      return ['123456', 'blue']
    }
    expect(await log({ password: createSecret('right'), prompt })).toBe('in')
    expect(asked).toEqual([
      {
        host: '127.0.0.1',
        title: 'Login',
        instructions: 'Please answer',
        questions: [
          { text: 'Verification code: ', echo: false },
          { text: 'Your colour? ', echo: true }
        ]
      }
    ])
    expect(await log({ password: createSecret('right'), prompt: async () => ['1', '2'] })).toBe(
      'loginRefused'
    )
    expect(await log({ password: createSecret('right') })).toBe('cancelled')
  })

  it('waits for the operator as long as it takes, but not for the server', async () => {
    const { log } = await pair(
      { keyboard: [[{ text: 'Code: ', answer: '1' }]] },
      { deadlines: { loginMs: 400 } }
    )
    const slow = async (): Promise<string[]> => {
      await new Promise((resolve) => setTimeout(resolve, 900))
      return ['1']
    }
    expect(await log({ settings: { usePassword: true }, prompt: slow })).toBe('in')
  })

  it.each([
    ['a file', false],
    ['the agent', true]
  ])('a second factor after a key from %s', async (_, fromAgent) => {
    const agentSocket = fromAgent ? await agent(keyB, keyA) : null
    const { log } = await pair(
      {
        keys: [keyA.publicLine],
        keyboard: [[{ text: 'Code: ', answer: '42' }]],
        methodsInOrder: ['publickey', 'keyboard-interactive']
      },
      { agentSocket }
    )
    const settings = fromAgent ? { useAgent: true } : { keyFiles: [keyA.file] }
    expect(await log({ settings, prompt: async () => ['42'] })).toBe('in')
  })

  it('ends a server that never stops asking', async () => {
    const question = [{ text: 'Again? ', answer: 'yes' }]
    const { log } = await pair({ keyboard: Array.from({ length: 50 }, () => question) })
    let rounds = 0
    const prompt = async (): Promise<string[]> => {
      rounds += 1
      return ['yes']
    }
    expect(await log({ settings: { usePassword: true }, prompt })).toBe('loginRefused')
    expect(rounds).toBe(10)
  })

  it.each([
    ['Password: ', true],
    ["root@host's password:", true],
    ['Passwort:', true],
    ['Password (one-time): ', false],
    ['Verification code: ', false],
    ['New password: ', false],
    ['PIN: ', false]
  ])('%s is the password: %s', (text, expected) => {
    expect(looksLikePassword([{ text, echo: false }])).toBe(expected)
    expect(looksLikePassword([{ text, echo: true }])).toBe(false)
    expect(
      looksLikePassword([
        { text, echo: false },
        { text, echo: false }
      ])
    ).toBe(false)
  })
})
