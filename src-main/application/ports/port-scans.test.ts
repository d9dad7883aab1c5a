import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { PortPlan } from '#contract/ports.ts'
import { describe, expect, it } from 'vitest'
import { draftOf } from '../../../test/fakes/directory.ts'
import { portsWorld as world } from '../../../test/fakes/ports-world.ts'

const never = new AbortController().signal
const context = { signal: never }
const quiet = { signal: never, progress: () => undefined }

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

  it('that are stopped leave nothing behind', async () => {
    const { states, handlers, serverId, fake, scan, changes, close } = await world()
    await scan()
    states.set(22, 'open')
    const stop = new AbortController()
    const done = handlers['ports.scan'](
      { serverId, seenName: 'alpha', ports: '1-2000', origins: ['direct'], inside: 'loopback' },
      { signal: stop.signal, progress: () => stop.abort() }
    )
    const ended = expect(done).rejects.toMatchObject({ code: 'cancelled' })
    await fake.clock.advance(60_000)
    await ended
    expect(changes()).toEqual([])
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
