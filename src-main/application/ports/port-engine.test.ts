import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { PortPlan } from '#contract/ports.ts'
import { describe, expect, it } from 'vitest'
import { draftOf, FakeWorld } from '../../../test/fakes/directory.ts'
import { settle, silentLog } from '../../../test/fakes/engine-parts.ts'
import { memoryCipher } from '../../platform/memory-cipher.ts'
import { SealedTexts } from '../sealed-texts.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { Telemetry } from '../telemetry/telemetry.ts'
import type { PowerSent, Probed } from './port-access.ts'
import { openPorts } from './port-engine.ts'

const never = new AbortController().signal
const context = { signal: never }
const quiet = { signal: never, progress: () => undefined }
const MAC = '52:54:00:aa:00:01'

/** The engine's part over a server whose ports answer as a test says. */
async function world() {
  const fake = new FakeWorld()
  const states = new Map<number, Probed['state']>()
  const knocked: number[] = []
  const magic: { mac: string; broadcasts: readonly string[] }[] = []
  const played = {
    sent: { kind: 'ended', exitCode: 0, stderr: '' } as PowerSent,
    onPower: (): void => undefined,
    command: 'systemctl poweroff' as string | null
  }
  let directory: ServerDirectory | null = null
  const { blobs, journal } = fake.storage.asStorage()
  const engine = openPorts({
    ports: {
      probe: async (_address, port) => {
        knocked.push(port)
        const state = states.get(port) ?? 'closed'
        return {
          state,
          reason: state === 'open' ? 'synAck' : state === 'closed' ? 'reset' : 'noResponse',
          answerMs: state === 'filtered' ? null : 1
        }
      },
      resolve: async () => ['192.0.2.1'],
      readListening: () => Promise.reject(new AppError('deadlineExceeded')),
      readLan: async () => [
        {
          name: 'eno1',
          mac: MAC,
          address: '192.0.2.1',
          prefix: 24,
          broadcast: '192.0.2.255',
          isDefaultRoute: true,
          wakes: null
        }
      ]
    },
    power: {
      sendMagic: async (target) => {
        magic.push(target)
        return target.broadcasts.length * target.ports.length
      },
      planMagicFrom: () => Promise.reject(new AppError('wakeNotSent', { params: { reason: 'noTool' } })),
      planPower: async () => ({ command: played.command, cause: null, users: null }),
      sendPower: async () => {
        played.onPower()
        return played.sent
      }
    },
    blobs,
    sealed: new SealedTexts({ cipher: memoryCipher(), blobs }),
    journal,
    clock: fake.clock,
    log: silentLog,
    random: () => 1,
    onJournal: () => undefined,
    directory: () => directory as ServerDirectory
  })
  fake.telemetry = new Telemetry([engine.subject])
  directory = fake.open()
  const serverId = await directory.add(draftOf(), undefined)
  await fake.clock.advance(20_000)
  const handlers = engine.handlers()
  const scan = (ports = '22,80'): Promise<unknown> => {
    const done = handlers['ports.scan'](
      { serverId, seenName: 'alpha', ports, origins: ['direct'], inside: 'loopback' },
      quiet
    )
    return Promise.all([done, fake.clock.advance(100)])
  }
  const changes = (): string[] =>
    fake.marks.flatMap(({ event }) =>
      event.kind === 'portChanged' ? [`${event.port} ${event.from} ${event.to}`] : []
    )
  const close = async (): Promise<void> => {
    await (directory as ServerDirectory).close()
    await engine.subject.close?.()
  }
  return { fake, directory, serverId, engine, handlers, states, knocked, magic, played, scan, changes, close }
}

const run = async <T>(fake: FakeWorld, work: Promise<T>, ms: number): Promise<T> => {
  const [result] = await Promise.all([work, fake.clock.advance(ms)])
  return result
}

