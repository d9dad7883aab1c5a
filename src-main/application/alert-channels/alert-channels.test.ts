import { beforeEach, afterEach, describe, expect, it } from 'vitest'
import { ChannelDraft, type ChannelTarget } from '#contract/alert-channels.ts'
import { AppError } from '#contract/errors.ts'
import type { Alert } from '#contract/alerts.ts'
import type { AlertId, ChannelId } from '#contract/ids.ts'
import { alertOf, newsOf, overOf, TO_ALL } from '../../../test/fakes/told-alerts.ts'
import { FakeClock, settle } from '../../../test/fakes/engine-parts.ts'
import { createSecret } from '../../remote/ssh/secret.ts'
import type { EngineAnswer, EngineRequest } from '../engines/http.ts'
import type { Log, SecretCipher } from '../platform/platform.ts'
import { DESKTOP_CHANNEL, type AlertChannels } from './alert-channels.ts'
import type { Mail, MailTarget } from './mailer.ts'
import { openAlertChannels, type OpenedChannels } from './open-alert-channels.ts'

const CANARY = 'canary-token-7731'
const sealing: SecretCipher = {
  canKeep: true,
  backend: 'test',
  encrypt: async (plain) => new TextEncoder().encode(plain).map((byte) => byte ^ 0x55),
  decrypt: async (cipher) => new TextDecoder().decode(cipher.map((byte) => byte ^ 0x55))
}

let blobs: Map<string, Uint8Array>
let clock: FakeClock
let logged: unknown[]
let lasting: Map<AlertId, Alert>
let shown: { title: string; body: string; urgent: boolean }[]
let requests: EngineRequest[]
let mails: { target: MailTarget; mail: Mail; password: string | undefined }[]
/** What each kind of server does; throwing is a connection that fails. */
let answer: (request: EngineRequest) => EngineAnswer | Promise<EngineAnswer>
let sendMail: () => Promise<{ refused: string[] }>
let cipher: SecretCipher
let blobsFull: boolean
let opened: OpenedChannels
let channels: AlertChannels

const ok: EngineAnswer = { status: 200, headers: {}, body: new Uint8Array() }
const status = (code: number, headers: Record<string, string> = {}): EngineAnswer => ({
  ...ok,
  status: code,
  headers
})

async function open(): Promise<void> {
  const note = (...parts: unknown[]): void => void logged.push(parts)
  const log: Log = {
    debug: note,
    info: note,
    warn: note,
    error: (event, cause, fields) => {
      note(event, String(cause), fields)
      return 'incident'
    }
  }
  opened = openAlertChannels(
    {
      storage: {
        blobs: {
          get: async (name) => blobs.get(name) ?? null,
          set: async (name, value) => {
            if (blobsFull) throw new AppError('diskFull')
            if (value === null) blobs.delete(name)
            else blobs.set(name, value)
          }
        }
      },
      platform: { cipher, log, notifier: { show: (notification) => void shown.push(notification) } },
      engineHttp: {
        request: async (request) => {
          requests.push(request)
          return answer(request)
        },
        close: () => undefined
      },
      mailer: {
        send: async (target, mail, { password }) => {
          mails.push({ target, mail, password: password?.reveal() })
          return sendMail()
        }
      },
      clock,
      random: () => 1,
      secretOf: createSecret
    },
    { zone: () => 'utc', lasting: () => lasting }
  )
  channels = opened.channels
  await channels.open()
}
async function reopen(): Promise<void> {
  await channels.close()
  await open()
}

beforeEach(async () => {
  blobs = new Map()
  clock = new FakeClock()
  logged = []
  lasting = new Map()
  shown = []
  requests = []
  mails = []
  answer = () => ok
  sendMail = async () => ({ refused: [] })
  cipher = sealing
  blobsFull = false
  await open()
})
afterEach(() => channels.close())

const draft = (name: string, target: ChannelTarget, more: Partial<ChannelDraft> = {}): ChannelDraft =>
  ChannelDraft.parse({ name, target, gatherMs: 0, ...more })
