/**
 * What electron-builder packs, and that the packed app runs. Electron's binary is a stub with a fuse wire: the fuses are
 * really written, the app is run under the double. Installers (AppImage, deb, dmg, exe) are not built here.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { extractAll, listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const isBuilt =
  existsSync(join(root, 'out', '.virthelm-built')) || existsSync(join(root, 'out', 'main', 'electron.js'))
const isTried = isBuilt && process.platform === 'linux'
if (!isTried) console.log('Packaging is not tried: it needs a build (npm test makes one) and Linux.')

const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const DISABLED = '0'.charCodeAt(0)
const ENABLED = '1'.charCodeAt(0)

describe.skipIf(!isTried)('the package', () => {
  let folder: string
  let app: string
  let entries: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'virthelm-package-'))
    const electronDist = join(folder, 'electron')
    await cp(join(root, 'resources'), electronDist, { recursive: true })
    const wire = Buffer.concat([Buffer.from(FUSE_SENTINEL), Buffer.of(1, 9), Buffer.from('111100101')])
    await writeFile(join(electronDist, 'electron'), wire, { mode: 0o755 })
    await run(
      process.execPath,
      [
        join(root, 'node_modules/electron-builder/out/cli/cli.js'),
        '--dir',
        '--linux',
        `-c.electronDist=${electronDist}`,
        `-c.directories.output=${join(folder, 'dist')}`
      ],
      { cwd: root, timeout: 120_000 }
    )
    const asar = join(folder, 'dist/linux-unpacked/resources/app.asar')
    entries = listPackage(asar, { isPack: false })
    app = join(folder, 'app')
    extractAll(asar, app)
  }, 150_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('holds the build, its icons and what main needs, and no sources', () => {
    const own = entries.filter((entry) => !entry.startsWith('/node_modules/'))
    const folders = new Set(own.map((entry) => entry.split('/').slice(0, 3).join('/')))
    expect([...folders].sort()).toEqual([
      '/node_modules',
      '/out',
      '/out/main',
      '/out/preload',
      '/out/renderer',
      '/package.json',
      '/resources',
      '/resources/icon.png',
      '/resources/tray-attention.png',
      '/resources/tray.png'
    ])
    expect(own).toEqual(
      expect.arrayContaining([
        '/out/main/electron.js',
        '/out/main/worker.js',
        '/out/main/demo-worker.js',
        '/out/preload/bridge.cjs',
        '/out/renderer/index.html'
      ])
    )
    expect(entries.filter((entry) => /\.(ts|vue|map)$|\/\.(git|ci|lab)/.test(entry))).toEqual([])
  })

  it('holds the run-time dependencies only', async () => {
    const { dependencies, devDependencies } = JSON.parse(
      await readFile(join(root, 'package.json'), 'utf8')
    ) as Record<'dependencies' | 'devDependencies', Record<string, string>>
    const packed = await readdir(join(app, 'node_modules'))
    expect(packed).toEqual(expect.arrayContaining(Object.keys(dependencies)))
    expect(packed.filter((name) => name in devDependencies)).toEqual([])
  })

  it("has SQLite's binary outside the archive, where the system can load it", () => {
    const prebuilds = join(
      folder,
      'dist/linux-unpacked/resources/app.asar.unpacked/node_modules/better-sqlite3/prebuilds'
    )
    expect(existsSync(join(prebuilds, `linux-${process.arch}.node`))).toBe(true)
  })

  it('has its fuses set', async () => {
    const wire = await getCurrentFuseWire(join(folder, 'dist/linux-unpacked/virthelm'))
    expect(wire).toMatchObject({
      [FuseV1Options.RunAsNode]: DISABLED,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: DISABLED,
      [FuseV1Options.EnableNodeCliInspectArguments]: DISABLED,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: DISABLED,
      [FuseV1Options.EnableCookieEncryption]: ENABLED,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: ENABLED,
      [FuseV1Options.OnlyLoadAppFromAsar]: ENABLED
    })
  })

  it('runs as packed: engine, workers, SQLite, preload, own protocol, clean end', async () => {
    const { stdout } = await run(
      process.execPath,
      [join(root, 'test/fakes/run-electron-app.ts'), app, join(folder, 'data')],
      { timeout: 60_000 }
    )
    const line = stdout.trim().split('\n').at(-1) ?? ''
    expect(JSON.parse(line)).toMatchObject({
      info: { mode: 'desktop', demo: true, dataFolder: join(folder, 'data', 'demo') },
      servers: 6,
      page: expect.stringContaining('<title>Virthelm</title>'),
      webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false },
      exitCode: 0,
      errors: []
    })
  })
})
