/** `virsh -r dumpxml` as a one-shot command: where a display listens is read from it. */
import { answerTo } from '../virsh-answers.ts'
import type { VirshAnswers } from './one-shot.ts'

export const consoleAnswers: VirshAnswers = {
  dumpxml: (host, { words }) => answerTo(host, `dumpxml ${words[1] ?? ''}`)
}
