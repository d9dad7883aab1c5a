// Processes, files and namespaces of the machine that carries the lab. Only node built-ins; runs on Node 20 and newer.
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'

/** One lab per machine, wherever it was started from: its addresses are fixed. */
export const LAB_FOLDER = process.env.VIRTHELM_LAB_DIR ?? '/var/lib/virthelm-lab'
export const STATE_FILE = join(LAB_FOLDER, 'state.json')

/** A message for the operator, and the exit code that goes with it. */
export class LabError extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/**
 * Runs a command to its end. Resolves {code, stdout, stderr}; with `check` (the default) a failure throws LabError.
 * @param {string[]} command
 * @param {{input?: string, check?: boolean, timeoutMs?: number, cwd?: string}} [options]
 */
export function run(command, { input = '', check = true, timeoutMs = 30_000, cwd = '/' } = {}) {
  return new Promise((resolve, reject) => {
    const [file, ...args] = command
    const child = spawn(file, args, {
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL'
    })
    const out = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (out.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (out.stderr += text))
    child.stdin.on('error', () => undefined) // the command may end without reading
    child.stdin.end(input)
    child.on('error', (error) => reject(new LabError(`${file}: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (check && code !== 0)
        reject(new LabError(`${command.join(' ')}: ${signal ?? `exit code ${code}`}\n${out.stderr.trim()}`))
      else resolve({ code, ...out })
    })
  })
}

/** Starts a process that outlives this one; its output goes to `logFd`. */
export function startDetached(command, env, logFd) {
  const [file, ...args] = command
  const child = spawn(file, args, { cwd: '/', env, detached: true, stdio: ['ignore', logFd, logFd] })
  child.on('error', () => undefined) // seen as a process that is not there
  child.unref()
  return child.pid
}

/** Clock ticks since boot at which a process started, or null: with its id it names a process for good. */
export function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return afterName[0] === 'Z' ? null : (afterName[19] ?? null)
  } catch {
    return null // no such process
  }
}

/** @param {{pid: number, startTime: string}} process */
export const isAlive = (process) => startTime(process.pid) === process.startTime

/** Ends exactly that process, never a later one with its number. */
export function kill(recorded, signal) {
  if (!isAlive(recorded)) return
  try {
    process.kill(recorded.pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/** Process ids (as this machine counts them) inside the pid namespace of `pid`. */
export function processesBeside(pid) {
  const namespace = readlinkSync(`/proc/${pid}/ns/pid`)
  return readdirSync('/proc')
    .filter((name) => {
      if (!/^\d+$/.test(name)) return false
      try {
        return readlinkSync(`/proc/${name}/ns/pid`) === namespace
      } catch {
        return false // ended meanwhile
      }
    })
    .map(Number)
}

/** The only child of a process, or null. */
export function childOf(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')
    return children[0] ? Number(children[0]) : null
  } catch {
    return null
  }
}

export const sleep = (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs))

/** Asks until `question` gives something other than null or false. */
export async function waitFor(what, question, deadlineMs, intervalMs = 50) {
  const end = Date.now() + deadlineMs
  for (;;) {
    const answer = await question()
    if (answer !== null && answer !== false && answer !== undefined) return answer
    if (Date.now() > end) throw new LabError(`waited ${deadlineMs / 1000} s for ${what}`)
    await sleep(intervalMs)
  }
}

/** Command line that runs `command` inside a server's namespaces. @param {{init: {pid: number}}} server */
export const inNamespaces = (server, command) => [
  'nsenter',
  `--target=${server.init.pid}`,
  '--mount',
  '--uts',
  '--net',
  '--pid',
  '--',
  ...command
]

/** The recorded state, or null when there is none. */
export function readState() {
  if (!existsSync(STATE_FILE)) return null
  try {
    return JSON.parse(readFileSync(STATE_FILE, 'utf8'))
  } catch {
    return null // half-written by an `up` that was killed: `down` goes by names then
  }
}

export function writeState(state) {
  writeFileSync(STATE_FILE, JSON.stringify(state, null, 2), { mode: 0o600 })
}

/** One `up` or `down` at a time. Returns the function that lets the next one in. */
export async function lock() {
  const file = `${LAB_FOLDER}.lock`
  mkdirSync(dirname(file), { recursive: true })
  await waitFor(
    `another lab command to end (${file})`,
    () => {
      try {
        writeFileSync(file, JSON.stringify({ pid: process.pid, startTime: startTime(process.pid) }), {
          flag: 'wx'
        })
        return true
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
        if (holderIsGone(file)) rmSync(file, { force: true })
        return false
      }
    },
    120_000
  )
  return () => rmSync(file, { force: true })
}

function holderIsGone(file) {
  try {
    const text = readFileSync(file, 'utf8')
    return text !== '' && !isAlive(JSON.parse(text))
  } catch {
    return false // gone or being written: the next turn will tell
  }
}
