import type { AppError } from '#contract/errors.ts'
import { nextDelayMs, waitsForOperator } from './back-off.ts'

/** What has failed since a server was reached last, and when to try again. */
export class Retries {
  #attempts = 0
  #refusedLogins = 0
  #sinceMs: number | null = null

  /** Failed ones in a row. */
  get attempts(): number {
    return this.#attempts
  }

  connected(): void {
    this.#attempts = 0
    this.#refusedLogins = 0
    this.#sinceMs = null
  }

  /** `downMs`: since the first failure. `delayMs`: null = not before the operator says so. `random`: 0..1. */
  failed(failure: AppError, nowMs: number, random: number): { downMs: number; delayMs: number | null } {
    this.#attempts++
    this.#sinceMs ??= nowMs
    if (failure.code === 'loginRefused') this.#refusedLogins++
    const downMs = nowMs - this.#sinceMs
    const delayMs = waitsForOperator(failure, this.#refusedLogins)
      ? null
      : nextDelayMs({ attempt: this.#attempts, sinceFirstFailureMs: downMs, random })
    return { downMs, delayMs }
  }

  /** The operator wants it tried now: refused logins count anew. */
  asked(): void {
    this.#refusedLogins = 0
  }
}
