/**
 * Who may speak to the browser mode. Three checks, all needed: the exact Host (a rebound name is another host), the
 * exact Origin wherever a browser sends one, and a session that only the printed address opens.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const SECRET_BYTES = 32

export type Refusal = 'host' | 'origin' | 'site' | 'token'

export class LoopbackGuard {
  readonly #host: string
  readonly #origin: string
  readonly #cookieName: string
  /** In the printed address; good for as long as the console runs. */
  readonly #token = randomSecret()
  /** Of the browser once it has shown a token or ticket. Never printed. */
  readonly #session = randomSecret()
  readonly #tickets = new Set<string>()

  constructor(port: number) {
    this.#host = `127.0.0.1:${port}`
    this.#origin = `http://${this.#host}`
    // Cookies do not know ports: two consoles on one machine must not share a name.
    this.#cookieName = `virthelm-${port}`
  }

  get origin(): string {
    return this.#origin
  }

  /** For the operator's own terminal. */
  address(): string {
    return `${this.#origin}/?token=${this.#token}`
  }

  /** Opens one session, once: for a command line, which every user of the machine can read. */
  ticketAddress(): string {
    const ticket = randomSecret()
    this.#tickets.add(ticket)
    return `${this.#origin}/?token=${ticket}`
  }

  /** null = may go on. Checks where a request comes from, not yet who sends it. */
  refusePlace(
    request: IncomingMessage,
    options: { originNeeded: boolean }
  ): Extract<Refusal, 'host' | 'origin' | 'site'> | null {
    const { host, origin } = request.headers
    if (host !== this.#host || hasTwice(request, 'host')) return 'host'
    if (origin !== this.#origin && (options.originNeeded || origin !== undefined)) return 'origin'
    // Only our own pages may load our files; the operator may come from anywhere.
    const site = request.headers['sec-fetch-site']
    const isNavigation = request.headers['sec-fetch-mode'] === 'navigate'
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation) return 'site'
    return null
  }

  hasSession(request: IncomingMessage): boolean {
    const prefix = `${this.#cookieName}=`
    return (request.headers.cookie ?? '')
      .split(/; */)
      .some((pair) => pair.startsWith(prefix) && isSame(pair.slice(prefix.length), this.#session))
  }

  /** The Set-Cookie line that a token (or an unused ticket) is exchanged for; null when it is neither. */
  exchange(token: string): string | null {
    const ticket = [...this.#tickets].find((candidate) => isSame(candidate, token))
    if (ticket !== undefined) this.#tickets.delete(ticket)
    else if (!isSame(token, this.#token)) return null
    return `${this.#cookieName}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`
  }
}

const randomSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url')
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** In constant time, whatever the lengths. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted))
}

function hasTwice(request: IncomingMessage, name: string): boolean {
  return (request.headersDistinct[name]?.length ?? 0) > 1
}
