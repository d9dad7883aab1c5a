/**
 * One-shot virsh commands for everything that is not sampled: each a run of its own on the server's connection, with its
 * words quoted one by one. Reads go through a read-only connection, which refuses writes by itself; every write is a row
 * of the journal before it is sent.
 */
import { AppError } from '#contract/errors.ts'
import type { Clock } from '../../application/clock.ts'
import type { ActionJournal } from '../../application/machines/hypervisor.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { failureKindOf } from '../../domain/libvirt/failure-words.ts'
import { quote } from '../ssh/quote.ts'
import { connectionFailureOf } from './lane-holder.ts'
import { ENVIRONMENT } from './virsh-scripts.ts'

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
  /** Bytes for STDIN instead of a document: gzip in base64. Not shown in the journal. */
  readonly packed?: string
}

/** Where virsh finds `VirshWrite.document`. */
export const STDIN = '/dev/stdin'

const MAX_MESSAGE_CHARS = 2_000

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
    if (exitCode !== 0) throw failureOf(stderr)
    return stdout
  }
}

/** As an operator would type it. */
export function shownCommand(uri: string, { args, document }: VirshWrite): string {
  const words = args.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word)))
  const command = `virsh -c ${uri} ${words.join(' ')}`
  return document === undefined ? command : `${command} <<'XML'\n${document.trimEnd()}\nXML`
}

function virshScript(uri: string, { args, document, packed }: VirshWrite, readOnly: boolean): string {
  const command = ['virsh', '-q', ...(readOnly ? ['-r'] : []), '-c', uri, ...args].map(quote).join(' ')
  // A builtin prints the document: nothing of it appears among the server's processes.
  if (document !== undefined) return `${ENVIRONMENT}\nprintf %s ${quote(document)} | ${command}\n`
  // Tried first: a pipe ends like its last command, and half an upload would count as a whole one.
  const unpack = 'printf %s "$packed" | base64 -d | gzip'
  if (packed !== undefined)
    return `${ENVIRONMENT}\npacked=${quote(packed)}\n${unpack} -t || exit 1\n${unpack} -d |\n${command}\n`
  return `${ENVIRONMENT}\n${command} </dev/null\n`
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
