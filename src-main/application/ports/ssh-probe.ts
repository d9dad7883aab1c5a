/**
 * Whether a port answers the server itself: its sshd is asked to connect there (direct-tcpip), and the way is closed at once.
 * What sshd says of a failed connection is the system's own words (RFC 4254 leaves them free).
 */
import { AppError } from '#contract/errors.ts'
import type { Connection } from '../servers/connection.ts'
import type { Probed } from './port-access.ts'

/** sshd gives up by itself after its kernel's own limit, about two minutes. */
const SSHD_GIVES_UP_MS = 150_000
/** Each attempt that sshd still makes costs it a socket, of which it has about a thousand. */
const MAX_UNANSWERED = 256

/** Of one connection. Throws forwardingOff (as forwardFailed {refusal: prohibited}), disconnected, cancelled. */
export class SshProbe {
  readonly #connection: Connection
  readonly #signal: AbortSignal
  #unanswered = 0
  #roomMade: (() => void)[] = []

  constructor(connection: Connection, signal: AbortSignal) {
    this.#connection = connection
    this.#signal = signal
  }

  async probe(host: string, port: number, deadlineMs: number): Promise<Probed> {
    while (this.#unanswered >= MAX_UNANSWERED) {
      await new Promise<void>((resolve) => this.#roomMade.push(resolve))
    }
    if (this.#signal.aborted) throw new AppError('cancelled', { cause: this.#signal.reason })
    const startedMs = performance.now()
    const answer = this.#ask(host, port, startedMs)
    let timer: ReturnType<typeof setTimeout> | undefined
    const silence = new Promise<Probed>((resolve) => {
      timer = setTimeout(
        () => resolve({ state: 'filtered', reason: 'noResponse', answerMs: null }),
        deadlineMs
      )
    })
    try {
      return await Promise.race([answer, silence])
    } finally {
      clearTimeout(timer)
    }
  }

  async #ask(host: string, port: number, startedMs: number): Promise<Probed> {
    this.#unanswered++
    const sinceMs = (): number => performance.now() - startedMs
    try {
      const stream = await this.#connection.openForward(
        { kind: 'tcp', host, port },
        { signal: this.#signal, deadlineMs: SSHD_GIVES_UP_MS }
      )
      const answerMs = sinceMs()
      stream.close()
      return { state: 'open', reason: 'synAck', answerMs }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.code === 'deadlineExceeded')
        return { state: 'filtered', reason: 'noResponse', answerMs: null }
      if (error.code !== 'forwardFailed' || error.params['refusal'] !== 'connectFailed') throw error
      return probedOf(String(error.params['reason'] ?? ''), sinceMs())
    } finally {
      this.#unanswered--
      const waiting = this.#roomMade
      this.#roomMade = []
      for (const resume of waiting) resume()
    }
  }
}

/** @param words sshd's, from its system: `Connection refused`, `No route to host`, … */
export function probedOf(words: string, answerMs: number): Probed {
  if (/refused|reset by peer/i.test(words)) return { state: 'closed', reason: 'reset', answerMs }
  if (/timed out|timeout/i.test(words)) return { state: 'filtered', reason: 'noResponse', answerMs: null }
  if (/no route|host is (?:down|unreachable)/i.test(words))
    return { state: 'filtered', reason: 'hostUnreachable', answerMs }
  if (/network is (?:down|unreachable)/i.test(words))
    return { state: 'filtered', reason: 'netUnreachable', answerMs }
  if (/not permitted|permission denied/i.test(words))
    return { state: 'filtered', reason: 'localRefusal', answerMs }
  return { state: 'closed', reason: 'connectFailed', answerMs }
}
