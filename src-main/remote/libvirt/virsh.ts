/**
 * One-shot virsh commands for everything that is not sampled: each a run of its own on the server's connection, with its
 * words quoted one by one. Reads go through a read-only connection, which refuses writes by itself; every write is a row
 * of the journal before it is sent.
 */
import { randomBytes } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { Clock } from '../../application/clock.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { failureKindOf } from '../../domain/libvirt/failure-words.ts'
import { quote } from '../ssh/quote.ts'
import { connectionFailureOf } from './lane-holder.ts'
import { ENVIRONMENT, GUARD_EXIT, guarded } from './virsh-scripts.ts'

export interface VirshDeps {
  readonly connection: Connection
  readonly uri: string
  readonly clock: Clock
}

export interface VirshOptions {
  readonly signal: AbortSignal
  /** For the whole run. virsh is ended on the server too (script-run.ts). */
  readonly deadlineMs: number
  /** For the few questions that libvirt answers to those only who may write (domcapabilities). */
  readonly asWriter?: boolean
}

export interface VirshWrite {
  /** The command and its words, as virsh is given them. Texts of any kind: each is quoted. */
  readonly args: readonly string[]
  /** A document for a command that reads a file: put its place into `args` as `STDIN`. */
  readonly document?: string
  /** Sent only while the UUID leads to the domain of this name, asked on the server right before; else vmChanged. */
  readonly guard?: { readonly uuid: string; readonly name: string }
  /** Bytes for STDIN instead of a document: gzip in base64. Not shown in the journal. */
  readonly packed?: string
}

/** Where virsh finds `VirshWrite.document`. */
export const STDIN = '/dev/stdin'

const MAX_MESSAGE_CHARS = 2_000
/** Short enough that the script may still be bounded on the server (script-run.ts). */
const READS_PER_RUN = 40

export class Virsh {
  readonly #deps: VirshDeps

  constructor(deps: VirshDeps) {
    this.#deps = deps
  }

  /**
   * What the command printed. Safe on a host with a hung VM only for commands that ask no monitor
   * (docs/libvirt.md). Throws libvirtMissing, libvirtDenied, libvirtDaemonDown, vmNotFound, libvirtFailed {stderr},
   * deadlineExceeded, disconnected, cancelled.
   */
  async read(args: readonly string[], options: VirshOptions): Promise<string> {
    const script = virshScript(this.#deps.uri, { args }, options.asWriter !== true)
    const { exitCode, stdout, stderr } = await this.#deps.connection.run(script, options)
    if (exitCode !== 0) throw failureOf(stderr)
    return stdout
  }

  /**
   * Many reads on one channel, one after the other: each with what it printed, or with its own failure. Throws only what
   * concerns the connection: libvirtMissing, libvirtDenied, libvirtDaemonDown, deadlineExceeded, disconnected, cancelled,
   * outputTooLarge.
   */
  async readEach(
    commands: readonly (readonly string[])[],
    options: VirshOptions
  ): Promise<readonly (string | AppError)[]> {
    const answers: (string | AppError)[] = []
    for (let at = 0; at < commands.length; at += READS_PER_RUN) {
      const marker = randomBytes(16).toString('hex')
      const some = commands.slice(at, at + READS_PER_RUN)
      const script = readsScript(this.#deps.uri, some, marker)
      const { stdout } = await this.#deps.connection.run(script, options)
      answers.push(...answersOf(stdout, marker, some.length))
    }
    return answers
  }

  /**
   * Sends one write and returns what it printed. `journal` has the exact command before it is sent, and its result. Throws
   * as `read`; an answer that was lost (disconnected, deadlineExceeded) leaves open whether the write was done: read back
   * before anything is sent again.
   */
  async write(write: VirshWrite, journal: ActionJournal, options: VirshOptions): Promise<string> {
    const { uri, clock, connection } = this.#deps
    const script = virshScript(uri, write, false)
    await journal.beforeSend(shownCommand(uri, write))
    const startedMs = clock.monotonicMs()
    const answer = await connection.run(script, options).catch((error: unknown) => ({ lost: error }))
    const durationMs = Math.round(clock.monotonicMs() - startedMs)
    if ('lost' in answer) {
      await journal.afterSend({ exitCode: null, stderr: '', durationMs })
      throw answer.lost
    }
    const { exitCode, stdout, stderr } = answer
    await journal.afterSend({ exitCode, stderr: stderr.trim().slice(0, MAX_MESSAGE_CHARS), durationMs })
    if (exitCode === GUARD_EXIT && write.guard !== undefined)
      throw new AppError('vmChanged', { params: { seenName: write.guard.name } })
    if (exitCode !== 0) throw failureOf(stderr)
    return stdout
  }
}

/** As an operator would type it, but for a console's password in the document: no row of the journal has one. */
export function shownCommand(uri: string, { args, document }: VirshWrite): string {
  const words = args.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word)))
  const command = `virsh -c ${uri} ${words.join(' ')}`
  if (document === undefined) return command
  const shown = document.replace(PASSWORD, (_whole, name: string) => `${name}'*****'`)
  return `${command} <<'XML'\n${shown.trimEnd()}\nXML`
}

