/** What only a real sshd shows: its limits, its login shells, its processes after a channel is gone. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Connection, Connector } from '../../src-main/application/servers/connection.ts'
import { quote } from '../../src-main/remote/ssh/quote.ts'
import { connectTo, labConnector, type LabLogin } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const MIB = 1024 * 1024

describe.skipIf(missing !== null)(`ssh to real servers${missing === null ? '' : ` (${missing})`}`, () => {
  let connector: Connector & { close(): void }
  const connections: Connection[] = []
  beforeAll(() => {
    connector = labConnector()
  })
  afterAll(() => connector.close())
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close()
    await lab.restoreLab()
  })

  const { signal } = new AbortController()
  const within = (deadlineMs: number) => ({ signal, deadlineMs })

  async function connect(login: LabLogin): Promise<Connection> {
    const connection = await connectTo(connector, login)
    connections.push(connection)
    return connection
  }

  it('compresses, answers a probe, and says who the server is', async () => {
    const connection = await connect({ server: 'lab1', user: 'op' })
    expect(connection.serverSoftware).toMatch(/^SSH-2\.0-OpenSSH_/)
    expect(connection.address).toBe(lab.labServer('lab1').address)
    expect(await connection.probe(2_000)).toBe(true)
    expect((await connection.run('head -c 500000 /dev/zero', within(10_000))).stdout.length).toBe(500_000)
  })

  const SHELLS = ['op', 'op-dash', 'op-ash', 'op-fish', 'op-tcsh', 'op-zsh', 'op-noisy']
  const HOSTILE = [
    '$(touch /tmp/canary)',
    '`id`',
    "it's",
    '-H',
    ';reboot',
    'a\nb',
    '<b>',
    '"\\',
    '!!',
    '%s',
    '虚拟机',
    ''
  ]
  it.each(SHELLS)('gives hostile names back unchanged through the login shell of %s', async (user) => {
    const connection = await connect({ server: 'lab2', user, key: 'ed25519' })
    const script = HOSTILE.map((name) => `printf '%s\\0' ${quote(name)}`).join('\n')
    const { stdout, stderr, exitCode } = await connection.run(`${script}\nls /tmp/canary >&2`, within(20_000))
    expect(stdout.split('\0').slice(0, -1)).toEqual(HOSTILE)
    expect(stderr).toMatch(/No such file/)
    expect(exitCode).toBe(2)
  })

  it('kills on the server what the console no longer waits for', async () => {
    const connection = await connect({ server: 'lab1', user: 'op' })
    await expect(connection.run('sleep 98765', within(1_000))).rejects.toMatchObject({
      code: 'deadlineExceeded'
    })
    const left = (): number => lab.processesOf('lab1', (line) => line.includes('98765')).length
    await lab.eventually('no sleep is left', () => left() === 0, 8_000)
  })

  it.each(['yes', "head -c 104857600 /dev/zero | tr '\\0' x"])('cuts off %s, and goes on', async (script) => {
    const connection = await connect({ server: 'lab1', user: 'op' })
    await connection.run('true', within(5_000))
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    await expect(connection.run(script, within(30_000))).rejects.toMatchObject({ code: 'outputTooLarge' })
    expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(50)
    expect((await connection.run('echo on', within(5_000))).stdout).toBe('on\n')
    await lab.eventually(
      'nothing is left of it',
      () => lab.processesOf('lab1', (line) => line === 'yes').length === 0
    )
  })

  it('says channelRefused where sshd allows fewer sessions than we use', async () => {
    await lab.setSshdOptions('lab2', ['MaxSessions 2'])
    const connection = await connect({ server: 'lab2', user: 'op' })
    const shells = [await connection.openShell(within(5_000)), await connection.openShell(within(5_000))]
    await expect(connection.openShell(within(5_000))).rejects.toMatchObject({ code: 'channelRefused' })
    shells[0]?.end()
    await shells[0]?.closed
    // sshd counts a session out a little after its channel is closed.
    await lab.eventually('the place is free', async () => {
      const shell = await connection.openShell(within(5_000)).catch(() => null)
      shell?.close()
      return shell !== null
    })
  })

  it('lets no handshake be dropped by MaxStartups', async () => {
    // Four at once, and room, because sshd counts a login out after the client knows of it. 10 is where its default begins.
    await lab.setSshdOptions('lab2', ['MaxStartups 10:100:10'])
    const all = await Promise.all(Array.from({ length: 16 }, () => connect({ server: 'lab2', user: 'op' })))
    expect(all).toHaveLength(16)
  })

  it('logs in to the jump once for all behind it', async () => {
    const before = lab.loginCount('lab1', 'op')
    const all = await Promise.all(Array.from({ length: 6 }, () => connect({ server: 'lab3', user: 'op' })))
    for (const connection of all)
      expect((await connection.run('uname -n', within(10_000))).stdout).toBe('lab3\n')
    expect(lab.loginCount('lab1', 'op') - before).toBe(1)
  })

  it('notices a stopped sshd within 10 s', async () => {
    const known = new Set(lab.sshSessionPids('lab2', 'op-dash'))
    const connection = await connect({ server: 'lab2', user: 'op-dash', key: 'ed25519' })
    const pids = lab.sshSessionPids('lab2', 'op-dash').filter((pid) => !known.has(pid))
    expect(pids.length).toBeGreaterThan(0)
    for (const pid of pids) lab.stopProcess(pid)
    const started = performance.now()
    expect((await connection.closed).code).toBe('linkFrozen')
    expect(performance.now() - started).toBeLessThan(10_000)
    for (const pid of pids) lab.continueProcess(pid)
  })
})
