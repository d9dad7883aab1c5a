import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { addressesInHosts, candidateNames, createResolver } from './resolver.ts'
import { askSystem } from './system-names.ts'
import { failureOf } from './testing/setup.ts'

const cleanup: (() => void)[] = []
afterEach(() => {
  for (const step of cleanup.splice(0)) step()
})

/** A name server on loopback that never answers, or answers that there is no such name. */
async function nameServer(answer: 'nothing' | 'noSuchName'): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (question, from) => {
    if (answer === 'nothing') return
    const reply = Buffer.from(question)
    reply[2] = 0x81
    reply[3] = 0x83
    socket.send(reply, from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  cleanup.push(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

function hostsFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'virthelm-hosts-'))
  cleanup.push(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'hosts'), text)
  return join(folder, 'hosts')
}

const options = (deadlineMs = 1_000) => ({ signal: new AbortController().signal, deadlineMs })

describe('createResolver', () => {
  it('needs no name server for literals, localhost and names in the hosts file', async () => {
    const hosts = hostsFile('10.1.1.1 Web web.lan # 10.2.2.2 other\n::5 web\nnot-an-address web\n')
    const resolver = createResolver({ hosts, resolvConf: null, servers: [await nameServer('nothing')] })
    expect(await resolver.resolve('192.0.2.7', options())).toEqual(['192.0.2.7'])
    expect(await resolver.resolve('[2001:db8::1]', options())).toEqual(['2001:db8::1'])
    expect(await resolver.resolve('localhost', options())).toEqual(['127.0.0.1', '::1'])
    expect(await resolver.resolve('WEB', options())).toEqual(['10.1.1.1', '::5'])
  })

  it('tells a name that does not exist from a name server that does not answer, in time', async () => {
    const hosts = hostsFile('')
    const gone = createResolver({ hosts, resolvConf: null, servers: [await nameServer('noSuchName')] })
    expect((await failureOf(gone.resolve('no.such.name', options()))).code).toBe('addressNotFound')
    const dead = createResolver({ hosts, resolvConf: null, servers: [await nameServer('nothing')] })
    const started = performance.now()
    expect((await failureOf(dead.resolve('a.b', options(800)))).code).toBe('addressTimeout')
    expect(performance.now() - started).toBeLessThan(1_800)
  })

  it('answers other names while twenty dead ones are asked for', async () => {
    const hosts = hostsFile('10.1.1.1 alive\n')
    const resolver = createResolver({ hosts, resolvConf: null, servers: [await nameServer('nothing')] })
    const dead = Array.from({ length: 20 }, (_, n) =>
      failureOf(resolver.resolve(`dead${n}.lan`, options(600)))
    )
    const started = performance.now()
    await resolver.resolve('alive', options())
    expect(performance.now() - started).toBeLessThan(200)
    for (const failure of await Promise.all(dead)) expect(failure.code).toBe('addressTimeout')
  })

  it('asks the system for a local name that no name server knows', async (context) => {
    // Every system knows its own name; not every one by files.
    const name = hostname()
    if (process.platform !== 'linux' || (await askSystem(name, options(3_000))).length === 0) {
      context.skip('this system does not know its own name')
    }
    const resolver = createResolver({
      hosts: hostsFile(''),
      resolvConf: null,
      servers: [await nameServer('noSuchName')]
    })
    expect((await resolver.resolve(name, options(3_000))).length).toBeGreaterThan(0)
    expect(await askSystem('-h', options())).toEqual([])
    expect(await askSystem('$(id)', options())).toEqual([])
  })

  it('stops when the caller does', async () => {
    const resolver = createResolver({
      hosts: hostsFile(''),
      resolvConf: null,
      servers: [await nameServer('nothing')]
    })
    const abort = new AbortController()
    const work = failureOf(resolver.resolve('a.b', { signal: abort.signal, deadlineMs: 10_000 }))
    setImmediate(() => abort.abort())
    expect((await work).code).toBe('cancelled')
  })

  it('tries short names in the search domains first', () => {
    const conf = 'nameserver 1.1.1.1\nsearch lan. example.net\n'
    expect(candidateNames('web', conf)).toEqual(['web.lan', 'web.example.net', 'web'])
    expect(candidateNames('web.lan', conf)).toEqual(['web.lan', 'web.lan.lan', 'web.lan.example.net'])
    expect(candidateNames('web.', conf)).toEqual(['web'])
    expect(addressesInHosts('1.2.3.4 a b\n', 'c')).toEqual([])
  })
})
