import ssh2, {
  type AuthContext,
  type AuthenticationType,
  type KeyboardAuthContext,
  type PublicKeyAuthContext
} from 'ssh2'

export interface Question {
  readonly text: string
  readonly echo?: boolean
  readonly answer: string
}

export interface LoginTry {
  readonly method: string
  readonly user: string
  readonly password?: string
}

export interface LoginRules {
  readonly user?: string
  readonly password?: string
  /** Public keys as in authorized_keys. */
  readonly keys?: readonly string[]
  /** Rounds of questions. */
  readonly keyboard?: readonly (readonly Question[])[]
  /** All of these in this order, as sshd's AuthenticationMethods. Default: any one of those configured. */
  readonly methodsInOrder?: readonly AuthenticationType[]
  /** Closes the connection after this many refused tries, as sshd's MaxAuthTries. */
  readonly maxTries?: number
  readonly silentAt?: string
}

/** One client's way through the login methods. */
export class ServerLogin {
  readonly #options: LoginRules
  readonly #tries: LoginTry[]
  readonly #passed: AuthenticationType[] = []
  #refused = 0

  constructor(options: LoginRules, tries: LoginTry[]) {
    this.#options = options
    this.#tries = tries
  }

  onTry(context: AuthContext, hangUp: () => void): void {
    const { silentAt, user = 'operator', maxTries = Infinity } = this.#options
    const isCheck = context.method === 'publickey' && !context.signature
    this.#tries.push({
      method: context.method === 'publickey' ? (isCheck ? 'publickey-check' : 'publickey') : context.method,
      user: context.username,
      ...(context.method === 'password' ? { password: context.password } : {})
    })
    if (silentAt === 'login') return
    const refuse = (): void => {
      this.#refused += context.method === 'none' ? 0 : 1
      if (this.#refused >= maxTries) hangUp()
      else context.reject(this.#left())
    }
    if (context.username !== user || !this.#left().includes(context.method)) {
      refuse()
      return
    }
    const pass = (): void => {
      this.#passed.push(context.method)
      if (this.#left().length === 0) context.accept()
      else context.reject(this.#left(), true)
    }
    if (context.method === 'password') {
      if (context.password === this.#options.password) pass()
      else refuse()
    } else if (context.method === 'publickey') {
      this.#key(context, pass, refuse)
    } else if (context.method === 'keyboard-interactive') {
      this.#ask(context, 0, pass, refuse)
    } else {
      refuse()
    }
  }

  /** What the server would take next; empty when the login is complete. */
  #left(): AuthenticationType[] {
    const { password, keys, keyboard, methodsInOrder } = this.#options
    if (methodsInOrder) return methodsInOrder.slice(this.#passed.length, this.#passed.length + 1)
    if (this.#passed.length > 0) return []
    const any: AuthenticationType[] = []
    if (keys) any.push('publickey')
    if (password !== undefined) any.push('password')
    if (keyboard) any.push('keyboard-interactive')
    return any
  }

  #key(context: PublicKeyAuthContext, pass: () => void, refuse: () => void): void {
    for (const line of this.#options.keys ?? []) {
      const key = ssh2.utils.parseKey(line)
      if (key instanceof Error || Array.isArray(key)) continue
      if (!key.getPublicSSH().equals(context.key.data)) continue
      if (!context.signature || !context.blob) context.accept()
      else if (key.verify(context.blob, context.signature, context.hashAlgo) === true) pass()
      else refuse()
      return
    }
    refuse()
  }

  #ask(context: KeyboardAuthContext, round: number, pass: () => void, refuse: () => void): void {
    const questions = this.#options.keyboard?.[round]
    if (!questions) {
      pass()
      return
    }
    const prompts = questions.map(({ text, echo = false }) => ({ prompt: text, echo }))
    context.prompt(prompts, 'Login', 'Please answer', (answers) => {
      const right = questions.every(({ answer }, index) => answers[index] === answer)
      if (right) this.#ask(context, round + 1, pass, refuse)
      else refuse()
    })
  }
}
