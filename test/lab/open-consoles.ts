/** Consoles of a lab server as a window opens them: over channels whose near end is the test's. */
import { randomUUID } from 'node:crypto'
import { ByteChannel } from '#contract/byte-channel.ts'
import { TerminalId, type SpiceChannelKind } from '#contract/consoles.ts'
import type { VmUuid } from '#contract/ids.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { consoleHandlers } from '../../src-main/application/consoles/console-handlers.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import type { LabConsole } from './console.ts'
import * as lab from './lab.ts'

/** The window's end of a channel: what came, as text, and a way to type. */
export interface Opened {
  text(): string
  readonly bytes: AsyncIterator<Uint8Array>
  type(text: string): Promise<void>
  write(bytes: Uint8Array): Promise<void>
  close(): void
  /** Rejects with what the channel failed with. */
  readonly over: Promise<void>
}

/** Opens a channel as the rpc would: two ends joined, `collect` reads by itself. */
function openChannel(
  start: (signal: AbortSignal, far: ByteChannel) => Promise<void>,
  options: { collect: boolean }
): Opened {
  const life = new AbortController()
  const ends: ByteChannel[] = []
  const make = (other: number): ByteChannel =>
    new ByteChannel({
      send(frame) {
        const end = ends[other]
        if (frame.kind === 'bytes') end?.received(frame.bytes)
        else if (frame.kind === 'credit') end?.granted(frame.bytes)
        else end?.ended()
      },
      abandoned: () => life.abort()
    })
  const near = make(1)
  const far = make(0)
  ends.push(near, far)
  let seen = ''
  const over = start(life.signal, far).then(
    () => near.close(null),
    (error: unknown) => {
      near.close(null)
      throw error
    }
  )
  // Asked for by who waits for its end.
  over.catch(() => undefined)
  const bytes = near.incoming[Symbol.asyncIterator]()
  if (options.collect) {
    void (async () => {
      for (let next = await bytes.next(); next.done !== true; next = await bytes.next())
        seen += Buffer.from(next.value).toString('utf8')
    })().catch(() => undefined)
  }
  const opened: Opened = {
    text: () => seen,
    bytes,
    type: (text) => near.write(Buffer.from(text)),
    write: (data) => near.write(data),
    close() {
      life.abort()
      near.close(null)
      far.close(null)
    },
    over
  }
  return opened
}

/** What a guest is known by. */
type Guest = Pick<lab.LabGuest, 'uuid'>

export interface OpenConsoles {
  /** Nothing of it is read before the test does. */
  vnc(server: ServerRuntime, guest: Guest): Opened
  /** One channel of a SPICE session. Nothing of it is read before the test does. */
  spice(server: ServerRuntime, guest: Guest, channel: SpiceChannelKind): Opened
  serial(server: ServerRuntime, guest: Guest, takeOver?: boolean): Opened
  terminal(server: ServerRuntime, options?: { collect: boolean }): Opened
  displays(server: ServerRuntime, guest: Guest): ReturnType<Handlers['consoles.displays']>
  picture(server: ServerRuntime, guest: Guest): ReturnType<Handlers['consoles.picture']>
  close(): void
}

type Handlers = ReturnType<typeof consoleHandlers>

export function openConsoles({
  directory,
  storage
}: Pick<LabConsole, 'directory' | 'storage'>): OpenConsoles {
  const open: Opened[] = []
  const handlers = consoleHandlers({
    directory,
    journal: storage.asStorage().journal,
    clock: systemClock,
    onJournal: () => undefined
  })
  const channel = (...opening: Parameters<typeof openChannel>): Opened => {
    const opened = openChannel(...opening)
    open.push(opened)
    return opened
  }
  const ref = (server: ServerRuntime, guest: Guest) => ({
    serverId: server.record.id,
    vmUuid: guest.uuid as VmUuid
  })
  return {
    vnc: (server, guest) =>
      channel((signal, far) => handlers['consoles.vnc'](ref(server, guest), { signal }, far), {
        collect: false
      }),
    spice: (server, guest, kind) =>
      channel(
        (signal, far) =>
          handlers['consoles.spice']({ ...ref(server, guest), channel: kind }, { signal }, far),
        { collect: false }
      ),
    serial: (server, guest, takeOver = false) =>
      channel(
        (signal, far) => handlers['consoles.serial']({ ...ref(server, guest), takeOver }, { signal }, far),
        { collect: true }
      ),
    terminal(server, options = { collect: true }) {
      const serverId = server.record.id
      const terminal = { serverId, terminalId: TerminalId.parse(randomUUID()), columns: 100, rows: 30 }
      return channel((signal, far) => handlers['consoles.terminal'](terminal, { signal }, far), options)
    },
    displays: (server, guest) =>
      handlers['consoles.displays'](ref(server, guest), { signal: AbortSignal.timeout(20_000) }),
    picture: (server, guest) =>
      handlers['consoles.picture'](ref(server, guest), { signal: AbortSignal.timeout(20_000) }),
    close() {
      for (const one of open.splice(0)) one.close()
    }
  }
}

/** Types until the guest's own words come back: what is typed before virsh has the line is lost. */
export const answering = (line: Opened, word: string): Promise<number> =>
  lab.eventually('the serial line is there', async () => {
    await line.type(`say ${word}\n`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    return line.text().includes(`said ${word}`)
  })
