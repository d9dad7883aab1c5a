/** From a connected byte stream to a logged in link: version, key exchange, host key, login. */
import type { Duplex } from 'node:stream'
import type { AnyAuthMethod, ConnectConfig, KexAlgorithm } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type { HostKey } from '#contract/servers.ts'
import type { Log } from '../../application/platform/platform.ts'
import type { ConnectRequest } from '../../application/servers/connection.ts'
import { cancelled, PausableDeadline } from './deadline.ts'
import type { Deadlines } from './deadlines.ts'
import { hostKeyError, remoteWords, where, type Endpoint } from './errors.ts'
import { describeHostKey, hostKeyAlgorithms, judgeHostKey, type KnownKeys } from './host-keys.ts'
import { limitInflation } from './inflation.ts'
import { SshLink } from './link.ts'
import { Login, type LoginOptions } from './login.ts'

export interface HandshakeOptions {
  readonly stream: Duplex
  readonly endpoint: Endpoint
  readonly carrier: SshLink | null
  readonly known: KnownKeys
  readonly compress: boolean
  readonly deadlines: Deadlines
  readonly login: Omit<LoginOptions, 'pause' | 'fail' | 'endpoint' | 'signal'>
  readonly signal: AbortSignal
  readonly onStage: NonNullable<ConnectRequest['onStage']>
  readonly log: Log
}

/**
 * Fast, current algorithms only. Left out: SHA-1, and groups so large that a hostile server could keep the main thread
 * computing for longer than a frame.
 */
const KEY_EXCHANGES: KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512'
]

/**
 * Nothing of the operator's credentials is sent before the host key has been verified.
 * @throws AppError handshakeTimeout, notSsh, algorithmMismatch, hostKey…, login…, connectionClosed, cancelled, …
 */
export async function openLink(options: HandshakeOptions): Promise<SshLink> {
  const { stream, endpoint, carrier, deadlines, signal, log } = options
  const { keepaliveIntervalMs: intervalMs, keepaliveMisses: misses } = deadlines
  const link = new SshLink({ stream, endpoint, carrier, keepalive: { intervalMs, misses }, log })
  const onAbort = (): void => link.fail(cancelled(signal))
  signal.addEventListener('abort', onAbort, { once: true })
  let stage = new PausableDeadline(deadlines.handshakeMs, () => link.fail(handshakeLate(link, deadlines)))
  // Ends with the attempt too, so that no agent, worker or operator is waited for in vain.
  const over = new AbortController()
  const login = new Login({
    ...options.login,
    endpoint,
    signal: AbortSignal.any([signal, over.signal]),
    pause: () => stage.pause(),
    fail: (error) => link.fail(error)
  })
  link.noLoginLeft = () => login.failure()
  try {
    if (signal.aborted) throw cancelled(signal)
    const ready = new Promise<void>((resolve) => {
      link.client.on('handshake', () => {
        if (link.phase !== 'handshake') return
        stage.clear()
        link.phase = 'login'
        options.onStage('login', 'running', { user: endpoint.user })
        stage = new PausableDeadline(deadlines.loginMs, () =>
          link.fail(late('loginTimeout', endpoint, deadlines.loginMs))
        )
      })
      link.client.once('ready', () => {
        limitInflation(link.client)
        resolve()
      })
    })
    link.client.on('change password', () =>
      link.fail(
        new AppError('loginRefused', {
          params: { ...where(endpoint), user: endpoint.user, reason: 'passwordExpired' }
        })
      )
    )
    options.onStage('hostKey', 'running', {})
    link.client.connect(clientConfig(options, link, login))
    link.watchStream()
    await Promise.race([ready, failed(link)])
    link.phase = 'open'
    options.onStage('login', 'passed', { user: endpoint.user })
    return link
  } catch (error) {
    link.fail(error instanceof AppError ? error : new AppError('internal', { cause: error }))
    throw link.end ?? error
  } finally {
    stage.clear()
    over.abort(new AppError('cancelled', { params: { reason: 'attemptOver' } }))
    signal.removeEventListener('abort', onAbort)
  }
}

async function failed(link: SshLink): Promise<never> {
  throw await link.closed
}

const late = (code: 'handshakeTimeout' | 'loginTimeout', endpoint: Endpoint, deadlineMs: number): AppError =>
  new AppError(code, { params: { ...where(endpoint), deadlineMs }, retryable: true })

const handshakeLate = (link: SshLink, deadlines: Deadlines): AppError =>
  link.heardSomethingElse
    ? new AppError('notSsh', { params: where(link.endpoint) })
    : late('handshakeTimeout', link.endpoint, deadlines.handshakeMs)

function clientConfig(options: HandshakeOptions, link: SshLink, login: Login): ConnectConfig {
  const { stream, endpoint, known, compress, log } = options
  const next = (left: unknown, partial: unknown, callback: (method: AnyAuthMethod) => void): void => {
    const methods = Array.isArray(left) ? left.filter((one): one is string => typeof one === 'string') : null
    login.next(methods, partial === true).then(
      (method) => {
        try {
          // ssh2 ends the attempt on `false`, which its types leave out.
          callback(method as AnyAuthMethod)
        } catch (error) {
          log.debug('ssh.loginTooLate', { ...where(endpoint), reason: remoteWords(error) })
          link.fail(
            new AppError('connectionClosed', { params: where(endpoint), retryable: true, cause: error })
          )
        }
      },
      (error: unknown) =>
        link.fail(error instanceof AppError ? error : new AppError('internal', { cause: error }))
    )
  }
  return {
    sock: stream,
    username: endpoint.user,
    readyTimeout: 0,
    keepaliveInterval: 0,
    agentForward: false,
    hostVerifier: hostVerifier(options, link),
    authHandler: next,
    // Sockets are forwarded by OpenSSH's extension; a server that does not know it says so itself.
    strictVendor: false,
    algorithms: {
      kex: KEY_EXCHANGES,
      serverHostKey: hostKeyAlgorithms(known),
      compress: compress ? ['zlib@openssh.com', 'none'] : ['none']
    }
  }
}

/** Called with the key of each key exchange; a later one must show the key that was accepted at first. */
function hostVerifier({ known, onStage }: HandshakeOptions, link: SshLink): (blob: Buffer) => boolean {
  let accepted: HostKey | null = null
  return (blob) => {
    const shown = describeHostKey(known.host, known.port, blob)
    if (shown === null) {
      link.fail(new AppError('protocolViolation', { params: { ...where(link.endpoint), reason: 'hostKey' } }))
      return false
    }
    const verdict =
      accepted && accepted.keyBase64 !== shown.keyBase64 ? 'changed' : judgeHostKey(known, shown)
    if (verdict === 'trusted') {
      if (accepted === null)
        onStage('hostKey', 'passed', { type: shown.type, fingerprint: shown.fingerprint })
      accepted = shown
      return true
    }
    const expected = known.expected.slice(0, 16)
    const code = { unknown: 'hostKeyUnknown', changed: 'hostKeyChanged', revoked: 'hostKeyRevoked' } as const
    link.fail(hostKeyError(code[verdict], { shown, expected }))
    return false
  }
}
