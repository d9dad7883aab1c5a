/** One connection carries all at once: samples, telemetry, an upload, three consoles and acts, and nothing short waits behind what lasts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { VmUuid } from '#contract/ids.ts'
import { PoolUuid } from '#contract/storage.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { actOnMachine } from '../../src-main/application/machines/act.ts'
import type { TelemetryLane } from '../../src-main/application/telemetry/lane.ts'
import { Telemetry } from '../../src-main/application/telemetry/telemetry.ts'
import { RfbReader } from '../fakes/rfb-reader.ts'
import { defineBareGuests, type BareGuest } from './bare-guests.ts'
import * as lab from './lab.ts'
import { answering, openConsoles, type OpenConsoles } from './open-consoles.ts'
import { makePool, virshOf } from './own-guests.ts'
import { openStoreConsole, sha256, type StoreConsole } from './store-console.ts'

const missing = lab.whyNoLab()
const SERVER = 'lab1'
const POOL = 'one-login'
const PIECE_BYTES = 64 * 1024
const FILE_BYTES = 4 * 1024 * 1024

/** A file whose second half is not to be had before the gate opens: so an upload lasts as long as the test wants. */
class GatedFile extends Blob {
  readonly gate: Promise<void>

  constructor(bytes: Uint8Array<ArrayBuffer>, gate: Promise<void>) {
    super([bytes])
    this.gate = gate
  }

  override slice(from = 0, to = this.size): Blob {
    const part = super.slice(from, to)
    if (from < this.size / 2) return part
    return Object.assign(part, {
      arrayBuffer: () => this.gate.then(() => Blob.prototype.arrayBuffer.call(part))
    })
  }
}

/** Holds the channel of the telemetry scripts open, as the console's own lanes do. */
function countingLane(): { readonly lane: TelemetryLane; readonly readings: () => number } {
  let readings = 0
  const lane: TelemetryLane = {
    id: 'test',
    everyMs: () => 1_000,
    open: ({ tools }) => ({
      async read(signal) {
        await tools.run('echo here', { signal, deadlineMs: 5_000 })
        readings++
        return { entities: [], capabilities: [] }
      },
      close: () => undefined
    }),
    capabilitiesOf: () => []
  }
  return { lane, readings: () => readings }
}

