/**
 * Runs before start, test and bench: installs when the lock changed, builds when the sources are newer than out/.
 * Runs on the machine's own Node, so: no dependency, nothing newer than Node 20, never better-sqlite3.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const installStamp = join(root, 'node_modules', '.virthelm-installed')
const buildStamp = join(root, 'out', '.virthelm-built')
const SOURCES = [
  'src-main',
  'src-preload',
  'src-renderer',
  'resources',
  'package.json',
  'electron.vite.config.ts'
]

function fail(message) {
  console.error(message)
  process.exit(1)
}

/** A folder of another machine or of another lock is as good as none. */
function lockHash() {
  const hash = createHash('sha256')
  for (const file of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(root, file)))
  return hash.update(`${process.platform} ${process.arch}`).digest('hex')
}

function run(what, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) fail(`${what} failed${error ? `: ${error.message}` : ''}. See the lines above.`)
}

function install() {
  const wanted = lockHash()
  if (existsSync(installStamp) && readFileSync(installStamp, 'utf8') === wanted) return
  console.log('Installing dependencies (once) …')
  const npm = process.env.npm_execpath
  if (!npm) fail('Run this through npm: npm start, npm test.')
  run('npm ci', process.env.npm_node_execpath ?? process.execPath, [
    npm,
    'ci',
    '--loglevel=error',
    '--no-fund',
    '--no-audit'
  ])
  writeFileSync(installStamp, wanted)
}

/** Newest change below a file or folder, in ms; tests do not make a build old. */
function newestMs(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return path.endsWith('.test.ts') ? 0 : stat.mtimeMs
  return readdirSync(path).reduce(
    (newest, name) => Math.max(newest, newestMs(join(path, name))),
    stat.mtimeMs
  )
}

function build() {
  const sources = SOURCES.map((name) => join(root, name)).filter((path) => existsSync(path))
  const newest = Math.max(...sources.map(newestMs))
  if (existsSync(buildStamp) && statSync(buildStamp).mtimeMs > newest) return
  console.log('Building …')
  const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const cli = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
  run('The build', node, [cli, 'build', '--logLevel', 'warn'])
  writeFileSync(buildStamp, '')
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Virthelm needs Node.js 20 or newer; this is ${process.version}.`)
}
install()
if (process.argv.includes('--build')) build()
