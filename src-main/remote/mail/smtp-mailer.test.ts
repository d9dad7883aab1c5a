import { createServer, type AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { SmtpServer } from '../../../test/fakes/smtp-server.ts'
import { TEST_CERTIFICATE } from '../../../test/fakes/test-certificate.ts'
import type { Mail, MailOptions, MailTarget } from '../../application/alert-channels/mailer.ts'
import { createResolver } from '../ssh/resolver.ts'
import { createSecret } from '../ssh/secret.ts'
import { createMailer } from './smtp-mailer.ts'

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

async function serve(options: { tls?: boolean } = {}): Promise<{ server: SmtpServer; port: number }> {
  const server = new SmtpServer(options)
  const port = await server.listen()
  ends.push(() => server.close())
  return { server, port }
}
const resolver = createResolver({ hosts: '/etc/hosts', resolvConf: null, servers: ['127.0.0.1:9'] })
const trusting = createMailer({ resolver, trusted: () => [TEST_CERTIFICATE.cert] })
const strict = createMailer({ resolver })

const to = (port: number, more: Partial<MailTarget> = {}): MailTarget => ({
  kind: 'email',
  host: '127.0.0.1',
  port,
  security: 'none',
  user: null,
  from: 'console@example.org',
  to: ['ops@example.org'],
  ...more
})
const MAIL: Mail = { subject: 'RED: web-1', text: 'CPU used 93 %\nsince 12:00', urgent: true }
const options = (more: Partial<MailOptions> = {}): MailOptions => ({
  password: null,
  deadlineMs: 5_000,
  signal: new AbortController().signal,
  ...more
})
async function errorOf(sent: Promise<unknown>): Promise<AppError> {
  const error: unknown = await sent.then(
    () => new Error('it was sent'),
    (cause: unknown) => cause
  )
  if (!(error instanceof AppError)) throw error
  expect(error.code === 'cancelled' || error.params['service'] === 'channel').toBe(true)
  return error
}

describe('an e-mail', () => {
  it('arrives with subject, text and priority, as one that no machine answers', async () => {
    const { server, port } = await serve()
    const sent = await strict.send(to(port, { to: ['a@example.org', 'b@example.org'] }), MAIL, options())
    expect(sent.refused).toEqual([])
    const [mail] = server.mails
    expect(mail?.from).toContain('<console@example.org>')
    expect(mail?.to).toEqual(['<a@example.org>', '<b@example.org>'])
    expect(mail?.data).toContain('Subject: RED: web-1\r\n')
    expect(mail?.data).toContain('X-Priority: 1 (Highest)')
    expect(mail?.data).toContain('Auto-Submitted: auto-generated')
    expect(mail?.data).toMatch(/CPU used 93 %\r\nsince 12:00/)
  })

  it('brings its attachments', async () => {
    const { server, port } = await serve()
    const bytes = new TextEncoder().encode('<h1>Report</h1>')
    const attachments = [{ name: 'report.html', type: 'text/html', bytes }]
    await strict.send(to(port), { ...MAIL, attachments }, options())
    const data = server.mails[0]?.data ?? ''
    expect(data).toContain('filename=report.html')
    expect(data).toContain(Buffer.from(bytes).toString('base64'))
  })

  it('goes encrypted where that is asked for: TLS from the start, and STARTTLS before any password', async () => {
    const login = { user: 'me', password: 'pass word' }
    const password = createSecret(login.password)
    const { server: tls, port: tlsPort } = await serve({ tls: true })
    tls.behaviour.login = login
    await trusting.send(to(tlsPort, { security: 'tls', user: 'me' }), MAIL, options({ password }))
    expect(tls.mails).toMatchObject([{ tls: true, user: 'me' }])
    const { server: start, port } = await serve()
    Object.assign(start.behaviour, { login, startTls: true })
    await trusting.send(
      to(port, { security: 'startTls', user: 'me', host: 'localhost' }),
      MAIL,
      options({ password })
    )
    expect(start.mails).toMatchObject([{ tls: true, user: 'me' }])
    const upgraded = start.lines.findIndex((line) => line === 'STARTTLS')
    expect(start.lines.findIndex((line) => line.startsWith('AUTH'))).toBeGreaterThan(upgraded)
  })

  it('is not sent where STARTTLS was asked for and is not offered, nor to a certificate that nobody vouches for', async () => {
    const { server, port } = await serve()
    server.behaviour.login = { user: 'me', password: 'x' }
    const password = createSecret('x')
    const noTls = await errorOf(
      trusting.send(to(port, { security: 'startTls', user: 'me' }), MAIL, options({ password }))
    )
    expect(noTls.code).toBe('tlsFailed')
    server.behaviour.startTls = true
    const { server: tls, port: tlsPort } = await serve({ tls: true })
    for (const target of [to(port, { security: 'startTls', user: 'me' }), to(tlsPort, { security: 'tls' })]) {
      const error = await errorOf(strict.send(target, MAIL, options({ password })))
      expect(error.code).toBe('tlsFailed')
      expect(String(error.params['reason'])).toMatch(/self.signed certificate/)
    }
    expect([...server.lines, ...tls.lines].filter((line) => /^(AUTH|MAIL)/.test(line))).toEqual([])
  })

  it('says that a login was refused, or that none is offered', async () => {
    const { server, port } = await serve()
    const password = createSecret('wrong')
    const none = await errorOf(strict.send(to(port, { user: 'me' }), MAIL, options({ password })))
    expect(none).toMatchObject({ code: 'notifyLoginRefused', retryable: false })
    server.behaviour.login = { user: 'me', password: 'right' }
    const refused = await errorOf(strict.send(to(port, { user: 'me' }), MAIL, options({ password })))
    expect(refused).toMatchObject({ code: 'notifyLoginRefused', retryable: false, params: { status: 535 } })
    server.behaviour.answer = (line) =>
      line.startsWith('MAIL') ? '530 5.7.0 authentication required' : undefined
    expect((await errorOf(strict.send(to(port), MAIL, options()))).code).toBe('notifyLoginRefused')
    expect(server.mails).toEqual([])
  })

  it('says whom the server does not deliver to; those it does get it', async () => {
    const { server, port } = await serve()
    server.behaviour.answer = (line) => (line.includes('far@') ? '554 5.7.1 relay access denied' : undefined)
    const target = to(port, { to: ['far@example.com'] })
    expect(await errorOf(strict.send(target, MAIL, options()))).toMatchObject({
      code: 'mailRelayDenied',
      retryable: false,
      params: { what: 'far@example.com' }
    })
    const both = await strict.send(to(port, { to: ['far@example.com', 'ops@example.org'] }), MAIL, options())
    expect(both.refused).toEqual(['far@example.com'])
    expect(server.mails).toMatchObject([{ to: ['<ops@example.org>'] }])
  })

  it('tells busy from refused, what is no mail server, and nobody there', async () => {
    const { server, port } = await serve()
    const answering = async (answer: string, to_ = to(port)): Promise<[string, boolean]> => {
      server.behaviour.answer = (line) => (line === '.' ? answer : undefined)
      const { code, retryable } = await errorOf(strict.send(to_, MAIL, options()))
      return [code, retryable]
    }
    expect(await answering('451 4.3.0 later')).toEqual(['notifyBusy', true])
    expect(await answering('552 5.3.4 too large')).toEqual(['notifyRefused', false])
    server.behaviour.answer = (line) =>
      line.startsWith('EHLO') ? '421 4.7.0 too many connections' : undefined
    expect((await errorOf(strict.send(to(port), MAIL, options()))).code).toBe('notifyBusy')
    server.behaviour.greeting = 'SSH-2.0-OpenSSH_9.2'
    expect((await errorOf(strict.send(to(port), MAIL, options()))).code).toBe('notifyRefused')
    await server.close()
    ends.pop()
    const gone = await errorOf(strict.send(to(port), MAIL, options()))
    expect([gone.code, gone.retryable]).toEqual(['connectionRefused', true])
    const nowhere = await errorOf(strict.send(to(25, { host: 'nowhere.invalid' }), MAIL, options()))
    expect(nowhere.code).toMatch(/^address(NotFound|Timeout)$/)
  })

  it('ends by its deadline where a server says nothing, at every stage, and at once when it is cancelled', async () => {
    const { server, port } = await serve()
    const deadline = options({ deadlineMs: 150 })
    for (const silent of ['EHLO', 'MAIL', 'RCPT', 'DATA', '.']) {
      server.behaviour.answer = (line) => (line.startsWith(silent) ? null : undefined)
      expect((await errorOf(strict.send(to(port), MAIL, deadline))).code).toBe('deadlineExceeded')
    }
    server.behaviour.greeting = null
    expect((await errorOf(strict.send(to(port), MAIL, deadline))).code).toBe('deadlineExceeded')
    const mute = createServer((socket) => socket.on('error', () => undefined).resume())
    await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done))
    const mutePort = (mute.address() as AddressInfo).port
    expect((await errorOf(strict.send(to(mutePort, { security: 'tls' }), MAIL, deadline))).code).toBe(
      'deadlineExceeded'
    )
    ends.push(() => new Promise((done) => mute.close(done)))
    for (const early of [true, false]) {
      const cancel = new AbortController()
      if (early) cancel.abort()
      const asked = errorOf(strict.send(to(port), MAIL, options({ signal: cancel.signal })))
      cancel.abort()
      expect((await asked).code).toBe('cancelled')
    }
  })

  it('has no header, no receiver and no command that a text of others brought in', async () => {
    const { server, port } = await serve()
    const headerNames = (data: string): Set<string> =>
      new Set(
        data
          .slice(0, data.indexOf('\r\n\r\n'))
          .split('\r\n')
          .filter((line) => !/^[ \t]/.test(line))
          .map((line) => line.slice(0, line.indexOf(':')))
      )
    await strict.send(to(port), MAIL, options())
    const plain = headerNames(server.mails[0]?.data ?? '')
    expect(plain).toContain('Subject')
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom(
        'a\r\nBcc: all@example.com',
        'a\nX-Evil: 1\n\nbody',
        'a\r\n.\r\nMAIL FROM:<x@y>\r\n',
        '\r\n\r\n<html>',
        '\u2028Bcc: x@y\u0085z',
        '.\r\n.'
      )
    )
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (subject, text) => {
        server.mails.length = 0
        server.lines.length = 0
        await strict.send(to(port), { subject, text, urgent: true }, options())
        expect(server.mails).toHaveLength(1)
        expect(server.mails[0]?.to).toEqual(['<ops@example.org>'])
        for (const name of headerNames(server.mails[0]?.data ?? '')) expect(plain).toContain(name)
        const commands = server.lines.filter((line) => /^(MAIL|RCPT|DATA)/.test(line))
        expect(commands).toHaveLength(3)
      }),
      { numRuns: 60 }
    )
  })
})
