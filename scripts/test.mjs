/**
 * `npm test`: static checks, then every suite; ends with one line over all of them.
 * The lab suite runs where the lab is up (npm run lab -- up); with CI set, a missing lab is a failure. Its tests of
 * outside engines run wherever those are installed.
 * `--long` runs the long figures whole (docs: README, Tests).
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const results = join(root, 'test-results')
const node = process.execPath
const bin = (path) => join(root, 'node_modules', path)
const totals = { passed: 0, failed: 0, skipped: 0 }

function run(args, { quiet, env } = {}) {
  return new Promise((done) => {
    const child = spawn(node, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit']
    })
    let output = ''
    if (quiet)
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    child.once('exit', (code) => done({ code: code ?? 1, output }))
  })
}

async function check(name, ...commands) {
  const startMs = Date.now()
  for (const args of commands) {
    const { code, output } = await run(args, { quiet: true })
    if (code === 0) continue
    totals.failed++
    console.error(`\n✗ ${name}\n${output}`)
    return
  }
  totals.passed++
  console.log(`✓ ${name} (${((Date.now() - startMs) / 1000).toFixed(0)} s)`)
}

async function suite(name, env, ...files) {
  const report = join(results, `${name}.json`)
  console.log(`\n── ${name} ──`)
  const args = [
    'run',
    '--project',
    name,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...files
  ]
  const { code } = await run([bin('vitest/vitest.mjs'), ...args], { env })
  let counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 }
  try {
    counts = JSON.parse(readFileSync(report, 'utf8'))
  } catch (error) {
    console.error(`${name}: no report (${error.message})`)
  }
  totals.passed += counts.numPassedTests
  totals.failed += counts.numFailedTests
  totals.skipped += counts.numPendingTests + counts.numTodoTests
  // A file that cannot even be loaded fails without failing a test.
  if (code !== 0 && counts.numFailedTests === 0) totals.failed++
}

rmSync(results, { recursive: true, force: true })
mkdirSync(results, { recursive: true })
const env = process.argv.includes('--long') ? { VIRTHELM_LONG: '1' } : {}

const tsc = bin('typescript/bin/tsc')
// First, and alone: the rules that know types read what it emits of the contract and the domain.
await check('types of main', [tsc, '--build'])
await Promise.all([
  (async () => {
    await check('eslint', [bin('eslint/bin/eslint.js'), '.'])
    await check('prettier', [bin('prettier/bin/prettier.cjs'), '--check', '.'])
  })(),
  (async () => {
    await check('types of the tests', [tsc, '-p', 'tsconfig.tests.json'])
    await check('types of the window', [bin('vue-tsc/bin/vue-tsc.js'), '-p', 'src-renderer/tsconfig.json'])
    await check('import rules', [
      bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      'src-main',
      'src-renderer',
      'src-preload'
    ])
  })()
])
for (const name of ['main', 'renderer', 'e2e']) await suite(name, env)

const lab = await run(['test/lab/lab.mjs', 'status'], { quiet: true })
if (lab.code === 0) await suite('lab', env)
else if (process.env['CI']) {
  totals.failed++
  console.error(`\n✗ lab: it is not up, and in CI it must be.\n${lab.output}`)
} else {
  // These need three packages of Debian's, but not the lab's servers.
  const engines = ['influxd', 'victoria-metrics', 'prometheus']
  if (engines.every((engine) => existsSync(`/usr/bin/${engine}`)))
    await suite('lab', env, 'test/lab/engines.test.ts')
  console.log(`\nThe lab suite did not run: the lab is not up. Start it as root with: npm run lab -- up`)
}

console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1