describe('port scans', () => {
  it('tell a change once, after a second knock at it', async () => {
    const { states, scan, changes, knocked, close } = await world()
    states.set(22, 'open')
    await scan()
    expect(changes()).toEqual([])
    states.set(80, 'open')
    knocked.splice(0)
    await scan()
    expect(knocked.sort()).toEqual([22, 80, 80])
    await scan()
    expect(changes()).toEqual(['80 closed open'])
    await close()
  })

  it('of which all is silent say nothing of the ports', async () => {
    const { states, scan, changes, handlers, serverId, close } = await world()
    states.set(22, 'open')
    await scan()
    states.set(22, 'filtered').set(80, 'filtered')
    await scan()
    const stop = new AbortController()
    for await (const view of handlers['ports.watchScans']({ serverId }, { signal: stop.signal })) {
      expect(view.direct?.problem?.kind).toBe('hostSilent')
      break
    }
    states.set(22, 'open').set(80, 'closed')
    await scan()
    expect(changes()).toEqual([])
    await close()
  })

  it('are made by themselves as the plan says, go into the history, and wait while the server is away', async () => {
    const { fake, engine, handlers, serverId, states, knocked, close } = await world()
    states.set(22, 'open')
    engine.start()
    await fake.clock.advance(60_000)
    expect(knocked).toEqual([])
    const plan = PortPlan.parse({ ports: '22,80', origins: ['direct'], everyHours: 1 })
    await handlers['ports.setPlan']({ serverId, plan }, context)
    await fake.clock.advance(60_000)
    expect(knocked.sort()).toEqual([22, 80])
    const ports = fake.storage.ticks.flatMap(({ entities }) => entities.filter(({ kind }) => kind === 'port'))
    expect(ports).toEqual([
      { kind: 'port', key: 'direct:22', values: { open: 1, answerMs: 1 } },
      { kind: 'port', key: 'direct:80', values: { open: 0, answerMs: 1 } }
    ])
    // An hour and its jitter later; not before.
    await fake.clock.advance(3_600_000)
    expect(knocked).toHaveLength(2)
    await fake.clock.advance(240_000)
    expect(knocked).toHaveLength(4)
    fake.connector.script = [new AppError('connectTimeout')]
    fake.connector.connections.at(-1)?.die(new AppError('linkFrozen'))
    await fake.clock.advance(2 * 3_600_000)
    expect(knocked).toHaveLength(4)
    fake.connector.script = ['ok']
    await fake.clock.advance(600_000)
    expect(knocked).toHaveLength(6)
    await close()
  })

  it('never knock at a server behind a jump host from here', async () => {
    const { fake, directory, handlers, close } = await world()
    const draft = draftOf('beta')
    draft.connection.jumps = [{ host: '192.0.2.9', port: 22, user: 'root' }]
    const serverId: ServerId = await directory.add(draft, undefined)
    await fake.clock.advance(1_000)
    await expect(
      handlers['ports.scan'](
        { serverId, seenName: 'beta', ports: '22', origins: ['direct'], inside: 'loopback' },
        quiet
      )
    ).rejects.toMatchObject({ code: 'refused', params: { what: 'scanThroughJump' } })
    await close()
  })
})

describe('waking a server', () => {
  it('sends again, waits until it is connected, and keeps a journal', async () => {
    const { fake, serverId, handlers, magic, directory, close } = await world()
    fake.connector.script = [new AppError('connectTimeout')]
    fake.connector.connections.at(-1)?.die(new AppError('linkFrozen'))
    await fake.clock.advance(2_000)
    const waking = handlers['power.wake']({ serverId, seenName: 'alpha' }, quiet)
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
    const result = await run(fake, handlers['power.wake']({ serverId, seenName: 'alpha' }, quiet), 130_000)
    expect(result.outcome).toBe('noAnswer')
    expect(result.afterMs).toBeGreaterThanOrEqual(120_000)
    await close()
  })

  it('says plainly when the server in between has nothing to send with, or is away', async () => {
    const { fake, directory, serverId, handlers, close } = await world()
    const via = await directory.add(draftOf('relay'), undefined)
    await fake.clock.advance(1_000)
    const settings = { mac: null, broadcast: null, port: null, via }
    await handlers['power.setWake']({ serverId, settings }, context)
    const wake = (): Promise<unknown> => handlers['power.wake']({ serverId, seenName: 'alpha' }, quiet)
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
    handlers['power.act']({ serverId, action, typedName: 'alpha', seenCommand: 'systemctl poweroff' }, quiet)

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
    await settle()
    await close()
  })
})
