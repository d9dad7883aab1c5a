import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import {
  ChannelsWorld,
  draft,
  email,
  hook,
  ntfy,
  sealing,
  status
} from '../../../test/fakes/channels-world.ts'
import { settle } from '../../../test/fakes/engine-parts.ts'
import { DESKTOP_CHANNEL } from './alert-channels.ts'

const CANARY = 'canary-token-7731'
let world: ChannelsWorld
beforeEach(async () => {
  world = new ChannelsWorld()
  await world.open()
})
afterEach(() => world.channels.close())

describe('the list of channels', () => {
  it('has the desktop from the start, once and for ever; it can be changed and switched off', async () => {
    expect(world.channels.view()).toMatchObject([
      { id: DESKTOP_CHANNEL, channel: { target: { kind: 'desktop' }, enabled: true } }
    ])
    await expect(world.channels.remove(DESKTOP_CHANNEL)).rejects.toMatchObject({ code: 'refused' })
    await expect(world.channels.save(null, draft('Two', { kind: 'desktop' }), null)).rejects.toMatchObject({
      code: 'refused'
    })
    await expect(world.channels.save(DESKTOP_CHANNEL, hook(), null)).rejects.toMatchObject({
      code: 'refused'
    })
    await world.channels.save(
      DESKTOP_CHANNEL,
      draft('Screen', { kind: 'desktop' }, { enabled: false }),
      undefined
    )
    await world.reopen()
    expect(world.channels.view()).toMatchObject([{ channel: { name: 'Screen', enabled: false } }])
    await world.raise(1)
    await settle()
    expect(world.shown).toEqual([])
  })

  it('is there again after a restart, with its secrets, and they stand in no blob, view, error and log', async () => {
    const id = await world.channels.save(null, draft('Push', ntfy()), CANARY)
    await world.channels.save(null, draft('Mail', email()), CANARY)
    await world.channels.save(null, hook(), CANARY)
    await world.reopen()
    await world.raise(1)
    await world.clock.advance(0)
    expect(world.requests.map(({ headers }) => headers['authorization'])).toContain(`Bearer ${CANARY}`)
    expect(world.mails).toMatchObject([{ password: CANARY }])
    world.answer = () => ({ ...status(400), body: Buffer.from(`bad token ${CANARY}`) })
    world.sendMail = () =>
      Promise.reject(
        new AppError('notifyLoginRefused', { params: { text: `no ${CANARY}` }, cause: new Error(CANARY) })
      )
    await world.raise(2)
    await world.clock.advance(0)
    expect(world.viewOf(id)?.failure).toMatchObject({ error: { code: 'notifyRefused' } })
    await expect(
      world.channels.test(
        { channelId: id, draft: draft('Push', ntfy()), secret: undefined },
        new AbortController().signal
      )
    ).rejects.toMatchObject({ code: 'notifyRefused' })
    const kept = [...world.blobs.values()].map((blob) => Buffer.from(blob).toString()).join('\n')
    for (const text of [kept, JSON.stringify(world.channels.view()), JSON.stringify(world.logged)])
      expect(text).not.toContain(CANARY)
    expect(world.logged.length).toBeGreaterThan(0)
  })

  it('gives a secret to no other server, no weaker encryption and no other user', async () => {
    const push = await world.channels.save(null, draft('Push', ntfy()), CANARY)
    const mail = await world.channels.save(null, draft('Mail', email()), CANARY)
    expect(world.channels.view().map(({ secretKept }) => secretKept)).toEqual([false, true, true])
    await world.channels.save(push, draft('Push', ntfy('https://evil.example')), undefined)
    expect(world.viewOf(push)?.secretKept).toBe(false)
    const other = [{ host: 'evil.lan' }, { port: 25 }, { security: 'tls' as const }, { user: 'you' }]
    for (const more of other) {
      await world.channels.save(mail, draft('Mail', email(more)), undefined)
      expect(world.viewOf(mail)?.secretKept).toBe(false)
      const test = world.channels.test(
        { channelId: mail, draft: draft('Mail', email(more)), secret: undefined },
        new AbortController().signal
      )
      await expect(test).rejects.toMatchObject({ code: 'passwordNeeded' })
    }
    await world.raise(1)
    await world.clock.advance(0)
    expect(world.requests[0]?.headers['authorization']).toBeUndefined()
    expect(world.mails).toEqual([])
    expect(world.viewOf(mail)?.failure?.error.code).toBe('passwordNeeded')
    await world.channels.save(mail, draft('Mail', email()), undefined)
    await world.clock.advance(0)
    expect(world.mails).toMatchObject([{ password: CANARY }])
    const plain = draft('Mail', email({ security: 'none' }))
    await world.channels.test({ channelId: mail, draft: plain, secret: CANARY }, new AbortController().signal)
    expect(world.mails.at(-1)?.password).toBeUndefined()
    await world.channels.save(mail, draft('Mail', email()), null)
    expect(world.viewOf(mail)?.secretKept).toBe(false)
  })

  it('keeps secrets in memory only where nothing can keep them', async () => {
    world.cipher = { ...sealing, canKeep: false, encrypt: () => Promise.reject(new Error('cannot')) }
    await world.reopen()
    const id = await world.channels.save(null, draft('Push', ntfy()), CANARY)
    expect(world.viewOf(id)?.secretKept).toBe(true)
    await world.reopen()
    expect(world.viewOf(id)?.secretKept).toBe(false)
  })

  it('refuses a name that is taken, one too many, and a login in an address', async () => {
    await world.channels.save(null, hook(), null)
    const again = world.channels.save(null, { ...hook(), name: 'HOOK' }, null)
    await expect(again).rejects.toMatchObject({ code: 'conflict', params: { name: 'HOOK' } })
    const login = world.channels.save(null, hook({ name: 'Login' }, 'https://me:pw@hooks.lan/'), null)
    await expect(login).rejects.toMatchObject({ code: 'refused', params: { what: 'loginInAddress' } })
    for (let number = 3; number <= 32; number++)
      await world.channels.save(null, hook({ name: `Hook ${String(number)}` }), null)
    await expect(world.channels.save(null, hook({ name: 'More' }), null)).rejects.toMatchObject({
      params: { what: 'tooManyChannels' }
    })
  })

  it('forgets a channel with its secret and what waits', async () => {
    world.answer = () => status(503)
    const id = await world.channels.save(null, hook(), CANARY)
    await world.raise(1)
    await world.clock.advance(0)
    expect([...world.blobs.keys()].filter((name) => name.endsWith(id))).toHaveLength(2)
    await world.channels.remove(id)
    expect([...world.blobs.keys()].filter((name) => name.endsWith(id))).toEqual([])
    await expect(world.channels.remove(id)).rejects.toMatchObject({ code: 'notFound' })
  })

  it('takes up a list that was written past it: new ones tell, changed ones as they are now, gone ones no more', async () => {
    const gone = await world.channels.save(null, draft('Push', ntfy()), CANARY)
    const stays = await world.channels.save(null, hook({ enabled: false }), null)
    const added = '00000000-0000-4000-8000-0000000000aa'
    const channels = [
      { channelId: stays, draft: hook({}, 'https://hooks.lan/b') },
      { channelId: added, draft: draft('Other', { kind: 'webhook', url: 'https://hooks.lan/c' }) }
    ]
    await world.channels.reloadAfter(async () => {
      world.blobs.set('alert-channels', new TextEncoder().encode(JSON.stringify({ channels })))
    })
    expect(world.channels.view().map(({ channel }) => channel.name)).toEqual(['Desktop', 'Hook', 'Other'])
    await world.raise(1)
    await world.clock.advance(0)
    expect(world.requests.map(({ url }) => String(url)).toSorted()).toEqual([
      'https://hooks.lan/b',
      'https://hooks.lan/c'
    ])
    expect([...world.blobs.keys()].filter((name) => name.endsWith(gone))).toEqual([])
    await expect(
      world.channels.reloadAfter(() => Promise.reject(new AppError('diskFull')))
    ).rejects.toMatchObject({ code: 'diskFull' })
    expect(world.channels.view()).toHaveLength(3)
  })

  it('starts with what it can read: a damaged list, secret and outbox cost only themselves', async () => {
    const id = await world.channels.save(null, draft('Push', ntfy()), CANARY)
    await world.channels.close()
    const odd = new TextEncoder().encode('{"of":"tomorrow"}')
    world.blobs.set(`alert-channel-secret:${id}`, odd)
    world.blobs.set(`alert-channel-outbox:${id}`, odd)
    await world.open()
    expect(world.viewOf(id)).toMatchObject({ secretKept: false, waiting: 0 })
    await world.channels.close()
    world.blobs.set('alert-channels', odd)
    await world.open()
    expect(world.channels.view()).toHaveLength(1)
    expect(world.blobs.get('alert-channels')).toEqual(odd)
  })
})
