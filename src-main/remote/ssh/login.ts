/**
 * Which login method comes next, and what the final error is. Order: keys (agent, files), keyboard-interactive,
 * password. Keyboard-interactive goes before password, as in OpenSSH: servers that ask for a second factor accept the
 * password only there. One attempt sends a password at most once.
 */
import ssh2, { type AnyAuthMethod, type ParsedKey, type Prompt } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type { Log } from '../../application/platform/platform.ts'
import type { LoginPrompt, Secret } from '../../application/servers/connection.ts'
import { loginRefused, remoteWords, where, type Endpoint } from './errors.ts'
import { gatherIdentities, type Identities, type Identity, type IdentitySources } from './identities.ts'
import { asLoginPrompt, looksLikePassword } from './keyboard.ts'

export interface LoginOptions extends Omit<IdentitySources, 'atMost'> {
  readonly endpoint: Endpoint
  readonly usePassword: boolean
  readonly password: Secret | null
  readonly log: Log
  prompt(question: LoginPrompt, signal: AbortSignal): Promise<readonly string[] | null>
  /** Stops the login's deadline while somebody else is waited for; the result lets it run again. */
  pause(): () => void
  /** Ends the attempt with this error at once. */
  fail(error: AppError): void
}

const MAX_AUTH_TRIES = 6
const MAX_ROUNDS = 10

export class Login {
  readonly #options: LoginOptions
  #identities: Identities | null = null
  #queue: Identity[] = []
  #offered: readonly string[] = []
  #signed = false
  #askedNone = false
  #triedKeyboard = false
  #sentPassword = false
  #answered = false
  #partly = false
  #needsPassword = false
  #offeredFile = false
  #rounds = 0
  #keyFailure: AppError | null = null

  constructor(options: LoginOptions) {
    this.#options = options
  }

  /** The next method for ssh2, or false when there is none left. `left`: what the server would take; null at first. */
  async next(left: readonly string[] | null, partial: boolean | null): Promise<AnyAuthMethod | false> {
    const { endpoint, usePassword, password } = this.#options
    const username = endpoint.user
    if (left === null || this.#signed) {
      // `none` asks what the server takes. After a signature it tells a partial success, which ssh2 hides for agents.
      if (left !== null) this.#noteOffer(left)
      this.#signed = false
      this.#askedNone = true
      return { type: 'none', username }
    }
    this.#partly ||= partial === true || (this.#askedNone && this.#offerChanged(left))
    this.#askedNone = false
    this.#noteOffer(left)
    if (left.includes('publickey')) {
      const identity = await this.#nextIdentity()
      if (identity) return { type: 'agent', username, agent: new OneKeyAgent(identity, this.#sign) }
    }
    const asksAllowed = usePassword || this.#partly
    if (left.includes('keyboard-interactive') && asksAllowed && !this.#triedKeyboard) {
      this.#triedKeyboard = true
      return { type: 'keyboard-interactive', username, prompt: this.#ask }
    }
    if (left.includes('password') && usePassword && !this.#sentPassword) {
      if (password) {
        this.#sentPassword = true
        return { type: 'password', username, password: password.reveal() }
      }
      this.#needsPassword = true
    }
    return false
  }

  /** Why no method worked. */
  failure(): AppError {
    const { endpoint, useAgent } = this.#options
    const { obstacles = [], agentFailure = null } = this.#identities ?? {}
    if (this.#keyFailure) return this.#keyFailure
    if (this.#needsPassword) return this.#passwordNeeded()
    const locked = obstacles.find(({ code }) => code !== 'keyUnreadable')
    if (locked) return locked
    const refused = this.#sentPassword || this.#answered || this.#offeredFile
    if (!refused && obstacles[0]) return obstacles[0]
    const offeredKeys = (this.#identities?.offered.length ?? 0) > 0
    if (!refused && !offeredKeys && useAgent && agentFailure) return agentFailure
    return loginRefused(endpoint, { methods: remoteWords(this.#offered.join(',')) })
  }

  #noteOffer(left: readonly string[]): void {
    this.#offered = left
  }

  #offerChanged(left: readonly string[]): boolean {
    return this.#offered.length > 0 && [...left].sort().join() !== [...this.#offered].sort().join()
  }

  async #nextIdentity(): Promise<Identity | undefined> {
    if (this.#identities === null) {
      const resume = this.#options.pause()
      try {
        const forPasswords = this.#options.usePassword ? 2 : 0
        this.#identities = await gatherIdentities({
          ...this.#options,
          atMost: MAX_AUTH_TRIES - forPasswords
        })
      } finally {
        resume()
      }
      this.#queue = [...this.#identities.offered]
      for (const { code, params } of this.#identities.obstacles) {
        this.#options.log.info('ssh.keySkipped', { code, ...params })
      }
    }
    const identity = this.#queue.shift()
    if (identity?.keyFile) this.#offeredFile = true
    return identity
  }

  /** Called when the server has said that it takes the key. */
  readonly #sign = async (identity: Identity, data: Buffer, hash: string | undefined): Promise<Buffer> => {
    const resume = this.#options.pause()
    try {
      const signature = await identity.sign(data, hash)
      this.#signed = true
      return signature
    } catch (error) {
      if (error instanceof AppError) this.#keyFailure ??= error
      throw error
    } finally {
      resume()
    }
  }

  #passwordNeeded(): AppError {
    const { endpoint } = this.#options
    return new AppError('passwordNeeded', { params: { ...where(endpoint), user: endpoint.user } })
  }

  /** A round of keyboard-interactive questions. ssh2's `finish` throws on a connection that is gone. */
  readonly #ask = (
    title: string,
    instructions: string,
    _language: string,
    questions: Prompt[],
    finish: (answers: string[]) => void
  ): void => {
    this.#answers(title, instructions, questions).then(
      (answers) => {
        this.#answered = true
        try {
          finish([...answers])
        } catch (error) {
          this.#options.log.debug('ssh.answerTooLate', { reason: remoteWords(error) })
        }
      },
      (error: unknown) =>
        this.#options.fail(error instanceof AppError ? error : new AppError('internal', { cause: error }))
    )
  }

