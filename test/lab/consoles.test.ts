/** Consoles through the whole engine: real ssh, real QEMU displays, real serial lines, on one login. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { VmUuid } from '#contract/ids.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { actOnMachine } from '../../src-main/application/machines/act.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { RfbReader } from '../fakes/rfb-reader.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'
import { answering, openConsoles, type OpenConsoles } from './open-consoles.ts'

const missing = lab.whyNoLab()
const INTERVAL_MS = 5_000

describe.skipIf(missing !== null)(`consoles${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let consoles: OpenConsoles

  beforeAll(async () => {
    // As systemd makes it on every real server: QEMU's lines are locked there.
    for (const name of ['lab1', 'lab2']) await lab.inServer(name, ['mkdir', '-p', '/run/lock'])
  })

  beforeEach(() => {
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), INTERVAL_MS)
    consoles = openConsoles(console_)
  })

  afterEach(async () => {
    consoles.close()
    await console_.close()
    await lab.restoreLab()
  })

  const journalDeps = () => ({
    journal: console_.storage.asStorage().journal,
    clock: systemClock,
    onJournal: () => undefined
  })

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

  const vnc: OpenConsoles['vnc'] = (...which) => consoles.vnc(...which)
  const serial: OpenConsoles['serial'] = (...which) => consoles.serial(...which)
  const terminal: OpenConsoles['terminal'] = (...which) => consoles.terminal(...which)
  const picture: OpenConsoles['picture'] = (...which) => consoles.picture(...which)
  const act = (server: ServerRuntime, guest: lab.LabGuest, action: MachineAction) =>
    actOnMachine(
      { runtime: server, vmUuid: guest.uuid as VmUuid, action, seenName: guest.name },
      journalDeps(),
      AbortSignal.timeout(30_000)
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

    await answering(line, 'hello from the window')
    await shell.type('stty size; echo on-$(hostname)-$TERM\n')
    await lab.eventually('the shell answers', () => /on-[\w.-]+-xterm-256color/.test(shell.text()))
    expect(shell.text()).toContain('30 100')

    lab.restoreGuest('lab1', guest.uuid)
    for (let turn = 0; turn < 5; turn++) {
      expect(await act(server, guest, 'pause')).toBe('done')
      expect(await act(server, guest, 'resume')).toBe('done')
    }
    expect(lab.loginCount('lab1', 'op')).toBe(logins + 1)
    const rows = console_.storage.journal.map(({ action, command, outcome }) => ({
      action,
      command,
      outcome
    }))
    expect(rows).toContainEqual({
      action: 'machine.serial',
      command: `virsh -c qemu:///system console ${guest.uuid} --safe`,
      outcome: 'pending'
    })
    shell.close()
    await lab.eventually('its row is closed', () =>
      console_.storage.journal.some(({ action, outcome }) => action === 'terminal' && outcome === 'done')
    )
    expect(JSON.stringify(console_.storage.journal)).not.toContain('hello from the window')
  })

  it('leaves no process on the server when the consoles are closed', async () => {
    const server = await connected('lab1')
    const guest = lab.labGuest('lab1', '$(id)')
    const mine = () =>
      lab.processesOf('lab1', (line) => line.startsWith('virsh') && line.includes(`console ${guest.uuid}`))
    const line = serial(server, guest)
    const shell = terminal(server)
    await shell.type('sleep 4321\n')
    const sleeps = () => lab.processesOf('lab1', (text) => text.includes('sleep 4321')).length
    await lab.eventually('both run', () => mine().length === 1 && sleeps() === 1)
    line.close()
    shell.close()
    const goneMs = await lab.eventually('both are gone', () => mine().length === 0 && sleeps() === 0, 5_000)
    console.log(`virsh and the shell's child gone ${goneMs.toFixed(0)} ms after closing`)
  })

  it('stays through a reboot of the guest, and comes back after it was off', async () => {
    const server = await connected('lab2')
    const guest = lab.labGuest('lab2', 'web')
    lab.restoreGuest('lab2', guest.uuid)
    const line = serial(server, guest)
    await answering(line, 'before')
    const display = vnc(server, guest)
    const screen = new RfbReader(display)
    await screen.frame()
    await act(server, guest, 'reboot')
    await lab.eventually('the guest boots again', () => line.text().includes('lab guest ready'), 90_000)
    expect((await screen.frame()).lit).toBeGreaterThan(500)

    await act(server, guest, 'forceOff')
    await display.over
    await line.over
    await expect(vnc(server, guest).over).rejects.toMatchObject({ code: 'vmActionNotPossible' })
    await expect(serial(server, guest).over).rejects.toMatchObject({ code: 'vmActionNotPossible' })
    await act(server, guest, 'start')
    const again = new RfbReader(vnc(server, guest))
    expect((await again.frame()).widthPx).toBeGreaterThanOrEqual(640)
    const lineAgain = serial(server, guest)
    await lab.eventually('its words come', () => lineAgain.text().includes('lab guest ready'), 90_000)
  })

  it('says who holds a serial line, and takes it over when it is told to', async () => {
    const server = await connected('lab1')
    const guest = lab.labGuest('lab1', '-H')
    const first = serial(server, guest)
    await answering(first, 'first')
    await expect(serial(server, guest).over).rejects.toMatchObject({ code: 'serialInUse' })
    const second = serial(server, guest, true)
    await first.over
    await answering(second, 'second')
  })

  it('takes three terminals beside everything else, and says why there is no fourth', async () => {
    const server = await connected('lab1')
    const shells = [terminal(server), terminal(server), terminal(server)]
    await Promise.all(shells.map((shell) => shell.type('echo up-$((40+2))\n')))
    for (const shell of shells) await lab.eventually('it answers', () => shell.text().includes('up-42'))
    await expect(terminal(server).over).rejects.toMatchObject({ code: 'tooManyTerminals' })
    const guest = lab.labGuest('lab1', '$(id)')
    expect(await act(server, guest, 'pause')).toBe('done')
    expect(await act(server, guest, 'resume')).toBe('done')
    const ticks = console_.storage.ticks.length
    await lab.eventually('sampling goes on', () => console_.storage.ticks.length >= ticks + 2, 15_000)
    shells[0]?.close()
    await lab.eventually('a place is free', async () => {
      const next = terminal(server)
      await next.type('echo again-$((1+1))\n').catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 300))
      return next.text().includes('again-2')
    })
  })

  it('only looks where the server is set to look only', async () => {
    const server = await connected('lab1')
    const guest = lab.labGuest('lab1', '$(id)')
    await console_.directory.edit(server.record.id, { ...server.record, lookOnly: true }, undefined)
    await expect(serial(server, guest).over).rejects.toMatchObject({ code: 'refused' })
    await expect(terminal(server).over).rejects.toMatchObject({ code: 'refused' })
    await expect(picture(server, guest)).rejects.toMatchObject({ code: 'refused' })
    const display = vnc(server, guest)
    const screen = new RfbReader(display)
    expect((await screen.frame()).lit).toBeGreaterThan(500)
    // Ctrl+Alt+Del would reboot it; dropped, and the display goes on.
    const key = (down: number, keysym: number) =>
      Buffer.from([4, down, 0, 0, 0, 0, keysym >> 8, keysym & 255])
    for (const keysym of [0xffe3, 0xffe9, 0xffff]) await display.write(key(1, keysym))
    expect((await screen.frame()).lit).toBeGreaterThan(500)
    expect(console_.storage.journal).toEqual([])
  })

  it('takes pictures of screens, but never of a VM that hangs', async () => {
    const server = await connected('lab1')
    const guest = lab.labGuest('lab1', '$(id)')
    const startedMs = performance.now()
    const shown = await picture(server, guest)
    const rgb = Buffer.from(shown.rgbBase64, 'base64')
    console.log(
      `picture ${shown.widthPx}x${shown.heightPx} in ${(performance.now() - startedMs).toFixed(0)} ms`
    )
    expect(rgb.length).toBe(shown.widthPx * shown.heightPx * 3)
    expect(rgb.some((colour) => colour > 60)).toBe(true)
    const off = lab.labGuest('lab1', `;reboot "o'clock"`)
    await expect(picture(server, off)).rejects.toMatchObject({ code: 'vmActionNotPossible' })
    const hung = lab.labGuest('lab1', '<b>x')
    lab.stopGuest('lab1', hung.uuid)
    await lab.eventually(
      'it is marked',
      () => server.machines.view(hung.uuid as VmUuid)?.notRespondingSinceAtMs !== null,
      20_000
    )
    await expect(picture(server, hung)).rejects.toMatchObject({ code: 'vmNotResponding' })
  })

  /** A machine without a system, on lab2, with such a display; created anew each time. */
  async function displayMaker() {
    const uuid = '77000000-c0c0-4000-8000-000000000001'
    const destroy = () => lab.inServer('lab2', ['virsh', '-q', 'destroy', uuid], { check: false })
    lab.onRestore(async () => void (await destroy()))
    const server = await connected('lab2', 'root')
    const run = (script: string, input: string) => lab.inServer('lab2', ['bash', '-c', script], { input })
    return {
      server,
      guest: { uuid },
      async make(graphics: string): Promise<void> {
        await destroy()
        const xml = `<domain type='qemu'><name>consoles-display</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory>
        <vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
        <devices>${graphics}<video><model type='vga'/></video></devices></domain>`
        await run('cat | virsh -q create /dev/stdin', xml)
      },
      /** Of the running machine: another password, or one that is no longer valid. */
      change: (graphics: string) => run(`cat | virsh -q update-device ${uuid} /dev/stdin --live`, graphics)
    }
  }

  it('reaches a display on a Unix socket, and says when there is none', async () => {
    const { server, guest, make } = await displayMaker()
    await make(`<graphics type='vnc'><listen type='socket'/></graphics>`)
    const screen = new RfbReader(vnc(server, guest))
    await lab.eventually('its firmware is seen', async () => (await screen.frame()).lit > 200, 30_000)
    await expect(serial(server, guest).over).rejects.toMatchObject({ code: 'serialMissing' })
    await make('')
    await expect(vnc(server, guest).over).rejects.toMatchObject({ code: 'displayMissing' })
  })

  it('shows a display with a password to who has it, and to nobody when it is wrong or has expired', async () => {
    const { server, guest, make, change } = await displayMaker()
    const graphics = (more: string): string =>
      `<graphics type='vnc' autoport='yes' listen='127.0.0.1' ${more}/>`
    const litBy = async (password: string | null): Promise<number> =>
      (await new RfbReader(vnc(server, guest), password).frame()).lit
    await make(graphics(`passwd='geheim'`))
    await expect(litBy(null)).rejects.toThrow('asks for a password')
    await expect(litBy('falsch')).rejects.toThrow('refused: Authentication failed')
    await lab.eventually('its firmware is seen', async () => (await litBy('geheim')) > 200, 30_000)

    await change(graphics(`passwd='anders'`))
    await expect(litBy('geheim')).rejects.toThrow('refused: Authentication failed')
    expect(await litBy('anders')).toBeGreaterThan(200)

    await change(graphics(`passwd='anders' passwdValidTo='2020-01-01T00:00:00'`))
    await expect(litBy('anders')).rejects.toThrow('refused: Authentication failed')
    expect(JSON.stringify(console_.storage.journal)).not.toMatch(/geheim|falsch|anders/)
  })

  it('says that sshd forbids the way to a display', async () => {
    await lab.setSshdOptions('lab1', ['AllowTcpForwarding no'])
    const server = await connected('lab1')
    const guest = lab.labGuest('lab1', '$(id)')
    await expect(vnc(server, guest).over).rejects.toMatchObject({ code: 'forwardFailed' })
  })

  it('holds a flood back instead of keeping it', async () => {
    const server = await connected('lab1')
    const flood = terminal(server, { collect: false })
    await flood.type('yes this-is-a-flood | pv -q 2>/dev/null || yes this-is-a-flood\n')
    await flood.bytes.next()
    const before = process.memoryUsage()
    await systemClock.sleep(3_000, AbortSignal.timeout(10_000))
    const grownMiB = (process.memoryUsage().rss - before.rss) / 2 ** 20
    console.log(`resident memory grew by ${grownMiB.toFixed(1)} MiB while nobody read for 3 s`)
    expect(grownMiB).toBeLessThan(30)
    const ticks = console_.storage.ticks.length
    await lab.eventually('sampling goes on', () => console_.storage.ticks.length > ticks, 15_000)
  })
})
