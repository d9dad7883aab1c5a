/** Many questions in one virsh: one process, one connection to libvirtd. Which of them hangs is known afterwards. */
import { randomBytes } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { quote } from '../ssh/quote.ts'
import { connectionFailureOf } from './lane-holder.ts'
import { ENVIRONMENT } from './virsh-scripts.ts'

export interface BatchAnswer {
  readonly output: string
  /** virsh's words when the command failed, without its "error: "; else empty. */
  readonly error: string
}

export interface BatchResult {
  /** As many as were answered, in order. */
  readonly answers: readonly BatchAnswer[]
  /**
   * `answered`: all of them. `stuck`: the deadline came before the next one was answered. `gateStuck`: the gate did not
   * answer, and libvirt was asked nothing.
   */
  readonly end: 'answered' | 'stuck' | 'gateStuck'
}

export interface BatchOptions {
  readonly signal: AbortSignal
  /** For all of them. virsh is ended then; what libvirtd does for it goes on there. */
  readonly deadlineMs: number
  /** A folder whose file system has to answer first; when it does not, nothing is asked. */
  readonly gate?: string | null
}

/** In the locale C virsh's tables (vol-list) lose every letter that is not ASCII. Messages stay English. */
const TEXTS_AS_THEY_ARE = `unset LC_ALL; LANG=C LC_MESSAGES=C LC_CTYPE=C.UTF-8; export LANG LC_MESSAGES LC_CTYPE`
/** Room for the connection itself, beyond the bound on the server. */
const SLACK_MS = 4_000
const GATE_DEADLINE_SEC = 2
/** Exit code of a script whose gate did not answer. */
const GATE_EXIT = 96
/** Exit codes of `timeout`: time is up; the process had to be killed. */
const TIMEOUT_EXITS = new Set([124, 137])
/** Definitions of a thousand machines and more. */
const MAX_BYTES = 32 * 1024 * 1024
/** Linux takes at most 128 KiB in one argument. */
const MAX_CHARS_PER_RUN = 48 * 1024

/**
 * Asks commands that only read, each given as its words. Reads through a read-only connection.
 * @throws AppError libvirtDaemonDown, libvirtDenied, libvirtMissing, and those of `Connection.run`
 */
export async function readBatch(
  { connection, uri }: { readonly connection: Connection; readonly uri: string },
  commands: readonly (readonly string[])[],
  options: BatchOptions
): Promise<BatchResult> {
  const answers: BatchAnswer[] = []
  for (const part of partsOf(commands)) {
    const result = await readPart({ connection, uri }, part, options)
    answers.push(...result.answers)
    if (result.end !== 'answered') return { answers, end: result.end }
  }
  return { answers, end: 'answered' }
}

/**
 * All of them, for who cannot do without one. Failures of single commands are in their answers.
 * @throws AppError deadlineExceeded, and those of `readBatch`
 */
export async function readAll(
  deps: { readonly connection: Connection; readonly uri: string },
  commands: readonly (readonly string[])[],
  options: BatchOptions
): Promise<readonly BatchAnswer[]> {
  const { answers, end } = await readBatch(deps, commands, options)
  if (end === 'answered') return answers
  throw new AppError('deadlineExceeded', { params: { deadlineMs: options.deadlineMs }, retryable: true })
}

async function readPart(
  { connection, uri }: { readonly connection: Connection; readonly uri: string },
  commands: readonly string[],
  { signal, deadlineMs, gate }: BatchOptions
): Promise<BatchResult> {
  const mark = randomBytes(12).toString('hex')
  const lines = commands.map(
    (command, index) => `${command}; echo ${mark}.${index}; echo --err ${mark}.${index}`
  )
  const boundSec = Math.max(1, Math.round(deadlineMs / 1000))
  const script = batchScript({ uri, commands: lines.join('; '), boundSec, gate: gate ?? null })
  const { exitCode, stdout, stderr } = await connection.run(script, {
    signal,
    deadlineMs: deadlineMs + SLACK_MS,
    maxBytes: MAX_BYTES
  })
  if (exitCode === GATE_EXIT) return { answers: [], end: 'gateStuck' }
  const answers = answersOf(mark, commands.length, stdout, stderr)
  const failure = answers.length === commands.length ? null : connectionFailureOf(stderr)
  if (failure !== null) throw failure
  if (answers.length < commands.length && !TIMEOUT_EXITS.has(exitCode ?? 0))
    throw new AppError('libvirtFailed', { params: { stderr: stderr.trim().slice(-1000) }, retryable: true })
  return { answers, end: answers.length < commands.length ? 'stuck' : 'answered' }
}

/**
 * `timeout` is tried first, because old busybox has another one. The gate is `statfs`, which waits for a dead file system
 * as libvirt would, but in a process that can be killed.
 */
function batchScript(input: {
  readonly uri: string
  readonly commands: string
  readonly boundSec: number
  readonly gate: string | null
}): string {
  const virsh = `virsh -r -q -c ${quote(input.uri)} ${quote(input.commands)} </dev/null`
  const gate =
    input.gate === null
      ? ''
      : `$bound ${GATE_DEADLINE_SEC} stat -f ${quote(input.gate)} >/dev/null 2>&1
case $? in 124|137) exit ${GATE_EXIT} ;; esac
`
  return `${ENVIRONMENT}
${TEXTS_AS_THEY_ARE}
if timeout -k 1 5 true >/dev/null 2>&1; then
bound='timeout -k 1'
${gate}$bound ${input.boundSec} ${virsh}
else
${virsh}
fi
`
}

/** stdout and stderr go on with a line feed or without one behind each mark, as virsh is quiet or not. */
function answersOf(mark: string, count: number, stdout: string, stderr: string): BatchAnswer[] {
  const answers: BatchAnswer[] = []
  let outFrom = 0
  let errFrom = 0
  for (let index = 0; index < count; index++) {
    const end = `${mark}.${index}`
    const outEnd = stdout.indexOf(end, outFrom)
    const errEnd = stderr.indexOf(`error: ${end}`, errFrom)
    if (outEnd < 0 || errEnd < 0) break
    answers.push({ output: stdout.slice(outFrom, outEnd), error: wordsOf(stderr.slice(errFrom, errEnd)) })
    outFrom = outEnd + end.length
    if (stdout[outFrom] === '\n') outFrom++
    errFrom = errEnd + `error: ${end}`.length
  }
  return answers
}

/** virsh says an empty line of its own before the words of some errors. */
const wordsOf = (stderr: string): string =>
  stderr
    .replaceAll(/^(?:error: ?)?\s*$\n?/gm, '')
    .replaceAll(/^error: /gm, '')
    .trim()

function* partsOf(commands: readonly (readonly string[])[]): Generator<string[], void> {
  let part: string[] = []
  let chars = 0
  for (const words of commands) {
    const command = words.map(virshWord).join(' ')
    if (part.length > 0 && chars + command.length > MAX_CHARS_PER_RUN) {
      yield part
      part = []
      chars = 0
    }
    part.push(command)
    chars += command.length + 80
  }
  if (part.length > 0) yield part
}

/** One word of virsh's own little language: between single quotes everything is literal. */
function virshWord(text: string): string {
  if (/^[\w./:=-]+$/.test(text)) return text
  if (text.includes('\0')) throw new AppError('invalidInput', { params: { reason: 'nulCharacter' } })
  return `'${text.replaceAll("'", `'"'"'`)}'`
}