  async #answers(
    title: string,
    instructions: string,
    questions: readonly Prompt[]
  ): Promise<readonly string[]> {
    const { endpoint, password, usePassword, signal } = this.#options
    this.#rounds += 1
    const question = asLoginPrompt(endpoint.host, title, instructions, questions)
    if (this.#rounds > MAX_ROUNDS || question === null) {
      throw loginRefused(endpoint, { reason: 'tooManyQuestions' })
    }
    if (usePassword && looksLikePassword(question.questions)) {
      if (password === null) throw this.#passwordNeeded()
      if (this.#sentPassword) throw loginRefused(endpoint, { reason: 'askedAgain' })
      this.#sentPassword = true
      return [password.reveal()]
    }
    const resume = this.#options.pause()
    try {
      const answers = await this.#options.prompt(question, signal)
      if (answers === null) throw new AppError('cancelled', { params: { reason: 'prompt' } })
      return question.questions.map((_, index) => answers[index] ?? '')
    } finally {
      resume()
    }
  }
}

/** One key in the shape of an agent, because ssh2 lets only agents sign asynchronously. */
class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #identity: Identity
  readonly #sign: (identity: Identity, data: Buffer, hash: string | undefined) => Promise<Buffer>

  constructor(
    identity: Identity,
    sign: (identity: Identity, data: Buffer, hash: string | undefined) => Promise<Buffer>
  ) {
    super()
    this.#identity = identity
    this.#sign = sign
  }

  override getIdentities(callback: (error?: Error | null, keys?: ParsedKey[]) => void): void {
    callback(null, [this.#identity.publicKey])
  }

  override sign(
    _key: ParsedKey,
    data: Buffer,
    options: { hash?: string } | ((error?: Error | null, signature?: Buffer) => void),
    callback?: (error?: Error | null, signature?: Buffer) => void
  ): void {
    const done = typeof options === 'function' ? options : callback
    const hash = typeof options === 'function' ? undefined : options.hash
    const report = (error: Error | null, signature?: Buffer): boolean => {
      try {
        done?.(error, signature)
        return true
      } catch {
        // ssh2 throws for a signature of the wrong shape, and when the connection ended meanwhile.
        return false
      }
    }
    this.#sign(this.#identity, data, hash).then(
      (signature) => {
        if (!report(null, signature)) report(new Error('signature not usable'))
      },
      (error: unknown) => report(error instanceof Error ? error : new Error('signing failed'))
    )
  }
}
