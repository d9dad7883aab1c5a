/**
 * `npm start`: the desktop app where Electron's binary can be had, otherwise the browser mode. Passes everything after
 * `--` on, ends what it started when it is asked to end, and ends with npm.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { commandOf, parseOptions, USAGE } from '../src-main/entry/options.ts'
import { findElectron } from './electron-binary.mjs'

const root = resolve(import.meta.dirname, '..')
const args = process.argv.slice(2)
const KILL_AFTER_MS = 4_000
/** An app that ends this soon with an unknown code never came up (a missing system library, say). */
const CAME_UP_MS = 10_000

const command = commandOf(args)
if (command !== null) {
  process.exit(
    await runToEnd(process.execPath, [join(root, 'out', 'main', 'command.js'), command.name, ...command.args])
  )
}
const parsed = parseOptions(args)
if (!parsed.ok) {
  process.stderr.write(`${parsed.problem}\n\n${USAGE}`)
  process.exit(2)
}
if (parsed.options.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
process.exitCode = await launch()

async function launch() {
  const asBrowser = () => runToEnd(process.execPath, [join(root, 'out', 'main', 'web.js'), ...args])
  if (parsed.options.browser) return asBrowser()
  const electron = await findElectron({ root })
  if (electron.path === undefined) {
    console.log(`Electron is not used (${electron.reason}): starting in browser mode.`)
    return asBrowser()
  }
  const startedMs = Date.now()
  const code = await runToEnd(electron.path, [root, ...args])
  if ([0, 1, 2].includes(code) || Date.now() - startedMs > CAME_UP_MS) return code
  console.log(`Electron did not start (exit code ${code}): starting in browser mode.`)
  return asBrowser()
}

/** The child's exit code. Its IPC channel tells it when this process is gone, however that came. */
function runToEnd(command, childArgs) {
  return new Promise((done) => {
    const child = spawn(command, childArgs, {
      cwd: process.cwd(),
      stdio: ['inherit', 'inherit', 'inherit', 'ipc']
    })
    const end = (signal) => {
      // Windows knows no polite signal: there the closed IPC channel asks.
      if (process.platform !== 'win32') child.kill(signal)
      else if (child.connected) child.disconnect()
      setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref()
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, end)
    const owner = watchNpm(() => end('SIGTERM'))
    const finished = (code) => {
      clearInterval(owner)
      for (const signal of signals) process.off(signal, end)
      done(code)
    }
    child.once('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`)
      finished(127)
    })
    child.once('exit', (code) => finished(code ?? 1))
  })
}

/** npm (perhaps behind a shell) started this. When it is killed, nobody else would end the console. */
function watchNpm(onGone) {
  if (!process.env['npm_lifecycle_event']) return null
  const owners = [process.ppid, parentOf(process.ppid)]
  let gone = false
  return setInterval(() => {
    if (gone || (process.ppid === owners[0] && parentOf(process.ppid) === owners[1])) return
    gone = true
    onGone()
  }, 1_000)
}

/** Of another process; null where there is no /proc. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return null
  }
}
