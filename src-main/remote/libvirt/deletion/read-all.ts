/**
 * Many reads in one run: `virsh -r "one; two; three"`, each answer behind a mark. For words that the resident lane cannot
 * take, because they are names of any kind: here they pass no terminal line, only virsh's own parser of quotes.
 */
import { randomBytes } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import { quote } from '../../ssh/quote.ts'
import { connectionFailureOf } from '../lane-holder.ts'
import type { VirshDeps, VirshOptions } from '../virsh.ts'
import { ENVIRONMENT } from '../virsh-scripts.ts'

export interface BatchAnswer {
  readonly output: string
  /** Without virsh's "error: "; '' when the command succeeded. */
  readonly error: string
}

/** Linux takes 128 KiB in one argument, and script-run.ts bounds scripts up to 64 KiB; quoting may double the text. */
const MAX_CHUNK_CHARS = 24 * 1024
const MAX_BYTES = 32 * 1024 * 1024
/** Names are shown as they are, where the server has this locale; its messages stay English. */
const UTF8_NAMES = 'LC_ALL=C.UTF-8; export LC_ALL; unset LANGUAGE'

/**
 * Answers in the order of the commands. Throws libvirtMissing, libvirtDenied, libvirtDaemonDown, deadlineExceeded,
 * disconnected; failures of single commands are in their answers.
 */
export async function readAll(
  { connection, uri }: Pick<VirshDeps, 'connection' | 'uri'>,
  commands: readonly (readonly string[])[],
  options: VirshOptions
): Promise<readonly BatchAnswer[]> {
  const answers: BatchAnswer[] = []
  for (const chunk of chunksOf(commands)) {
    const mark = randomBytes(12).toString('hex')
    const script = `${ENVIRONMENT}\n${UTF8_NAMES}\n${['virsh', '-q', '-r', '-c', uri, batchText(chunk, mark)].map(quote).join(' ')} </dev/null\n`
    const { stdout, stderr } = await connection.run(script, { ...options, maxBytes: MAX_BYTES })
    const failure = connectionFailureOf(stderr)
    if (failure !== null) throw failure
    answers.push(...answersOf(stdout, stderr, chunk.length, mark))
  }
  return answers
}

/** One text for virsh. Both streams get the mark before each command. */
export function batchText(commands: readonly (readonly string[])[], mark: string): string {
  return commands
    .map((words, index) => {
      const marks = `echo ${mark}:${index}:; echo --err ${mark}:${index}:`
      return `${marks}; ${words.map(virshWord).join(' ')}`
    })
    .join('; ')
}

/** virsh takes single quotes and backslashes as a shell does. */
function virshWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll(`'`, `'\\''`)}'`
}

function* chunksOf(commands: readonly (readonly string[])[]): Generator<readonly (readonly string[])[]> {
  let chunk: (readonly string[])[] = []
  let chars = 0
  for (const words of commands) {
    const length = words.reduce((sum, word) => sum + word.length + 8, 120)
    if (chunk.length > 0 && chars + length > MAX_CHUNK_CHARS) {
      yield chunk
      chunk = []
      chars = 0
    }
    chunk.push(words)
    chars += length
  }
  if (chunk.length > 0) yield chunk
}

/** @throws AppError protocolViolation when an answer is missing */
export function answersOf(stdout: string, stderr: string, count: number, mark: string): BatchAnswer[] {
  const outputs = partsOf(stdout, mark)
  const errors = partsOf(stderr, mark)
  return Array.from({ length: count }, (_, index) => {
    const output = outputs.get(index)
    const error = errors.get(index)
    if (output === undefined || error === undefined)
      throw new AppError('protocolViolation', { params: { subject: 'virsh' } })
    return {
      output: output.replace(/^\n/, ''),
      error: error
        .replaceAll(/^(?:error: ?)?\s*$\n?/gm, '')
        .replaceAll(/^error: /gm, '')
        .trim()
    }
  })
}

function partsOf(text: string, mark: string): ReadonlyMap<number, string> {
  const parts = new Map<number, string>()
  for (const part of text.split(`${mark}:`).slice(1)) {
    const end = part.indexOf(':')
    parts.set(Number(part.slice(0, end)), part.slice(end + 1))
  }
  return parts
}
