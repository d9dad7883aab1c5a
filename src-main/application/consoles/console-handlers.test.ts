import { describe, expect, it } from 'vitest'
import { ByteChannel } from '#contract/byte-channel.ts'
import { TerminalId } from '#contract/consoles.ts'
import { AppError } from '#contract/errors.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { FakeClock, FakeStorage } from '../../../test/fakes/engine-parts.ts'
import type { ByteStream, TerminalRequest } from '../servers/connection.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { consoleHandlers } from './console-handlers.ts'

const serverId = '7b0e4f0a-2f5e-4f0e-9c53-0d8d5d8f1a01' as ServerId
const vmUuid = '77000000-0001-4000-8000-000000000001' as VmUuid
const terminalId = TerminalId.parse('0f5b2a54-4f3c-4b7f-9d0e-0a1b2c3d4e5f')
const vm = { serverId, vmUuid }

/** A stream that says nothing, takes everything, and ends (or fails) when it is told to. */
function playedStream() {
  const over = Promise.withResolvers<AppError | null>()
  const written: Uint8Array[] = []
  const sizes: unknown[] = []
  const stream = {
    incoming: (async function* (): AsyncGenerator<Uint8Array, void> {
      const error = await over.promise
      if (error !== null) throw error
      yield* []
    })(),
    write: async (bytes: Uint8Array) => void written.push(bytes),
    closed: over.promise.then(() => undefined),
    close: () => over.resolve(null),
    resize: (size: unknown) => void sizes.push(size)
  }
  return { stream, written, sizes, end: (error: AppError | null) => over.resolve(error) }
}

function setUp(options: { lookOnly?: boolean; stillRuns?: boolean } = {}) {
  const clock = new FakeClock()
  const storage = new FakeStorage()
  const played = playedStream()
  const requests: TerminalRequest[] = []
  const runtime = {
    record: {
      id: serverId,
      name: 'alpha',
      lookOnly: options.lookOnly ?? false,
      connection: { user: 'op', host: '192.0.2.1', port: 22 }
    },
    machines: { view: () => ({ name: 'web' }) },
    connection: {
      openTerminal: async (request: TerminalRequest) => {
        requests.push(request)
        return played.stream
      }
    },
    session: {
      consoles: {
        displays: async () => ['spice'],
        openSpice: async () => ({
          stream: played.stream as ByteStream,
          shown: 'spice 127.0.0.1:5900',
          stillRuns: async () => options.stillRuns ?? false
        }),
        openVnc: async () => ({ stream: played.stream as ByteStream, shown: 'vnc 127.0.0.1:5900' }),
        serialCommand: (uuid: string) => `virsh console ${uuid} --safe`,
        openSerial: () => Promise.reject(new AppError('serialInUse')),
        picture: async () => ({ widthPx: 1, heightPx: 1, rgb: Uint8Array.of(1, 2, 3) })
      }
    }
  }
  const directory = { get: () => runtime } as unknown as ServerDirectory
  const handlers = consoleHandlers({
    directory,
    journal: storage.asStorage().journal,
    clock,
    onJournal: () => undefined
  })
  const rows = () => storage.journal.map(({ action, command, outcome }) => `${action} ${outcome}: ${command}`)
  return { handlers, played, requests, rows, clock }
}

const channel = (): ByteChannel => new ByteChannel({ send: () => undefined, abandoned: () => undefined })
const context = { signal: new AbortController().signal }
const terminal = { serverId, terminalId, columns: 100, rows: 30 }

