/** Consoles through the whole engine: real ssh, real QEMU displays, real serial lines, on one login. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ByteChannel } from '#contract/byte-channel.ts'
import { TerminalId } from '#contract/consoles.ts'
import type { VmUuid } from '#contract/ids.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { consoleHandlers } from '../../src-main/application/consoles/console-handlers.ts'
import { actOnMachine } from '../../src-main/application/machines/act.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { RfbReader } from '../fakes/rfb-reader.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const INTERVAL_MS = 5_000

/** The window's end of a channel: what came, as text, and a way to type. */
interface Opened {
  text(): string
  readonly bytes: AsyncIterator<Uint8Array>
  type(text: string): Promise<void>
  write(bytes: Uint8Array): Promise<void>
  close(): void
  /** Rejects with what the channel failed with. */
  readonly over: Promise<void>
}

describe.skipIf(missing !== null)(`consoles${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  const open: Opened[] = []

  beforeAll(async () => {
    // As systemd makes it on every real server: QEMU's lines are locked there.
    for (const name of ['lab1', 'lab2']) await lab.inServer(name, ['mkdir', '-p', '/run/lock'])
  })

  beforeEach(() => {
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), INTERVAL_MS)
  })

  afterEach(async () => {
    for (const one of open.splice(0)) one.close()
    await console_.close()
    await lab.restoreLab()
  })

  const journalDeps = () => ({
    journal: console_.storage.asStorage().journal,
    clock: systemClock,
    onJournal: () => undefined
  })
  const handlers = () => consoleHandlers({ directory: console_.directory, ...journalDeps() })

  async function connected(name: string, user = 'op'): Promise<ServerRuntime> {
    const server = await console_.add({ server: name, user })
    const { guests } = lab.labServer(name)
    await lab.eventually(
      'its machines are shown',
      () => server.machines.views().length >= guests.length,
      20_000
    )
    return server
  }

  /** Opens a channel as the rpc would: two ends joined, `collect` reads by itself. */
  function channel(
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
    open.push(opened)
    return opened
  }

  const ref = (server: ServerRuntime, guest: lab.LabGuest) => ({
    serverId: server.record.id,
    vmUuid: guest.uuid as VmUuid
  })
  const serial = (server: ServerRuntime, guest: lab.LabGuest, takeOver = false): Opened =>
    channel(
      (signal, far) => handlers()['consoles.serial']({ ...ref(server, guest), takeOver }, { signal }, far),
      { collect: true }
    )
  const vnc = (server: ServerRuntime, guest: lab.LabGuest): Opened =>
    channel((signal, far) => handlers()['consoles.vnc'](ref(server, guest), { signal }, far), {
      collect: false
    })
  const terminal = (server: ServerRuntime): Opened =>
    channel(
      (signal, far) =>
        handlers()['consoles.terminal'](
          {
            serverId: server.record.id,
            terminalId: TerminalId.parse(randomUUID()),
            columns: 100,
            rows: 30
          },
          { signal },
          far
        ),
      { collect: true }
    )

  it('shows a guest on VNC and serial, and a shell, on one login with ten acts meanwhile', async () => {
    const logins = lab.loginCount('lab1', 'op')
    const server = await connected('lab1')
    const guest = lab.labGuest('lab1', '$(id)')
    const display = vnc(server, guest)
    const line = serial(server, guest)
    const shell = terminal(server)

    const screen = new RfbReader(display)
    const frame = await screen.frame()
    console.log(
      `VNC ${frame.widthPx}x${frame.heightPx}, ${frame.colours} colours, ${frame.lit} pixels not black`
    )
    expect(frame.widthPx).toBeGreaterThanOrEqual(640)
    expect(frame.heightPx).toBeGreaterThanOrEqual(400)
    expect(frame.lit).toBeGreaterThan(500)

    await lab.eventually('the serial line is there', async () => {
      await line.type('say hello from the window\n')
      await new Promise((resolve) => setTimeout(resolve, 200))
      return line.text().includes('said hello from the window')
    })
    await shell.type('stty size; echo on-$(hostname)-$TERM\n')
    await lab.eventually('the shell answers', () => /on-[\w.-]+-xterm-256color/.test(shell.text()))
    expect(shell.text()).toContain('30 100')

    const off = lab.labGuest('lab1', `;reboot "o'clock"`)
    lab.restoreGuest('lab1', off.uuid)
    const act = (action: 'pause' | 'resume') =>
      actOnMachine(
        { runtime: server, vmUuid: guest.uuid as VmUuid, action, seenName: guest.name },
        journalDeps(),
        AbortSignal.timeout(30_000)
      )
    for (let turn = 0; turn < 5; turn++) {
      expect(await act('pause')).toBe('done')
      expect(await act('resume')).toBe('done')
    }
    expect(lab.loginCount('lab1', 'op')).toBe(logins + 1)
  })
})