const hook = (more: Partial<ChannelDraft> = {}, url = 'https://hooks.lan/a'): ChannelDraft =>
  draft('Hook', { kind: 'webhook', url }, more)
const ntfy = (server = 'https://ntfy.lan'): ChannelTarget => ({ kind: 'ntfy', server, topic: 'ops' })
const email = (more: Partial<MailTarget> = {}): MailTarget => ({
  kind: 'email',
  host: 'mail.lan',
  port: 587,
  security: 'startTls',
  user: 'me',
  from: 'a@example.org',
  to: ['b@example.org'],
  ...more
})
function raise(number: number, telling = TO_ALL, alert = alertOf(number)): Promise<void> {
  lasting.set(alert.id, alert)
  return opened.teller.raised(newsOf('raised', alert, telling))
}
function recover(number: number): Promise<void> {
  lasting.delete(alertOf(number).id)
  return opened.teller.recovered(newsOf('recovered', overOf(alertOf(number))))
}
const bodies = (): { title: string; alerts: { news: string }[] }[] =>
  requests.map(
    ({ body }) => JSON.parse(Buffer.from(body).toString()) as { title: string; alerts: { news: string }[] }
  )
const told = (): string[][] => bodies().map(({ alerts }) => alerts.map(({ news }) => news))
const viewOf = (id: ChannelId) => channels.view().find((view) => view.id === id)

