/** SPICE through the whole engine, without a browser: real ssh, QEMU's own SPICE server, the window's own client. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ByteDuplex } from '#contract/define.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import type { Picture } from '../../src-renderer/features/consoles/spice/picture.ts'
import { runSession, type SessionControls } from '../../src-renderer/features/consoles/spice/session.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'
import { openConsoles, type OpenConsoles, type Opened } from './open-consoles.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab2'
const GUEST = { uuid: '77000000-c0c0-4000-8000-000000000002' }
const ON_LOOPBACK = `<graphics type='spice' autoport='yes' listen='127.0.0.1'/>`
const ON_SOCKET = `<graphics type='spice'><listen type='socket'/></graphics>`

const duplexOf = (opened: Opened): ByteDuplex => ({
  incoming: { [Symbol.asyncIterator]: () => opened.bytes },
  write: (bytes) => opened.write(bytes),
  end: () => opened.close()
})

describe.skipIf(missing !== null)(`channels of SPICE${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let consoles: OpenConsoles

  beforeEach(() => {
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), 5_000)
    consoles = openConsoles(console_)
  })

  afterEach(async () => {
    consoles.close()
    await console_.close()
    await lab.restoreLab()
  })

  /** A machine without a system, with such a display; created anew each time. */
  async function make(graphics: string): Promise<void> {
    const destroy = () => lab.inServer(SERVER, ['virsh', '-q', 'destroy', GUEST.uuid], { check: false })
    lab.onRestore(async () => void (await destroy()))
    await destroy()
    const xml = `<domain type='qemu'><name>spice-display</name><uuid>${GUEST.uuid}</uuid><memory unit='MiB'>64</memory>
      <vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
      <devices>${graphics}<video><model type='vga'/></video></devices></domain>`
    await lab.inServer(SERVER, ['bash', '-c', 'cat | virsh -q create /dev/stdin'], { input: xml })
  }

  async function connected(user: string): Promise<ServerRuntime> {
    const server = await console_.add({ server: SERVER, user })
    await lab.eventually('its machines are shown', () => server.machines.views().length >= 2, 20_000)
    return server
  }

  /** A session as the window has it. */
  function session(server: ServerRuntime, options: { viewOnly?: boolean } = {}) {
    const seen = { surface: null as Picture | null, controls: null as SessionControls | null }
    const main = consoles.spice(server, GUEST, 'main')
    const over = runSession({
      open: (kind) => duplexOf(kind === 'main' ? main : consoles.spice(server, GUEST, kind)),
      password: '',
      viewOnly: options.viewOnly ?? false,
      decodeJpeg: () => Promise.reject(new Error('no film is asked for')),
      events: {
        opened: (controls) => (seen.controls = controls),
        shown: (view) => (seen.surface = view?.surface ?? null),
        drawn: () => undefined,
        undrawn: () => undefined,
        shape: () => undefined,
        moved: () => undefined,
        pointerMode: () => undefined,
        agent: () => undefined,
        guestText: () => undefined
      }
    })
    // Asserted on by who waits for its end.
    over.catch(() => undefined)
    const lit = (): number => seen.surface?.pixels.filter((pixel) => (pixel & 0xff) > 90).length ?? 0
    return { main, over, seen, lit }
  }

  it('reaches a display on a Unix socket, and says when there is none', async () => {
    const server = await connected('root')
    await make(ON_SOCKET)
    expect(await consoles.displays(server, GUEST)).toEqual({ kinds: ['spice'] })
    const { lit } = session(server)
    await lab.eventually('its firmware is seen', () => lit() > 200, 30_000)
    await make(`<graphics type='vnc' autoport='yes'/>`)
    expect(await consoles.displays(server, GUEST)).toEqual({ kinds: ['vnc'] })
    await expect(consoles.spice(server, GUEST, 'main').over).rejects.toMatchObject({ code: 'displayMissing' })
  })

  it('is one row of the journal, and tells a machine that ended from a viewer that came', async () => {
    const server = await connected('op')
    const rows = () => console_.storage.journal.filter(({ action }) => action === 'machine.spice')
    await make(ON_LOOPBACK)
    const first = session(server)
    await lab.eventually('its firmware is seen', () => first.lit() > 200, 30_000)
    expect(rows()).toHaveLength(1)
    expect(rows()[0]?.command).toMatch(/^spice 127\.0\.0\.1:\d+$/)

    const second = session(server)
    await expect(first.main.over).rejects.toMatchObject({ code: 'displayTaken' })
    await lab.eventually('the second one is shown', () => second.lit() > 200, 30_000)
    await lab.inServer(SERVER, ['virsh', '-q', 'destroy', GUEST.uuid])
    await second.main.over
    await expect(consoles.spice(server, GUEST, 'main').over).rejects.toMatchObject({ code: 'vmNotFound' })
  })

  it('only looks where the server is set to look only', async () => {
    const server = await connected('op')
    await make(ON_LOOPBACK)
    await console_.directory.edit(server.record.id, { ...server.record, lookOnly: true }, undefined)
    const { lit, seen } = session(server, { viewOnly: true })
    await lab.eventually('its firmware is seen', () => lit() > 200, 30_000)
    await lab.eventually('it is open', () => seen.controls !== null)
    expect(seen.controls?.inputs).toBeNull()
    await expect(consoles.spice(server, GUEST, 'inputs').over).rejects.toMatchObject({ code: 'refused' })
    expect(console_.storage.journal).toEqual([])
  })
})
