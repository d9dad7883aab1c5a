/** The launcher, from outside: which way it goes, what it passes on, and how it ends. Electron is a stub. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findElectron } from './electron-binary.mjs'

const root = resolve(import.meta.dirname, '..')
let folder: string
let children: ChildProcess[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'virthelm-start-'))
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

async function stubElectron(script: string): Promise<void> {
  await writeFile(join(folder, 'electron'), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, 'electron'), 0o755)
}

function launch(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(root, 'scripts/start.mjs'), ...args], {
    env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: folder, npm_lifecycle_event: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  children.push(child)
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => (output[name] += chunk))
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }))
  const says = (pattern: RegExp): Promise<void> =>
    vi.waitFor(() => expect(output.stdout).toMatch(pattern), { timeout: 20_000 })
  return { child, output, ended, says }
}

describe.skipIf(process.platform === 'win32')('npm start', () => {
  it('starts Electron with the project and all options, and ends as it ends', async () => {
    await stubElectron('echo "electron: $@"; exit 0')
    const { code, stdout } = await launch(['--demo', '--data-dir', '/tmp/a b']).ended
    expect(stdout).toBe(`electron: ${root} --demo --data-dir /tmp/a b\n`)
    expect(code).toBe(0)
  })

  it('passes the end on and waits for it', async () => {
    await stubElectron('trap "echo committed; exit 0" TERM; echo up; while :; do sleep 0.05; done')
    const { child, ended, says } = launch([])
    await says(/up/)
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 0, stdout: 'up\ncommitted\n' })
  })

  it.each([
    ['--prot', 'Unknown option: --prot'],
    ['--port=http', '--port needs a number from 0 to 65535']
  ])('refuses %s with a clear message and exit code 2, starting nothing', async (option, message) => {
    await stubElectron('echo started')
    const { code, stdout, stderr } = await launch([option]).ended
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr.split('\n')[0]).toBe(message)
    expect(stderr).toContain('--data-dir DIR')
  })

  it('explains its options', async () => {
    const { code, stdout } = await launch(['--help']).ended
    expect(code).toBe(0)
    for (const option of [
      '--browser',
      '--port N',
      '--no-open',
      '--data-dir DIR',
      '--demo',
      '--secret-key-file FILE'
    ]) {
      expect(stdout).toContain(option)
    }
  })

  const isBuilt = existsSync(join(root, 'out/main/web.js'))
  if (!isBuilt)
    console.log('The way to the browser mode is not tried: it needs a build (npm test makes one).')
  it.skipIf(!isBuilt).each([
    ['is not there', 'exit 0', join(tmpdir(), 'no-such-folder'), /^Electron is not used \(.*no electron\)/],
    ['cannot run here', 'exit 127', null, /^Electron did not start \(exit code 127\)/]
  ])(
    'says so in one line when Electron %s, and goes on in browser mode',
    async (_what, script, dist, line) => {
      await stubElectron(script)
      const env = {
        DISPLAY: '',
        WAYLAND_DISPLAY: '',
        ...(dist !== null && { ELECTRON_OVERRIDE_DIST_PATH: dist })
      }
      const { child, output, ended, says } = launch(['--data-dir', join(folder, 'data')], env)
      await says(/open this address/)
      const [first, second] = output.stdout.split('\n')
      expect(first).toMatch(line)
      expect(second).toMatch(/^Virthelm is ready at http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/)
      const startedMs = performance.now()
      child.kill('SIGINT')
      expect(await ended).toMatchObject({ code: 0, stderr: '' })
      expect(performance.now() - startedMs).toBeLessThan(3_000)
    }
  )
})

describe("Electron's binary", () => {
  const env = { DISPLAY: ':0', PATH: process.env['PATH'] ?? '' }
  const said: string[] = []
  const find = (options = {}) =>
    findElectron({
      root: folder,
      env,
      isRoot: false,
      stallMs: 200,
      say: (line: string) => said.push(line),
      ...options
    })

  /** An electron package whose installer is this script. */
  async function install(script: string): Promise<void> {
    const at = join(folder, 'node_modules', 'electron')
    await mkdir(at, { recursive: true })
    await writeFile(join(at, 'package.json'), JSON.stringify({ version: '1.2.3' }))
    await writeFile(join(at, 'install.js'), script)
  }
  const binary = process.platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron'
  const works = `
    const fs = require('node:fs'), path = require('node:path')
    const file = path.join(__dirname, 'dist', ${JSON.stringify(binary)})
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, '')
    fs.writeFileSync(path.join(__dirname, 'dist', 'version'), '1.2.3')`

  it('is downloaded once, and found from then on', async () => {
    await install(works)
    const path = join(folder, 'node_modules/electron/dist', binary)
    said.length = 0
    expect(await find()).toEqual({ path })
    await install('process.exit(1)')
    expect(await find()).toEqual({ path })
    expect(said).toEqual(['Downloading Electron 1.2.3 (once) …'])
  })

  it('is given up when the download stands still, and not asked for again at once', async () => {
    await install('setInterval(() => {}, 1000)')
    const startedMs = performance.now()
    expect(await find()).toEqual({ reason: 'no data for 0 s' })
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    await install(works)
    expect(await find()).toEqual({ reason: 'no data for 0 s; tried again a day later' })
    const dayAgo = Date.now() / 1000 - 25 * 3600
    await utimes(join(folder, 'node_modules/.virthelm-electron-failed'), dayAgo, dayAgo)
    expect(await find()).toHaveProperty('path')
  })

  it('is waited for while data comes, but not for ever', async () => {
    await install(`
      const fs = require('node:fs'), path = require('node:path')
      const file = path.join(process.env.TMPDIR, 'part')
      setInterval(() => fs.appendFileSync(file, 'x'.repeat(1000)), 20)`)
    expect(await find({ stallMs: 2_000, totalMs: 1_500 })).toEqual({ reason: 'not done after 2 s' })
    expect(existsSync(join(folder, 'node_modules/.virthelm-download'))).toBe(false)
  })

  it('tells why the download failed', async () => {
    await install(
      `console.error('RequestError: getaddrinfo ENOTFOUND github.com\\n    at stack'); process.exit(1)`
    )
    expect(await find()).toEqual({
      reason: 'the download failed: RequestError: getaddrinfo ENOTFOUND github.com'
    })
  })

  it('is not downloaded where it could not run, or is not wanted', async () => {
    await install(works)
    expect(await find({ env: { ...env, ELECTRON_SKIP_BINARY_DOWNLOAD: '1' } })).toHaveProperty('reason')
    if (process.platform === 'linux') {
      expect(await find({ isRoot: true })).toEqual({ reason: 'it does not run as root' })
      expect(await find({ env: { PATH: '' } })).toEqual({ reason: 'there is no display' })
    }
    expect(existsSync(join(folder, 'node_modules/electron/dist'))).toBe(false)
  })
})