describe('the list of channels', () => {
  it('has the desktop from the start, once and for ever; it can be changed and switched off', async () => {
    expect(channels.view()).toMatchObject([
      { id: DESKTOP_CHANNEL, channel: { target: { kind: 'desktop' }, enabled: true } }
    ])
    await expect(channels.remove(DESKTOP_CHANNEL)).rejects.toMatchObject({ code: 'refused' })
    await expect(channels.save(null, draft('Two', { kind: 'desktop' }), null)).rejects.toMatchObject({
      code: 'refused'
    })
    await expect(channels.save(DESKTOP_CHANNEL, hook(), null)).rejects.toMatchObject({ code: 'refused' })
    await channels.save(DESKTOP_CHANNEL, draft('Screen', { kind: 'desktop' }, { enabled: false }), undefined)
    await reopen()
    expect(channels.view()).toMatchObject([{ channel: { name: 'Screen', enabled: false } }])
    await raise(1)
    await settle()
    expect(shown).toEqual([])
  })

  it('is there again after a restart, with its secrets, and they stand in no blob, view, error and log', async () => {
    const id = await channels.save(null, draft('Push', ntfy()), CANARY)
    await channels.save(null, draft('Mail', email()), CANARY)
    await channels.save(null, hook(), CANARY)
    await reopen()
    await raise(1)
    await clock.advance(0)
    expect(requests.map(({ headers }) => headers['authorization'])).toContain(`Bearer ${CANARY}`)
    expect(mails).toMatchObject([{ password: CANARY }])
    answer = () => ({ ...status(400), body: Buffer.from(`bad token ${CANARY}`) })
    sendMail = () =>
      Promise.reject(
        new AppError('notifyLoginRefused', { params: { text: `no ${CANARY}` }, cause: new Error(CANARY) })
      )
    await raise(2)
    await clock.advance(0)
    expect(viewOf(id)?.failure).toMatchObject({ error: { code: 'notifyRefused' } })
    await expect(
      channels.test(
        { channelId: id, draft: draft('Push', ntfy()), secret: undefined },
        new AbortController().signal
      )
    ).rejects.toMatchObject({ code: 'notifyRefused' })
    const kept = [...blobs.values()].map((blob) => Buffer.from(blob).toString()).join('\n')
    for (const text of [kept, JSON.stringify(channels.view()), JSON.stringify(logged)])
      expect(text).not.toContain(CANARY)
    expect(logged.length).toBeGreaterThan(0)
  })

  it('gives a secret to no other server, no weaker encryption and no other user', async () => {
    const push = await channels.save(null, draft('Push', ntfy()), CANARY)
    const mail = await channels.save(null, draft('Mail', email()), CANARY)
    expect(channels.view().map(({ secretKept }) => secretKept)).toEqual([false, true, true])
    await channels.save(push, draft('Push', ntfy('https://evil.example')), undefined)
    expect(viewOf(push)?.secretKept).toBe(false)
    const other = [{ host: 'evil.lan' }, { port: 25 }, { security: 'tls' as const }, { user: 'you' }]
    for (const more of other) {
      await channels.save(mail, draft('Mail', email(more)), undefined)
      expect(viewOf(mail)?.secretKept).toBe(false)
      const test = channels.test(
        { channelId: mail, draft: draft('Mail', email(more)), secret: undefined },
        new AbortController().signal
      )
      await expect(test).rejects.toMatchObject({ code: 'passwordNeeded' })
    }
    await raise(1)
    await clock.advance(0)
    expect(requests[0]?.headers['authorization']).toBeUndefined()
    expect(mails).toEqual([])
    expect(viewOf(mail)?.failure?.error.code).toBe('passwordNeeded')
    await channels.save(mail, draft('Mail', email()), undefined)
    await clock.advance(0)
    expect(mails).toMatchObject([{ password: CANARY }])
    const plain = draft('Mail', email({ security: 'none' }))
    await channels.test({ channelId: mail, draft: plain, secret: CANARY }, new AbortController().signal)
    expect(mails.at(-1)?.password).toBeUndefined()
    await channels.save(mail, draft('Mail', email()), null)
    expect(viewOf(mail)?.secretKept).toBe(false)
  })

  it('keeps secrets in memory only where nothing can keep them', async () => {
    cipher = { ...sealing, canKeep: false, encrypt: () => Promise.reject(new Error('cannot')) }
    await reopen()
    const id = await channels.save(null, draft('Push', ntfy()), CANARY)
    expect(viewOf(id)?.secretKept).toBe(true)
    await reopen()
    expect(viewOf(id)?.secretKept).toBe(false)
  })

  it('refuses a name that is taken, one too many, and a login in an address', async () => {
    await channels.save(null, hook(), null)
    const again = channels.save(null, { ...hook(), name: 'HOOK' }, null)
    await expect(again).rejects.toMatchObject({ code: 'conflict', params: { name: 'HOOK' } })
    const login = channels.save(null, hook({ name: 'Login' }, 'https://me:pw@hooks.lan/'), null)
    await expect(login).rejects.toMatchObject({ code: 'refused', params: { what: 'loginInAddress' } })
    for (let number = 3; number <= 32; number++)
      await channels.save(null, hook({ name: `Hook ${String(number)}` }), null)
    await expect(channels.save(null, hook({ name: 'More' }), null)).rejects.toMatchObject({
      params: { what: 'tooManyChannels' }
    })
  })

  it('forgets a channel with its secret and what waits', async () => {
    answer = () => status(503)
    const id = await channels.save(null, hook(), CANARY)
    await raise(1)
    await clock.advance(0)
    expect([...blobs.keys()].filter((name) => name.endsWith(id))).toHaveLength(2)
    await channels.remove(id)
    expect([...blobs.keys()].filter((name) => name.endsWith(id))).toEqual([])
    await expect(channels.remove(id)).rejects.toMatchObject({ code: 'notFound' })
  })

  it('starts with what it can read: a damaged list, secret and outbox cost only themselves', async () => {
    const id = await channels.save(null, draft('Push', ntfy()), CANARY)
    await channels.close()
    const odd = new TextEncoder().encode('{"of":"tomorrow"}')
    blobs.set(`alert-channel-secret:${id}`, odd)
    blobs.set(`alert-channel-outbox:${id}`, odd)
    await open()
    expect(viewOf(id)).toMatchObject({ secretKept: false, waiting: 0 })
    await channels.close()
    blobs.set('alert-channels', odd)
    await open()
    expect(channels.view()).toHaveLength(1)
    expect(blobs.get('alert-channels')).toEqual(odd)
  })
})

