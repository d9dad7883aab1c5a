import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { ChannelsWorld, draft, email, hook, status } from '../../../test/fakes/channels-world.ts'
import { settle } from '../../../test/fakes/engine-parts.ts'
import { alertOf, TO_ALL } from '../../../test/fakes/told-alerts.ts'
import type { EngineAnswer } from '../engines/http.ts'
import { DESKTOP_CHANNEL } from './alert-channels.ts'

const CANARY = 'canary-token-7731'
let world: ChannelsWorld
beforeEach(async () => {
  world = new ChannelsWorld()
  await world.open()
})
afterEach(() => world.channels.close())

describe('telling', () => {
  it('reaches the world.channels that the rule names, each with its own gathering', async () => {
    const a = await world.channels.save(null, hook({ gatherMs: 1_000 }), null)
    await world.channels.save(null, hook({ name: 'Slow', gatherMs: 60_000 }, 'https://slow.lan/'), null)
    await world.raise(1)
    await world.raise(2, { ...TO_ALL, channels: [a] })
    await world.clock.advance(1_000)
    expect(world.told()).toEqual([['raised', 'raised']])
    await world.clock.advance(10_000)
    expect(world.shown).toMatchObject([
      { title: 'RED: web-1: CPU used 93 % (above 80 % for 5 min)', urgent: true }
    ])
    await world.clock.advance(20_000)
    expect(world.told()).toEqual([['raised', 'raised'], ['raised']])
    await world.recover(1)
    await world.recover(2)
    await world.clock.advance(60_000)
    expect(world.told().slice(2)).toEqual([['recovered', 'recovered'], ['recovered']])
    expect(world.shown.at(-1)).toMatchObject({ urgent: false })
  })

  it('tries again with longer and longer pauses, then sends what is still true, once', async () => {
    world.answer = () => status(503)
    const id = await world.channels.save(null, hook(), null)
    await world.raise(1)
    await world.raise(2)
    await world.clock.advance(0)
    expect(world.viewOf(id)).toMatchObject({
      waiting: 2,
      failure: { error: { code: 'notifyBusy' }, nextTryAtMs: world.clock.nowMs() + 5_000 }
    })
    await world.clock.advance(4_999)
    expect(world.requests).toHaveLength(1)
    await world.clock.advance(1)
    expect(world.requests).toHaveLength(2)
    await world.clock.advance(10_000)
    expect(world.requests).toHaveLength(3)
    await world.recover(1)
    world.answer = () => status(200)
    await world.clock.advance(20_000)
    expect(world.told().at(-1)).toEqual(['raised', 'passed'])
    expect(world.viewOf(id)).toMatchObject({ waiting: 0, failure: null, lastSentAtMs: world.clock.nowMs() })
    await world.clock.advance(3_600_000)
    expect(world.requests).toHaveLength(4)
  })

  it('waits as long as the server asks', async () => {
    world.answer = () => status(429, { 'retry-after': '600' })
    await world.channels.save(null, hook(), null)
    await world.raise(1)
    await world.clock.advance(599_000)
    expect(world.requests).toHaveLength(1)
    await world.clock.advance(1_000)
    expect(world.requests).toHaveLength(2)
  })

  it('asks a server that refuses the login seldom, and at once after a change', async () => {
    world.answer = () => status(401)
    const id = await world.channels.save(null, hook(), null)
    await world.raise(1)
    await world.clock.advance(59_000)
    expect(world.requests).toHaveLength(1)
    await world.clock.advance(3_600_000)
    expect(world.requests.length).toBeLessThan(8)
    world.answer = () => status(200)
    await world.channels.save(id, hook(), 'new key')
    await world.clock.advance(0)
    expect(world.viewOf(id)).toMatchObject({ waiting: 0, failure: null })
  })

  it('goes on after a restart: what waited is sent, with its end where that came meanwhile, and nothing twice', async () => {
    world.answer = () => status(503)
    await world.channels.save(null, hook(), null)
    await world.raise(1)
    await world.raise(2)
    await world.clock.advance(0)
    await world.channels.close()
    world.requests = []
    world.answer = () => status(200)
    await world.open()
    await world.raise(1)
    await world.clock.advance(29_999)
    expect(world.requests).toEqual([])
    await world.recover(1)
    await world.clock.advance(1)
    expect(world.told()).toEqual([['raised', 'passed']])
    await world.reopen()
    await world.recover(2)
    await world.raise(2)
    await world.clock.advance(60_000)
    expect(world.told()).toEqual([['raised', 'passed'], ['recovered']])
  })

  it('does not wait for a server that hangs, and no channel waits for another', async () => {
    const hang = Promise.withResolvers<EngineAnswer>()
    await world.channels.save(null, hook({ name: 'Dead' }, 'https://dead.lan/'), null)
    await world.channels.save(null, hook(), null)
    world.answer = ({ url }) => (url.hostname === 'dead.lan' ? hang.promise : status(200))
    for (let number = 1; number <= 3; number++) {
      await world.raise(number)
      await world.clock.advance(0)
    }
    expect(world.requests.filter(({ url }) => url.hostname === 'dead.lan')).toHaveLength(1)
    expect(world.requests.filter(({ url }) => url.hostname === 'hooks.lan')).toHaveLength(3)
    hang.resolve(status(200))
  })

  it('holds back what is more than the limit, and says it in one message', async () => {
    await world.channels.save(null, hook({ mostPerHour: 6 }), null)
    for (let number = 1; number <= 40; number++) {
      await world.raise(number)
      await world.clock.advance(0)
    }
    expect(world.requests).toHaveLength(3)
    await world.clock.advance(20 * 60_000)
    expect(world.told().at(-1)).toHaveLength(37)
    expect(world.bodies().at(-1)).toMatchObject({
      heldBack: true,
      title: '37 RED: web-4, web-5, web-6 and 34 more'
    })
  })

  it('waits while the own network is lost, tells the desktop, and goes on at once when it is back', async () => {
    world.answer = () => Promise.reject(new AppError('networkUnreachable', { retryable: true }))
    const id = await world.channels.save(null, hook(), null)
    await world.raise(1)
    await world.clock.advance(120_000)
    world.channels.setNetworkLost(true)
    world.requests = []
    await world.raise(2)
    await world.clock.advance(600_000)
    expect(world.requests).toEqual([])
    expect(world.shown.length).toBeGreaterThan(0)
    world.answer = () => status(200)
    world.channels.setNetworkLost(false)
    await world.clock.advance(0)
    expect(world.told()).toEqual([['raised', 'raised']])
    expect(world.viewOf(id)?.failure).toBeNull()
  })

  it('refuses news that it cannot keep, and takes them when it can', async () => {
    await world.channels.save(null, hook({ gatherMs: 60_000 }), null)
    world.blobsFull = true
    await expect(world.raise(1)).rejects.toMatchObject({ code: 'diskFull' })
    world.blobsFull = false
    await world.raise(1)
    await world.clock.advance(60_000)
    expect(world.told()).toEqual([['raised']])
  })

  it('keeps a storm of news in a few writes, and tells it in one message', async () => {
    await world.channels.save(null, hook({ gatherMs: 1_000 }), null)
    await settle()
    world.writes = 0
    await Promise.all(Array.from({ length: 400 }, (_none, number) => world.raise(number)))
    expect(world.writes).toBeLessThanOrEqual(4)
    await world.clock.advance(1_000)
    expect(world.bodies()).toMatchObject([
      { title: '400 RED: web-0, web-1, web-2 and 397 more', leftOut: 350 }
    ])
  })

  it('says that a part of the receivers was refused, and sends nothing twice', async () => {
    world.sendMail = async () => ({ refused: ['far@example.com'] })
    const id = await world.channels.save(null, draft('Mail', email({ user: null })), null)
    await world.raise(1)
    await world.clock.advance(3_600_000)
    expect(world.mails).toHaveLength(1)
    expect(world.mails[0]?.mail).toMatchObject({
      subject: '[Virthelm] RED: web-1: CPU used 93 % (above 80 % for 5 min)',
      urgent: true
    })
    expect(world.viewOf(id)?.failure).toMatchObject({
      error: { code: 'mailRelayDenied', params: { what: 'far@example.com' } },
      nextTryAtMs: null
    })
  })

  it('tells of a channel that is switched off nothing, neither then nor later', async () => {
    world.answer = () => status(503)
    const id = await world.channels.save(null, hook(), null)
    await world.raise(1)
    await world.clock.advance(0)
    await world.channels.save(id, hook({ enabled: false }), undefined)
    await world.raise(2)
    world.answer = () => status(200)
    world.requests = []
    await world.channels.save(id, hook(), undefined)
    await world.recover(1)
    await world.clock.advance(600_000)
    expect(world.requests).toEqual([])
  })

  it('shows no markup of others on the desktop', async () => {
    await world.raise(1, TO_ALL, alertOf(1, { serverName: '<a href="x">&lt;' }))
    await world.clock.advance(60_000)
    expect(`${world.shown[0]?.title ?? ''}${world.shown[0]?.body ?? ''}`).not.toMatch(/[<>&]/)
    expect(world.shown).toHaveLength(1)
  })
})

