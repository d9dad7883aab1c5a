/** Consoles of a demo server over real ssh, through the console's own code. */
import { afterEach, describe, expect, it } from 'vitest'
import type { VmUuid } from '#contract/ids.ts'
import { connectToDemo } from '../../test/fakes/demo-connection.ts'
import { RfbReader } from '../../test/fakes/rfb-reader.ts'
import { systemClock } from '../application/clock.ts'
import type { HypervisorSession } from '../application/machines/hypervisor.ts'
import type { ByteStream, Connection } from '../application/servers/connection.ts'
import { createHypervisor } from '../remote/libvirt/hypervisor.ts'
import { startDemoFleet, type DemoFleet } from './index.ts'

const signal = new AbortController().signal
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => 'incident' }
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

interface Opened {
  readonly fleet: DemoFleet
  readonly connection: Connection
  readonly session: HypervisorSession
  uuidOf(name: string): VmUuid
}

async function open(): Promise<Opened> {
  const fleet = await startDemoFleet({ servers: 1 })
  cleanUps.push(() => fleet.close())
  const server = fleet.servers[0]
  if (server === undefined) throw new Error('no server')
  const connection = await connectToDemo(server)
  cleanUps.push(() => connection.close())
  const session = await createHypervisor({ log, clock: systemClock }).open(connection, { signal })
  cleanUps.push(() => session.close())
  const { domains } = fleet.control.server('kvm-alpha').host
  return {
    fleet,
    connection,
    session,
    uuidOf: (name) => domains.find((domain) => domain.name === name)?.uuid as VmUuid
  }
}

/** Reads on until the text has come. */
async function until(bytes: AsyncIterator<Uint8Array>, wanted: string): Promise<string> {
  let seen = ''
  while (!seen.includes(wanted)) {
    const next = await bytes.next()
    if (next.done === true) throw new Error(`ended after ${JSON.stringify(seen)}`)
    seen += Buffer.from(next.value).toString()
  }
  return seen
}

const readerOf = (stream: ByteStream): AsyncIterator<Uint8Array> => stream.incoming[Symbol.asyncIterator]()
const type = (stream: ByteStream, text: string): Promise<void> => stream.write(Buffer.from(text))

describe('consoles of a demo server, through the console’s own code', () => {
  it('shows a screen that is not blank, and what is typed on it', async () => {
    const { session, uuidOf } = await open()
    const { stream, shown } = await session.consoles.openVnc(uuidOf('web-01'), signal)
    expect(shown).toMatch(/^vnc 127\.0\.0\.1:59\d\d$/)
    const screen = new RfbReader({ bytes: readerOf(stream), write: (bytes) => stream.write(bytes) })
    const frame = await screen.frame()
    expect(frame).toMatchObject({ widthPx: 640, heightPx: 400, colours: 3 })
    expect(frame.lit).toBe(640 * 400)
  })

  it('refuses the display and the line of a VM that is off, and of one that is gone', async () => {
    const { session, uuidOf } = await open()
    const off = uuidOf('old-wiki')
    const gone = '00000000-0000-4000-8000-000000000000' as VmUuid
    const { consoles } = session
    await expect(consoles.openVnc(off, signal)).rejects.toMatchObject({ code: 'vmActionNotPossible' })
    await expect(consoles.openSerial(off, false, signal)).rejects.toMatchObject({
      code: 'vmActionNotPossible'
    })
    await expect(consoles.picture(off, signal)).rejects.toMatchObject({ code: 'vmActionNotPossible' })
    await expect(consoles.openVnc(gone, signal)).rejects.toMatchObject({ code: 'vmNotFound' })
    await expect(consoles.openSerial(gone, false, signal)).rejects.toMatchObject({ code: 'vmNotFound' })
    await expect(consoles.picture(gone, signal)).rejects.toMatchObject({ code: 'vmNotFound' })
  })

  it('says who holds a line, takes it over, and ends it with the VM', async () => {
    const { session, uuidOf, fleet } = await open()
    const uuid = uuidOf('web-01')
    const first = await session.consoles.openSerial(uuid, false, signal)
    const firstBytes = readerOf(first)
    await until(firstBytes, 'login: ')
    const refused = await session.consoles.openSerial(uuid, false, signal)
    await expect(readerOf(refused).next()).rejects.toMatchObject({ code: 'serialInUse' })
    const second = await session.consoles.openSerial(uuid, true, signal)
    const secondBytes = readerOf(second)
    expect(await firstBytes.next()).toMatchObject({ done: true })
    await until(secondBytes, 'login: ')
    // The key that would end virsh is no key of the guest's.
    await type(second, '\x1eroot\rpw\r')
    expect(await until(secondBytes, '$ ')).not.toContain('pw')
    const { host } = fleet.control.server('kvm-alpha')
    const domain = host.domains.find((one) => one.uuid === uuid)
    if (domain !== undefined) host.act(domain, 'forceOff')
    expect(await secondBytes.next()).toMatchObject({ done: true })
  })

  it('gives a shell that knows its size, and three at most', async () => {
    const { connection } = await open()
    const request = { columns: 91, rows: 33, script: null }
    const options = { signal, deadlineMs: 5_000 }
    const shell = await connection.openTerminal(request, options)
    const bytes = readerOf(shell)
    await type(shell, 'stty size\r')
    await until(bytes, '33 91')
    shell.resize({ columns: 120, rows: 40 })
    await type(shell, 'stty size\r')
    await until(bytes, '40 120')
    const others = [
      await connection.openTerminal(request, options),
      await connection.openTerminal(request, options)
    ]
    await expect(connection.openTerminal(request, options)).rejects.toMatchObject({
      code: 'tooManyTerminals'
    })
    for (const other of others) other.close()
    await Promise.all(others.map(({ closed }) => closed))
    await type(await connection.openTerminal(request, options), 'exit\r')
    await type(shell, 'exit\r')
    await until(bytes, 'logout')
    expect(await bytes.next()).toMatchObject({ done: true })
  })

  it('tells a lost link from a shell that ended', async () => {
    const { connection, fleet } = await open()
    const shell = await connection.openTerminal(
      { columns: 80, rows: 24, script: null },
      { signal, deadlineMs: 5_000 }
    )
    const bytes = readerOf(shell)
    await until(bytes, '$ ')
    fleet.control.server('kvm-alpha').ssh.dropConnections()
    await expect(bytes.next()).rejects.toMatchObject({ code: 'disconnected' })
    await expect(type(shell, 'x')).rejects.toMatchObject({ code: 'disconnected' })
  })

  it('says that nothing listens where a forward should lead', async () => {
    const { connection } = await open()
    await expect(
      connection.openForward({ kind: 'tcp', host: '127.0.0.1', port: 1 }, { signal, deadlineMs: 5_000 })
    ).rejects.toMatchObject({ code: 'forwardFailed' })
  })

  it('gives a small picture of a screen, and none of a VM that hangs', async () => {
    const { session, uuidOf, fleet } = await open()
    const picture = await session.consoles.picture(uuidOf('web-01'), signal)
    expect(picture).toMatchObject({ widthPx: 480, heightPx: 300 })
    expect(new Set(picture.rgb).size).toBeGreaterThan(10)
    const { host } = fleet.control.server('kvm-alpha')
    const domain = host.domains.find(({ name }) => name === 'web-02')
    if (domain === undefined) throw new Error('no such VM')
    host.hang(domain, true)
    domain.hungSinceMs = Date.now() - 5_000
    await expect(session.consoles.picture(uuidOf('web-02'), signal)).rejects.toMatchObject({
      code: 'vmNotResponding'
    })
  })
})