const PASSWORD = /(\bpasswd\s*=\s*)(?:'[^']*'|"[^"]*")/g

export function virshScript(
  uri: string,
  { args, document, packed, guard }: VirshWrite,
  readOnly: boolean
): string {
  const command = ['virsh', '-q', ...(readOnly ? ['-r'] : []), '-c', uri, ...args].map(quote).join(' ')
  // A builtin prints the document: nothing of it appears among the server's processes.
  const sent = document === undefined ? `${command} </dev/null` : `printf %s ${quote(document)} | ${command}`
  const script = packed === undefined ? sent : unpackedInto(packed, command)
  return `${ENVIRONMENT}\n${guard === undefined ? script : guarded(uri, guard, script)}\n`
}

/** Tried first: a pipe ends like its last command, and half an upload would count as a whole one. */
function unpackedInto(packed: string, command: string): string {
  const unpack = 'printf %s "$packed" | base64 -d | gzip'
  return `packed=${quote(packed)}\n${unpack} -t || exit 1\n${unpack} -d |\n${command}`
}

function readsScript(uri: string, commands: readonly (readonly string[])[], marker: string): string {
  const reads = commands.map((args) => {
    const command = ['virsh', '-q', '-r', '-c', uri, ...args].map(quote).join(' ')
    return `${command} </dev/null 2>&1\nprintf '\\n%s %s\\n' ${marker} $?`
  })
  return `${ENVIRONMENT}\n${reads.join('\n')}\n`
}

function answersOf(stdout: string, marker: string, count: number): (string | AppError)[] {
  const parts = stdout.split(new RegExp(`\\n${marker} (\\d+)\\n`))
  const answers: (string | AppError)[] = []
  for (let index = 0; index < count; index++) {
    const text = parts[index * 2]
    const exit = parts[index * 2 + 1]
    if (text === undefined || exit === undefined)
      throw new AppError('protocolViolation', { params: { subject: 'virsh' } })
    answers.push(exit === '0' ? text : readFailure(text))
  }
  return answers
}

/** One read's own failure is a value; one of the connection would be that of all. */
function readFailure(text: string): AppError {
  const failure = failureOf(text)
  if (connectionFailureOf(text) !== null) throw failure
  return failure
}

function failureOf(stderr: string): AppError {
  const message = stderr.trim().slice(0, MAX_MESSAGE_CHARS)
  const kind = failureKindOf(message)
  const connection = connectionFailureOf(message)
  if (connection !== null) return connection
  if (kind === 'vmNotFound') return new AppError('vmNotFound', { params: { stderr: message } })
  if (kind === 'vmNotResponding') return new AppError('vmNotResponding', { retryable: true })
  return new AppError('libvirtFailed', { params: { stderr: message } })
}