describe('a test', () => {
  it('is sent at once, of a draft too, past limit and queue, and is no alert', async () => {
    const { signal } = new AbortController()
    const durationMs = await world.channels.test(
      { channelId: null, draft: hook({ enabled: false }), secret: 'k' },
      signal
    )
    expect(durationMs).toBe(0)
    expect(world.bodies()).toMatchObject([
      { kind: 'test', title: 'Test from Virthelm', alerts: [], level: null }
    ])
    await world.channels.test(
      { channelId: DESKTOP_CHANNEL, draft: draft('Desktop', { kind: 'desktop' }), secret: undefined },
      signal
    )
    expect(world.shown).toMatchObject([{ title: 'Test from Virthelm', urgent: false }])
    expect(world.channels.view()).toHaveLength(1)
  })
})

describe('mail that is no alert', () => {
  it('goes by any channel of kind e-mail, at once, and says what went wrong', async () => {
    const { signal } = new AbortController()
    const hookId = await world.channels.save(null, hook(), null)
    const id = await world.channels.save(null, draft('Mail', email(), { enabled: false }), CANARY)
    const { mailer } = world.opened
    expect(await mailer.mailboxes()).toEqual([{ id, name: 'Mail' }])
    const attachments = [{ name: 'a.html', type: 'text/html', bytes: new Uint8Array(3) }]
    await mailer.send(id, { subject: 'Week\r\nBcc: x@y', text: 'See there', attachments }, signal)
    expect(world.mails).toMatchObject([
      { password: CANARY, mail: { subject: 'Week‹U+000D›‹U+000A›Bcc: x@y', attachments, urgent: false } }
    ])
    world.sendMail = () => Promise.reject(new AppError('notifyRefused', { params: { text: `no ${CANARY}` } }))
    const refused: unknown = await mailer
      .send(id, { subject: 's', text: 't' }, signal)
      .catch((cause: unknown) => cause)
    expect(refused).toMatchObject({ code: 'notifyRefused', params: { text: '' } })
    await expect(mailer.send(hookId, { subject: 's', text: 't' }, signal)).rejects.toMatchObject({
      code: 'notFound'
    })
  })
})
