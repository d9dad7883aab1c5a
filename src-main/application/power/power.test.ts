import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { describe, expect, it } from 'vitest'
import { draftOf, type FakeWorld } from '../../../test/fakes/directory.ts'
import { PORTS_WORLD_MAC as MAC, portsWorld as world } from '../../../test/fakes/ports-world.ts'

const never = new AbortController().signal
const context = { signal: never }
const quiet = { signal: never, progress: () => undefined }

const run = async <T>(fake: FakeWorld, work: Promise<T>, ms: number): Promise<T> => {
  const [result] = await Promise.all([work, fake.clock.advance(ms)])
  return result
}

describe('waking a server', () => {
  it('sends again, waits until it is connected, and keeps a journal', async () => {
    const { fake, serverId, handlers, magic, directory, close } = await world()
    fake.connector.script = [new AppError('connectTimeout')]
    fake.connector.connections.at(-1)?.die(new AppError('linkFrozen'))
    await fake.clock.advance(2_000)
    const waking = handlers['switching.wake']({ serverId, seenName: 'alpha' }, quiet)
    await fake.clock.advance(30_000)
    fake.connector.script = ['ok']
    const result = await run(fake, waking, 20_000)
    expect(result.outcome).toBe('online')
    expect(magic.length).toBe(3)
    expect(magic[0]).toMatchObject({
      mac: MAC,
      broadcasts: ['192.0.2.255', '255.255.255.255'],
      ports: [9, 7]
    })
    expect(fake.storage.journal.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(
      magic.map(() => 'server.wake done')
    )
    expect(directory.get(serverId).state.kind).toBe('online')
    await close()
  })

  it('gives up after 120 s', async () => {
    const { fake, serverId, handlers, close } = await world()
    fake.connector.script = [new AppError('connectTimeout')]
    fake.connector.connections.at(-1)?.die(new AppError('linkFrozen'))
    await fake.clock.advance(2_000)
    const result = await run(
      fake,
      handlers['switching.wake']({ serverId, seenName: 'alpha' }, quiet),
      130_000
    )
    expect(result.outcome).toBe('noAnswer')
    expect(result.afterMs).toBeGreaterThanOrEqual(120_000)
    await close()
  })

  it('says plainly when the server in between has nothing to send with, or is away', async () => {
    const { fake, directory, serverId, handlers, close } = await world()
    const via = await directory.add(draftOf('relay'), undefined)
    await fake.clock.advance(1_000)
    const settings = { mac: null, broadcast: null, port: null, via }
    await handlers['switching.setWake']({ serverId, settings }, context)
    const wake = (): Promise<unknown> => handlers['switching.wake']({ serverId, seenName: 'alpha' }, quiet)
    await expect(wake()).rejects.toMatchObject({ code: 'wakeNotSent', params: { reason: 'noTool' } })
    await directory.remove(via, false)
    await expect(wake()).rejects.toMatchObject({ code: 'refused', params: { what: 'wakeVia' } })
    await close()
  })
})

describe('switching a server off', () => {
  const act = (
    handlers: Awaited<ReturnType<typeof world>>['handlers'],
    serverId: ServerId,
    action: 'shutDown' | 'reboot'
  ) =>
    handlers['switching.act'](
      { serverId, action, typedName: 'alpha', seenCommand: 'systemctl poweroff' },
      quiet
    )

  it('is done when the link goes, and its silence is expected then, also after a restart of the console', async () => {
    const { fake, serverId, handlers, played, directory, close } = await world()
    played.sent = { kind: 'linkGone' }
    played.onPower = () => {
      fake.connector.script = [new AppError('connectTimeout')]
      fake.connector.connections.at(-1)?.die(new AppError('connectionClosed'))
    }
    const result = await run(fake, act(handlers, serverId, 'shutDown'), 60_000)
    expect(result.outcome).toBe('off')
    expect(fake.storage.journal).toMatchObject([
      { action: 'server.shutDown', command: 'systemctl poweroff', outcome: 'done' }
    ])
    expect(directory.get(serverId).view()).toMatchObject({
      presence: 'OFF',
      expectedOff: { action: 'shutDown' }
    })
    const again = await fake.reopen(directory)
    expect(again.get(serverId).view().expectedOff?.action).toBe('shutDown')
    fake.connector.script = ['ok']
    await fake.clock.advance(400_000)
    expect(again.get(serverId).view().expectedOff).toBeNull()
    await again.close()
    await close()
  })

  it('is followed until a reboot is over', async () => {
    const { fake, serverId, handlers, played, close } = await world()
    played.onPower = () => {
      fake.connector.script = [new AppError('connectTimeout')]
      fake.connector.connections.at(-1)?.die(new AppError('connectionClosed'))
    }
    const acting = act(handlers, serverId, 'reboot')
    await fake.clock.advance(40_000)
    fake.bootedAtMs = fake.clock.nowMs() - 5_000
    fake.connector.script = ['ok']
    expect((await run(fake, acting, 30_000)).outcome).toBe('back')
    await close()
  })

  it('has an unknown end when the link went before the server had the command', async () => {
    const { serverId, handlers, played, fake, directory, close } = await world()
    played.sent = { kind: 'lost' }
    await expect(act(handlers, serverId, 'shutDown')).rejects.toMatchObject({ code: 'disconnected' })
    expect(fake.storage.journal).toMatchObject([{ outcome: 'unknown' }])
    expect(directory.get(serverId).view().expectedOff).toBeNull()
    await close()
  })

  it('does not happen when the command is another one by now', async () => {
    const { serverId, handlers, played, fake, close } = await world()
    played.command = 'shutdown -h now'
    await expect(act(handlers, serverId, 'shutDown')).rejects.toMatchObject({ code: 'planChanged' })
    expect(fake.storage.journal).toEqual([])
    await close()
  })
})
