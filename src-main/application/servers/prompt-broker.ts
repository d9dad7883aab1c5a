/** Brings a login's questions (one-time codes and the like) to whatever window is open, and the answers back. */
import { randomUUID } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { PromptId } from '#contract/ids.ts'
import type { Prompt } from '#contract/servers.ts'
import type { LoginPrompt } from './connection.ts'

interface Waiting {
  readonly prompt: Prompt
  readonly resolve: (answers: readonly string[] | null) => void
}

export class PromptBroker {
  readonly #waiting = new Map<PromptId, Waiting>()
  readonly #changed: (prompts: Prompt[]) => void

  /** @param changed called with all open questions whenever they change */
  constructor(changed: (prompts: Prompt[]) => void) {
    this.#changed = changed
  }

  open(): Prompt[] {
    return [...this.#waiting.values()].map((waiting) => waiting.prompt)
  }

  /** Resolves with the answers, or null when the operator cancels. Rejects when the login gave up meanwhile. */
  ask(serverName: string, question: LoginPrompt, signal: AbortSignal): Promise<readonly string[] | null> {
    const id = randomUUID() as PromptId
    const prompt: Prompt = {
      id,
      serverName,
      host: question.host,
      title: question.title,
      instructions: question.instructions,
      questions: question.questions.map(({ text, echo }) => ({ text, echo }))
    }
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        signal.removeEventListener('abort', onAbort)
        this.#waiting.delete(id)
        this.#changed(this.open())
      }
      const onAbort = (): void => {
        settle()
        reject(new AppError('cancelled'))
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.set(id, {
        prompt,
        resolve: (answers) => {
          settle()
          resolve(answers)
        }
      })
      this.#changed(this.open())
    })
  }

  answer(id: PromptId, answers: readonly string[] | null): void {
    const waiting = this.#waiting.get(id)
    if (!waiting) throw new AppError('notFound', { params: { what: 'prompt' } })
    waiting.resolve(answers)
  }
}
