/** One-shot commands of `remote/libvirt/virsh.ts` on a demo server. Each subject has its own file of answers beside this one. */
import type { DemoHost } from '../model.ts'
import { configurationAnswers, redefine } from './configuration.ts'
import { guestAnswers } from './guest.ts'
import { cloneAnswers } from './clones.ts'
import { snapshotAnswers } from './snapshots.ts'
import { answerTo, type VirshOutput } from '../virsh-answers.ts'
import { deletionAnswers } from './deletion.ts'
import { consoleAnswers } from './consoles.ts'
import { lifeAnswers } from './life.ts'
import { createAnswers } from './create.ts'
import { answerBatch, type ScriptOutput } from './batch.ts'
import { askStores, STORE_ANSWERS } from './stores.ts'
import { answerBridges, answerChecksum } from './volume-lanes.ts'

/** A command as it came: its words after `virsh -c URI`, and the document on its stdin. */
export interface VirshCall {
  readonly words: readonly string[]
  readonly document: string | null
  /** `virsh -r`. */
  readonly readOnly: boolean
}

export type VirshAnswers = Readonly<Record<string, (host: DemoHost, call: VirshCall) => VirshOutput>>

const listAnswers: VirshAnswers = {
  list: (host, { words }) => answerTo(host, words.join(' ')),
  domstate: (host, { words }) => answerTo(host, words.join(' ')),
  dumpxml: (host, { words }) => answerTo(host, words.join(' '))
}

/** By virsh's word. Of several that know a word, the first that has what is asked for answers. */
const PLAYERS: readonly VirshAnswers[] = [
  STORE_ANSWERS,
  configurationAnswers,
  createAnswers,
  snapshotAnswers,
  guestAnswers,
  consoleAnswers,
  lifeAnswers,
  deletionAnswers,
  cloneAnswers,
  listAnswers
]

function played(host: DemoHost, call: VirshCall): VirshOutput | null {
  // A definition of a VM that is there is a change of it; any other is a new one.
  const changed = call.words[0] === 'define' ? redefine(host, call) : null
  if (changed !== null) return changed
  let refused: VirshOutput | null = null
  for (const player of PLAYERS) {
    const answer = player[call.words[0] ?? '']?.(host, call) ?? null
    if (answer?.error === '') return answer
    refused ??= answer
  }
  return refused
}
/** A question of a batch: of a survey of all machines, or of one of the stores. */
function askOne(host: DemoHost, words: readonly string[]): VirshOutput {
  const answer = played(host, { words, document: null, readOnly: true })
  return answer?.error === '' ? answer : askStores(host, words)
}

/** Scripts that are more than one command; null: not one of those. */
export const answerScript = (host: DemoHost, script: string): ScriptOutput | null =>
  answerBatch(host, script, askOne) ?? answerChecksum(host, script) ?? answerBridges(script)

/** null: not a command of this kind, or one that the demo does not play. */
export function answerOneShot(host: DemoHost, script: string): VirshOutput | null {
  return answerEach(host, script) ?? answerOne(host, script)
}

/** `Virsh.readEach`: many reads in one script, each with its exit code behind a mark of the script's own. */
function answerEach(host: DemoHost, script: string): VirshOutput | null {
  const parts = script.split(/^printf '\\n%s %s\\n' ([0-9a-f]{32}) \$\?$/m)
  if (parts.length < 3) return null
  let output = ''
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const answer = answerOne(host, parts[index] ?? '') ?? { output: '', error: 'error: unknown command\n' }
    const exitCode = answer.error === '' ? 0 : 1
    output += `${exitCode === 0 ? answer.output : answer.error}\n${parts[index + 1] ?? ''} ${exitCode}\n`
  }
  return { output, error: '' }
}

function answerOne(host: DemoHost, script: string): VirshOutput | null {
  const call = parseCall(script)
  if (call === null) return null
  host.advance()
  return played(host, call)
}

/** The reverse of what `virsh.ts` writes: single-quoted words, a document printed into the pipe. */
export function parseCall(script: string): VirshCall | null {
  const start = /^(?:printf %s )?'/m.exec(script)
  if (start === null) return null
  const words: string[] = []
  let document: string | null = null
  const word = /'((?:[^']|'\\'')*)'|(\S+)/gy
  word.lastIndex = start.index
  for (let at = word.lastIndex; at < script.length; at = word.lastIndex) {
    while (script[word.lastIndex] === ' ') word.lastIndex++
    if (script[word.lastIndex] === '\n') break
    const [, quoted, plain] = word.exec(script) ?? []
    if (quoted === undefined && plain === undefined) break
    if (plain === '|') {
      document = words.pop() ?? null
      words.length = 0
    } else if (quoted !== undefined) words.push(quoted.replaceAll(`'\\''`, `'`))
  }
  const uri = words.indexOf('-c')
  if (words[0] !== 'virsh' || uri < 0) return null
  return { words: words.slice(uri + 2), document, readOnly: words.includes('-r') }
}