describe('telling', () => {
  it('reaches the channels that the rule names, each with its own gathering', async () => {
    const a = await channels.save(null, hook({ gatherMs: 1_000 }), null)
    await channels.save(null, hook({ name: 'Slow', gatherMs: 60_000 }, 'https://slow.lan/'), null)
    await raise(1)
    await raise(2, { ...TO_ALL, channels: [a] })
    await clock.advance(1_000)
    expect(told()).toEqual([['raised', 'raised']])
    await clock.advance(10_000)
    expect(shown).toMatchObject([{ title: 'RED: web-1: CPU used 93 % (above 80 % for 5 min)', urgent: true }])
    await clock.advance(20_000)
    expect(told()).toEqual([['raised', 'raised'], ['raised']])
    await recover(1)
    await recover(2)
    await clock.advance(60_000)
    expect(told().slice(2)).toEqual([['recovered', 'recovered'], ['recovered']])
    expect(shown.at(-1)).toMatchObject({ urgent: false })
  })

  it('tries again with longer and longer pauses, then sends what is still true, once', async () => {
    answer = () => status(503)
    const id = await channels.save(null, hook(), null)
    await raise(1)
    await raise(2)
    await clock.advance(0)
    expect(viewOf(id)).toMatchObject({
      waiting: 2,
      failure: { error: { code: 'notifyBusy' }, nextTryAtMs: clock.nowMs() + 5_000 }
    })
    await clock.advance(4_999)
    expect(requests).toHaveLength(1)
    await clock.advance(1)
    expect(requests).toHaveLength(2)
    await clock.advance(10_000)
    expect(requests).toHaveLength(3)
    await recover(1)
    answer = () => ok
    await clock.advance(20_000)
    expect(told().at(-1)).toEqual(['raised', 'passed'])
    expect(viewOf(id)).toMatchObject({ waiting: 0, failure: null, lastSentAtMs: clock.nowMs() })
    await clock.advance(3_600_000)
    expect(requests).toHaveLength(4)
  })

  it('waits as long as the server asks', async () => {
    answer = () => status(429, { 'retry-after': '600' })
    await channels.save(null, hook(), null)
    await raise(1)
    await clock.advance(599_000)
    expect(requests).toHaveLength(1)
    await clock.advance(1_000)
    expect(requests).toHaveLength(2)
  })

  it('asks a server that refuses the login seldom, and at once after a change', async () => {
    answer = () => status(401)
    const id = await channels.save(null, hook(), null)
    await raise(1)
    await clock.advance(59_000)
    expect(requests).toHaveLength(1)
    await clock.advance(3_600_000)
    expect(requests.length).toBeLessThan(8)
    answer = () => ok
    await channels.save(id, hook(), 'new key')
    await clock.advance(0)
    expect(viewOf(id)).toMatchObject({ waiting: 0, failure: null })
  })

  it('goes on after a restart: what waited is sent, with its end where that came meanwhile, and nothing twice', async () => {
    answer = () => status(503)
    await channels.save(null, hook(), null)
    await raise(1)
    await raise(2)
    await clock.advance(0)
    await channels.close()
    requests = []
    answer = () => ok
    await open()
    await raise(1)
    await clock.advance(29_999)
    expect(requests).toEqual([])
    await recover(1)
    await clock.advance(1)
    expect(told()).toEqual([['raised', 'passed']])
    await reopen()
    await recover(2)
    await raise(2)
    await clock.advance(60_000)
    expect(told()).toEqual([['raised', 'passed'], ['recovered']])
  })

  it('does not wait for a server that hangs, and no channel waits for another', async () => {
    const hang = Promise.withResolvers<EngineAnswer>()
    await channels.save(null, hook({ name: 'Dead' }, 'https://dead.lan/'), null)
    await channels.save(null, hook(), null)
    answer = ({ url }) => (url.hostname === 'dead.lan' ? hang.promise : ok)
    for (let number = 1; number <= 3; number++) {
      await raise(number)
      await clock.advance(0)
    }
    expect(requests.filter(({ url }) => url.hostname === 'dead.lan')).toHaveLength(1)
    expect(requests.filter(({ url }) => url.hostname === 'hooks.lan')).toHaveLength(3)
    hang.resolve(ok)
  })

  it('holds back what is more than the limit, and says it in one message', async () => {
    await channels.save(null, hook({ mostPerHour: 6 }), null)
    for (let number = 1; number <= 40; number++) {
      await raise(number)
      await clock.advance(0)
    }
    expect(requests).toHaveLength(3)
    await clock.advance(20 * 60_000)
    expect(told().at(-1)).toHaveLength(37)
    expect(bodies().at(-1)).toMatchObject({
      heldBack: true,
      title: '37 RED: web-4, web-5, web-6 and 34 more'
    })
  })

  it('waits while the own network is lost, tells the desktop, and goes on at once when it is back', async () => {
    answer = () => Promise.reject(new AppError('networkUnreachable', { retryable: true }))
    const id = await channels.save(null, hook(), null)
    await raise(1)
    await clock.advance(120_000)
    channels.setNetworkLost(true)
    requests = []
    await raise(2)
    await clock.advance(600_000)
    expect(requests).toEqual([])
    expect(shown.length).toBeGreaterThan(0)
    answer = () => ok
    channels.setNetworkLost(false)
    await clock.advance(0)
    expect(told()).toEqual([['raised', 'raised']])
    expect(viewOf(id)?.failure).toBeNull()
  })

  it('refuses news that it cannot keep, and takes them when it can', async () => {
    await channels.save(null, hook({ gatherMs: 60_000 }), null)
    blobsFull = true
    await expect(raise(1)).rejects.toMatchObject({ code: 'diskFull' })
    blobsFull = false
    await raise(1)
    await clock.advance(60_000)
    expect(told()).toEqual([['raised']])
  })

  it('says that a part of the receivers was refused, and sends nothing twice', async () => {
    sendMail = async () => ({ refused: ['far@example.com'] })
    const id = await channels.save(null, draft('Mail', email({ user: null })), null)
    await raise(1)
    await clock.advance(3_600_000)
    expect(mails).toHaveLength(1)
    expect(mails[0]?.mail).toMatchObject({
      subject: '[Virthelm] RED: web-1: CPU used 93 % (above 80 % for 5 min)',
      urgent: true
    })
    expect(viewOf(id)?.failure).toMatchObject({
      error: { code: 'mailRelayDenied', params: { what: 'far@example.com' } },
      nextTryAtMs: null
    })
  })

  it('tells of a channel that is switched off nothing, neither then nor later', async () => {
    answer = () => status(503)
    const id = await channels.save(null, hook(), null)
    await raise(1)
    await clock.advance(0)
    await channels.save(id, hook({ enabled: false }), undefined)
    await raise(2)
    answer = () => ok
    requests = []
    await channels.save(id, hook(), undefined)
    await recover(1)
    await clock.advance(600_000)
    expect(requests).toEqual([])
  })

  it('shows no markup of others on the desktop', async () => {
    await raise(1, TO_ALL, alertOf(1, { serverName: '<a href="x">&lt;' }))
    await clock.advance(60_000)
    expect(`${shown[0]?.title ?? ''}${shown[0]?.body ?? ''}`).not.toMatch(/[<>&]/)
    expect(shown).toHaveLength(1)
  })
})

describe('a test', () => {
  it('is sent at once, of a draft too, past limit and queue, and is no alert', async () => {
    const { signal } = new AbortController()
    const durationMs = await channels.test(
      { channelId: null, draft: hook({ enabled: false }), secret: 'k' },
      signal
    )
    expect(durationMs).toBe(0)
    expect(bodies()).toMatchObject([{ kind: 'test', title: 'Test from Virthelm', alerts: [], level: null }])
    await channels.test(
      { channelId: DESKTOP_CHANNEL, draft: draft('Desktop', { kind: 'desktop' }), secret: undefined },
      signal
    )
    expect(shown).toMatchObject([{ title: 'Test from Virthelm', urgent: false }])
    expect(channels.view()).toHaveLength(1)
  })
})