describe.skipIf(missing !== null)(`one login for all${missing === null ? '' : ` (${missing})`}`, () => {
  let stores: StoreConsole
  let consoles: OpenConsoles
  let poolUuid: PoolUuid
  let bare: BareGuest[]
  let loginsBefore: number
  const telemetry = countingLane()
  const gate = { open: () => undefined as void }

  beforeEach(async () => {
    loginsBefore = lab.loginCount(SERVER, 'op')
    await lab.inServer(SERVER, ['mkdir', '-p', '/run/lock'])
    await makePool(SERVER, POOL)
    poolUuid = PoolUuid.parse((await virshOf(SERVER, 'pool-uuid', POOL)).trim())
    bare = await defineBareGuests(SERVER, 10)
    stores = await openStoreConsole(SERVER, 'op', new Telemetry([{ lanes: [telemetry.lane] }]))
    consoles = openConsoles(stores.console)
    await stores.reload()
    await lab.eventually('the new machines are shown', () => bare.every(({ uuid }) => isShown(uuid)), 20_000)
    await lab.eventually('telemetry runs', () => telemetry.readings() > 0, 20_000)
  })

  afterEach(async () => {
    gate.open()
    consoles.close()
    await stores.close()
    await lab.restoreLab()
  })

  const isShown = (uuid: string): boolean => stores.server.machines.view(uuid as VmUuid) !== null

  const act = async (
    guest: BareGuest,
    action: MachineAction
  ): Promise<{ outcome: string; tookMs: number }> => {
    const startedMs = performance.now()
    const outcome = await actOnMachine(
      { runtime: stores.server, vmUuid: guest.uuid as VmUuid, action, seenName: guest.name },
      { journal: stores.console.storage.asStorage().journal, clock: systemClock, onJournal: () => undefined },
      AbortSignal.timeout(60_000)
    )
    return { outcome, tookMs: performance.now() - startedMs }
  }

  /** Begins an upload and waits until it stands before its gate. */
  async function gatedUpload(name: string) {
    const gated = Promise.withResolvers<void>()
    const opened = gate.open
    gate.open = () => (opened(), gated.resolve())
    const bytes = crypto.getRandomValues(new Uint8Array(PIECE_BYTES))
    const whole = new Uint8Array(FILE_BYTES)
    for (let at = 0; at < FILE_BYTES; at += PIECE_BYTES) whole.set(bytes, at)
    const state = { sentBytes: 0 as number | null, isOver: false }
    const result = stores
      .upload(new GatedFile(whole, gated.promise), poolUuid, name, {
        onProgress: ({ doneBytes }) => (state.sentBytes = doneBytes)
      })
      .finally(() => (state.isOver = true))
    result.catch(() => undefined)
    await lab.eventually(`${name} is on its way`, () => (state.sentBytes ?? 0) > 0, 20_000)
    return { result, state, hash: sha256(whole) }
  }

  it('has an upload, VNC, serial line and terminal open, and does ten acts at the same time', async () => {
    const upload = await gatedUpload('big.img')
    const guest = lab.labGuest(SERVER, '$(id)')
    const screen = new RfbReader(consoles.vnc(stores.server, guest))
    expect((await screen.frame()).lit).toBeGreaterThan(500)
    const line = consoles.serial(stores.server, guest)
    await answering(line, 'one')
    const shell = consoles.terminal(stores.server)
    await shell.type('echo up-$((40+2))\n')
    await lab.eventually('the shell answers', () => shell.text().includes('up-42'))
    const ticks = stores.console.storage.ticks.length
    const readings = telemetry.readings()

    const acts = await Promise.all(bare.map((one) => act(one, 'autostartOn')))
    expect(acts.map(({ outcome }) => outcome)).toEqual(bare.map(() => 'done'))
    console.log(`ten acts at once: slowest ${Math.max(...acts.map(({ tookMs }) => tookMs)).toFixed(0)} ms`)
    for (const { uuid } of bare) expect(await virshOf(SERVER, 'dominfo', uuid)).toMatch(/Autostart:\s+enable/)

    expect(upload.state.isOver).toBe(false)
    await answering(line, 'two')
    expect((await screen.frame()).lit).toBeGreaterThan(500)
    await shell.type('echo still-$((1+1))\n')
    await lab.eventually('the shell answers', () => shell.text().includes('still-2'))
    await lab.eventually('sampling goes on', () => stores.console.storage.ticks.length > ticks, 15_000)
    await lab.eventually('telemetry goes on', () => telemetry.readings() > readings, 15_000)
    gate.open()
    await upload.result
    const { stdout } = await lab.inServer(SERVER, ['sha256sum', `/var/lib/libvirt/images/${POOL}/big.img`])
    expect(stdout.split(' ')[0]).toBe(upload.hash)
    expect(lab.loginCount(SERVER, 'op')).toBe(loginsBefore + 1)
  })

  it('acts while as many jobs and terminals are open as it lets in, and lets the next job wait', async () => {
    const uploads = [await gatedUpload('a.img'), await gatedUpload('b.img'), await gatedUpload('c.img')]
    const shell = consoles.terminal(stores.server)
    await shell.type('echo up-$((40+2))\n')
    await lab.eventually('the shell answers', () => shell.text().includes('up-42'))
    await expect(consoles.terminal(stores.server).over).rejects.toMatchObject({ code: 'tooManyTerminals' })
    const waiting = gatedUpload('d.img')
    waiting.catch(() => undefined)

    const ticks = stores.console.storage.ticks.length
    const acts = await Promise.all(bare.map((one) => act(one, 'autostartOn')))
    expect(acts.map(({ outcome }) => outcome)).toEqual(bare.map(() => 'done'))
    console.log(
      `ten acts beside three jobs: slowest ${Math.max(...acts.map(({ tookMs }) => tookMs)).toFixed(0)} ms`
    )
    expect(uploads.some(({ state }) => state.isOver)).toBe(false)
    await lab.eventually('sampling goes on', () => stores.console.storage.ticks.length > ticks, 15_000)
    gate.open()
    await Promise.all(uploads.map(({ result }) => result))
    const last = await waiting
    gate.open()
    await last.result
    expect(lab.loginCount(SERVER, 'op')).toBe(loginsBefore + 1)
  })
})
