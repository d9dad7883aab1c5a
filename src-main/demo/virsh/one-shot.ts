/** One-shot commands of `remote/libvirt/virsh.ts` on a demo server. Each subject has its own file of answers beside this one. */
import type { DemoHost } from '../model.ts'
import { createAnswers } from './create.ts'
import type { VirshOutput } from '../virsh-answers.ts'
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

/** By virsh's word. */
const ANSWERS: VirshAnswers = { ...createAnswers, ...STORE_ANSWERS }

/** Scripts that are more than one command; null: not one of those. */
export const answerScript = (host: DemoHost, script: string): ScriptOutput | null =>
  answerBatch(host, script, askStores) ?? answerChecksum(host, script) ?? answerBridges(script)

/** null: not a command of this kind, or one that the demo does not play. */
export function answerOneShot(host: DemoHost, script: string): VirshOutput | null {
  const call = parseCall(script)
  const answer = call === null ? undefined : ANSWERS[call.words[0] ?? '']
  if (call === null || answer === undefined) return null
  host.advance()
  return answer(host, call)
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