describe('consoles', () => {
  it('a terminal is one row from its opening to its end, and takes its size', async () => {
    const { handlers, played, requests, rows } = setUp()
    const window = channel()
    const over = handlers['consoles.terminal'](terminal, context, window)
    window.received(new TextEncoder().encode('secret words'))
    await expect.poll(() => played.written.length).toBe(1)
    expect(rows()).toEqual(['terminal pending: ssh -p 22 op@192.0.2.1'])
    expect(requests).toEqual([{ columns: 100, rows: 30, script: null }])
    await handlers['consoles.resizeTerminal']({ terminalId, columns: 120, rows: 40 }, context)
    expect(played.sizes).toEqual([{ columns: 120, rows: 40 }])
    played.end(null)
    await over
    expect(rows()).toEqual(['terminal done: ssh -p 22 op@192.0.2.1'])
    await handlers['consoles.resizeTerminal']({ terminalId, columns: 80, rows: 24 }, context)
    expect(played.sizes).toHaveLength(1)
  })

  it('a lost link leaves the end of a row unknown; what could not be opened has failed', async () => {
    const lost = setUp()
    const over = lost.handlers['consoles.terminal'](terminal, context, channel())
    lost.played.end(new AppError('disconnected'))
    await expect(over).rejects.toMatchObject({ code: 'disconnected', params: { server: 'alpha' } })
    expect(lost.rows()).toEqual(['terminal unknown: ssh -p 22 op@192.0.2.1'])

    const held = setUp()
    await expect(
      held.handlers['consoles.serial']({ ...vm, takeOver: false }, context, channel())
    ).rejects.toMatchObject({ code: 'serialInUse', params: { vmName: 'web' } })
    expect(held.rows()).toEqual([`machine.serial failed: virsh console ${vmUuid} --safe`])
  })

  it('a look-only server gives its displays without input and nothing else, and no row', async () => {
    const { handlers, played, requests, rows } = setUp({ lookOnly: true })
    const refused = { code: 'refused' }
    await expect(handlers['consoles.terminal'](terminal, context, channel())).rejects.toMatchObject(refused)
    await expect(
      handlers['consoles.serial']({ ...vm, takeOver: true }, context, channel())
    ).rejects.toMatchObject(refused)
    await expect(handlers['consoles.picture'](vm, context)).rejects.toMatchObject(refused)
    expect(requests).toEqual([])

    const window = channel()
    const over = handlers['consoles.vnc'](vm, context, window)
    const hello = new TextEncoder().encode('RFB 003.008\n')
    window.received(Uint8Array.from([...hello, 1, 1]))
    window.received(Uint8Array.of(4, 1, 0, 0, 0, 0, 255, 227))
    window.received(Uint8Array.of(3, 1, 0, 0, 0, 0, 0, 9, 0, 9))
    await expect.poll(() => played.written.length).toBe(2)
    expect(played.written.map((bytes) => bytes[0])).toEqual([hello[0], 3])
    played.end(null)
    await over
    expect(rows()).toEqual([])
  })

  /** A link and a login of such a channel. */
  const spice = (type: number): Uint8Array => {
    const hello = Buffer.alloc(42)
    hello.write('REDQ', 'latin1')
    for (const [at, value] of Object.entries({ 4: 2, 8: 2, 12: 26, 22: 1, 26: 1, 30: 18, 34: 0b1011 }))
      hello.writeUInt32LE(value, Number(at))
    hello.writeUInt8(type, 20)
    const login = Buffer.alloc(132)
    login.writeUInt32LE(1)
    return new Uint8Array(Buffer.concat([hello, login]))
  }

  it('a SPICE session is the row of its main channel', async () => {
    const { handlers, played, rows } = setUp()
    const over = handlers['consoles.spice']({ ...vm, channel: 'inputs' }, context, channel())
    expect(rows()).toEqual([])
    played.end(null)
    await over
    const main = setUp()
    const window = channel()
    const mainOver = main.handlers['consoles.spice']({ ...vm, channel: 'main' }, context, window)
    window.received(spice(1))
    await expect.poll(() => main.played.written.length).toBe(1)
    main.played.end(null)
    await expect.poll(() => main.rows()).toEqual(['machine.spice done: spice 127.0.0.1:5900'])
    await main.clock.advance(1_000)
    await mainOver
  })

  it('a SPICE session that is ended while the VM runs on was taken by somebody else', async () => {
    const { handlers, played, clock } = setUp({ stillRuns: true })
    const over = handlers['consoles.spice']({ ...vm, channel: 'main' }, context, channel())
    const failed = expect(over).rejects.toMatchObject({ code: 'displayTaken' })
    played.end(null)
    await clock.advance(1_000)
    await failed
  })

  it('a channel that is linked as another one is cut off; on a look-only server there are no inputs', async () => {
    const { handlers, played } = setUp()
    const window = channel()
    const over = handlers['consoles.spice']({ ...vm, channel: 'display' }, context, window)
    const failed = expect(over).rejects.toMatchObject({ code: 'protocolViolation' })
    window.received(spice(3))
    await failed
    expect(played.written).toEqual([])
    const lookOnly = setUp({ lookOnly: true })
    await expect(
      lookOnly.handlers['consoles.spice']({ ...vm, channel: 'inputs' }, context, channel())
    ).rejects.toMatchObject({ code: 'refused' })
    expect(await lookOnly.handlers['consoles.displays'](vm, context)).toEqual({ kinds: ['spice'] })
  })

  it('a display with input is a row, and its keys go through', async () => {
    const { handlers, played, rows } = setUp()
    const window = channel()
    const over = handlers['consoles.vnc'](vm, context, window)
    window.received(Uint8Array.of(4, 1, 0, 0, 0, 0, 255, 227))
    await expect.poll(() => played.written.length).toBe(1)
    played.end(null)
    await over
    expect(rows()).toEqual(['machine.vnc done: vnc 127.0.0.1:5900'])
  })
})
