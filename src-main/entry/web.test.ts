/** The browser mode as a process: how it starts, what it refuses, and everything that ends it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { contract } from '#contract/index.ts'
import { createClient, type Client } from '../../src-renderer/rpc/client.ts'
import { openWebSocketPort } from '../../src-renderer/rpc/ports/websocket.ts'

const entry = resolve(import.meta.dirname, 'web.ts')
let folder: string
let children: ChildProcess[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'virthelm-web-'))
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

type Stdin = 'ignore' | 'pipe'

function start(args: string[] = [], stdin: Stdin = 'ignore') {
  const child = spawn(process.execPath, [entry, '--no-open', '--data-dir', folder, ...args], {
    stdio: [stdin, 'pipe', 'pipe', 'ipc']
  })
  children.push(child)
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk))
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk))
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, ...output }))
  const ready = (): Promise<string> =>
    vi.waitFor(
      () => {
        const address = /^Virthelm is ready at (\S+)$/m.exec(output.stdout)?.[1]
        if (address === undefined) throw new Error(`not ready: ${output.stderr}`)
        return address
      },
      { timeout: 20_000 }
    )
  return { child, ended, ready }
}

/** As a browser does: shows the token, keeps the cookie, opens the socket. */
async function connectTo(address: string): Promise<Client<typeof contract>> {
  const { origin, host } = new URL(address)
  const welcome = await fetch(address, { redirect: 'manual' })
  const cookie = welcome.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const open = (url: string): globalThis.WebSocket =>
    new WebSocket(url, { headers: { origin, cookie } }) as unknown as globalThis.WebSocket
  return createClient(contract, await openWebSocketPort(`ws://${host}/rpc`, open))
}

const endings: [string, Stdin, (child: ChildProcess) => void][] = [
  ['SIGTERM', 'ignore', (child) => child.kill('SIGTERM')],
  ['SIGINT', 'ignore', (child) => child.kill('SIGINT')],
  ['SIGHUP', 'ignore', (child) => child.kill('SIGHUP')],
  ['the end of its launcher', 'ignore', (child) => child.disconnect()],
  ['the end of its stdin', 'pipe', (child) => child.stdin?.end()]
]

describe.skipIf(process.platform === 'win32')('browser mode', () => {
  it.each(endings)(
    'ends at %s, quickly and with exit code 0, with a window open',
    async (_why, stdin, end) => {
      const { child, ended, ready } = start([], stdin)
      const client = await connectTo(await ready())
      expect(await client.call('console.info', {})).toMatchObject({ mode: 'browser', demo: false })
      const disconnected = new Promise<void>((resolve) => client.onClose(resolve))
      const startedMs = performance.now()
      end(child)
      expect(await ended).toMatchObject({ code: 0, stderr: '' })
      expect(performance.now() - startedMs).toBeLessThan(3_000)
      await disconnected
      const log = await readFile(join(folder, 'log', 'virthelm.log'), 'utf8')
      expect(log).toContain('"event":"console.closing"')
      expect(log).not.toContain('"level":"error"')
    }
  )

  it('goes on when its stdin was empty from the beginning', async () => {
    const { child, ended, ready } = start([], 'pipe')
    child.stdin?.end()
    const client = await connectTo(await ready())
    expect(await client.call('console.info', {})).toMatchObject({ mode: 'browser' })
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  })

  it('keeps what the operator did for the next start', async () => {
    const first = start()
    const client = await connectTo(await first.ready())
    await client.call('settings.change', { theme: 'light' })
    first.child.kill('SIGTERM')
    await first.ended
    const second = start()
    const again = await connectTo(await second.ready())
    for await (const settings of again.stream('settings.watch', {})) {
      expect(settings.theme).toBe('light')
      break
    }
    second.child.kill('SIGTERM')
    await second.ended
  })

  it("opens the demo beside the operator's own data, and ends it with itself", async () => {
    const { child, ended, ready } = start()
    const client = await connectTo(await ready())
    const { address } = await client.call('console.openDemo', {})
    const demo = await connectTo(address ?? '')
    expect(await demo.call('console.info', {})).toMatchObject({
      demo: true,
      dataFolder: join(folder, 'demo')
    })
    expect(await client.call('console.openDemo', {})).toEqual({ address })
    const demoGone = new Promise<void>((resolve) => demo.onClose(resolve))
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
    await demoGone
  })

  it('refuses wrong options with exit code 2 before it touches anything', async () => {
    const { ended } = start(['--nope'])
    const { code, stderr, stdout } = await ended
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Unknown option: --nope\n\nVirthelm:/)
    expect(await readdir(folder)).toEqual([])
  })

  it('says in words why it cannot start', async () => {
    const running = start()
    const port = new URL(await running.ready()).port
    const locked = await start().ended
    expect(locked).toMatchObject({ code: 1, stdout: '' })
    expect(locked.stderr).toMatch(/^Another Virthelm uses this data folder/)
    const other = await mkdtemp(join(tmpdir(), 'virthelm-other-'))
    // The later --data-dir would be a second one: so a folder of its own by environment.
    const taken = spawn(process.execPath, [entry, '--no-open', '--data-dir', other, '--port', port], {
      stdio: ['ignore', 'ignore', 'pipe']
    })
    children.push(taken)
    let stderr = ''
    taken.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    expect((await once(taken, 'exit'))[0]).toBe(1)
    expect(stderr).toBe(`Port ${port} is in use. Choose another with --port, or leave it out.\n`)
    await rm(other, { recursive: true })
  })

  it('refuses a key file that others can read, and says how to mend it', async () => {
    const key = join(folder, 'key')
    await writeFile(key, 'x')
    await chmod(key, 0o644)
    const { code, stderr } = await start(['--secret-key-file', key]).ended
    expect(code).toBe(1)
    expect(stderr).toBe(`The key file ${key} can be read by others. Run: chmod 600 '${key}'\n`)
  })

  it('keeps secrets with a key file, and says so', async () => {
    const { child, ended, ready } = start(['--secret-key-file', join(folder, 'key')])
    const client = await connectTo(await ready())
    expect(await client.call('console.info', {})).toMatchObject({
      secretStore: { canKeep: true, backend: 'key-file' }
    })
    child.kill('SIGTERM')
    await ended
  })
})
