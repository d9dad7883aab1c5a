/** Many questions in one virsh (`remote/libvirt/virsh-batch.ts`), taken apart as virsh takes them apart. */
import type { DemoHost } from '../model.ts'
import type { VirshOutput } from '../virsh-answers.ts'

const BATCH = /virsh -r -q -c '[^']*' '((?:[^']|'\\'')*)' <\/dev\/null/
const GATE = /stat -f '((?:[^']|'\\'')*)'/

export interface ScriptOutput {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

type Ask = (host: DemoHost, words: readonly string[]) => VirshOutput

/** null: not a batch. A gate on a dead pool ends it as the real script would. */
export function answerBatch(host: DemoHost, script: string, ask: Ask): ScriptOutput | null {
  const [, quoted] = BATCH.exec(script) ?? []
  if (quoted === undefined) return null
  const gate = GATE.exec(script)?.[1]
  const isDead = host.stores.pools.some((pool) => pool.dead && pool.active && pool.targetPath === gate)
  if (isDead) return { stdout: '', stderr: '', exitCode: 96 }
  let stdout = ''
  let stderr = ''
  for (const words of commandsOf(quoted.replaceAll("'\\''", "'"))) {
    if (words[0] === 'echo' && words[1] === '--err') stderr += `error: ${words.slice(2).join(' ')}\n`
    else if (words[0] === 'echo') stdout += words.slice(1).join(' ')
    else {
      const { output, error } = ask(host, words)
      stdout += output
      stderr += error
    }
  }
  return { stdout, stderr, exitCode: 0 }
}

/** Words between blanks, commands between semicolons, both kinds of quotes. */
export function commandsOf(text: string): string[][] {
  const commands: string[][] = [[]]
  let word: string | null = null
  let quote = ''
  const finishWord = (): void => {
    if (word !== null) commands.at(-1)?.push(word)
    word = null
  }
  for (const character of text) {
    if (quote !== '') {
      if (character === quote) quote = ''
      else word = (word ?? '') + character
    } else if (character === "'" || character === '"') {
      quote = character
      word ??= ''
    } else if (character === ' ' || character === '\n') finishWord()
    else if (character === ';') {
      finishWord()
      commands.push([])
    } else word = (word ?? '') + character
  }
  finishWord()
  return commands.filter((words) => words.length > 0)
}
