/** Opens the byte streams of a link: forwards to the server's own ports and sockets, and terminals. */
import type { ClientChannel } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type {
  ByteStream,
  ForwardTarget,
  TerminalRequest,
  TerminalStream
} from '../../application/servers/connection.ts'
import { SshByteStream } from './byte-stream.ts'
import { within } from './deadline.ts'
import { remoteWords, where } from './errors.ts'
import type { SshLink } from './link.ts'
import { MAX_TERMINALS, type SessionPlaces } from './session-places.ts'

const TERM = 'xterm-256color'
/** What the terminal's script says first; what a noisy login prints before it is dropped. */
const READY = 'virthelm terminal ready'
/**
 * Constant, and read alike by every login shell: nothing the operator or a server chose ever becomes part of a command
 * line. The script comes as one line of input, after the terminal has stopped echoing.
 */
const SCRIPT_COMMAND = `exec /bin/sh -c 'stty raw -echo; echo ${READY}; IFS= read -r s; eval "$s"'`
const MAX_NOISE_BYTES = 64 * 1024

export interface OpenOptions {
  readonly signal: AbortSignal
  readonly deadlineMs: number
}

type Answer = (error: Error | undefined, channel: ClientChannel) => void

/** Throws forwardFailed, deadlineExceeded, cancelled, or the link's end. */
export async function openForward(
  link: SshLink,
  target: ForwardTarget,
  options: OpenOptions
): Promise<ByteStream> {
  const shown = target.kind === 'tcp' ? `${target.host}:${target.port}` : target.path
  const failed = (error: unknown): AppError =>
    new AppError('forwardFailed', {
      params: {
        ...where(link.endpoint),
        target: shown,
        reason: remoteWords(error),
        refusal: refusalOf(error)
      },
      retryable: true,
      cause: error
    })
  const channel = await opened(link, options, failed, (answer) => {
    if (target.kind === 'tcp') link.client.forwardOut('127.0.0.1', 0, target.host, target.port, answer)
    else link.client.openssh_forwardOutStreamLocal(target.path, answer)
  })
  return new SshByteStream(channel, link, () => undefined)
}

/** SSH_MSG_CHANNEL_OPEN_FAILURE, RFC 4254: whether the server may not connect there, or tried and could not. */
function refusalOf(error: unknown): 'prohibited' | 'connectFailed' | 'other' {
  const reason: unknown = error instanceof Error && 'reason' in error ? error.reason : undefined
  return reason === 1 ? 'prohibited' : reason === 2 ? 'connectFailed' : 'other'
}

/** Opens terminals in the places of their link. */
export class Terminals {
  readonly #link: SshLink
  readonly #places: SessionPlaces

  constructor(link: SshLink, places: SessionPlaces) {
    this.#link = link
    this.#places = places
  }

  /** Throws tooManyTerminals, channelRefused, shellUnavailable, deadlineExceeded, cancelled, or the link's end. */
  async open(request: TerminalRequest, options: OpenOptions): Promise<TerminalStream> {
    const link = this.#link
    if (this.#places.terminalsAreFull)
      throw new AppError('tooManyTerminals', { params: { ...where(link.endpoint), count: MAX_TERMINALS } })
    // Only runs can be in the way, and they are over in a moment.
    const release = await link.orEnd(
      this.#places.acquire('terminal', { ...options, onDeadline: tooLate(options) })
    )
    const refused = (error: unknown): AppError =>
      new AppError('channelRefused', {
        params: { ...where(link.endpoint), reason: remoteWords(error) },
        retryable: true,
        cause: error
      })
    const window = { term: TERM, cols: request.columns, rows: request.rows, width: 0, height: 0 }
    const channel = await opened(link, options, refused, (answer) => {
      if (request.script === null) link.client.shell(window, answer)
      else link.client.exec(SCRIPT_COMMAND, { pty: window }, answer)
    }).catch((error: unknown) => {
      release()
      throw error
    })
    const stream = new SshByteStream(channel, link, release)
    return request.script === null ? stream : withScript(stream, request.script, options)
  }
}

function opened(
  link: SshLink,
  { signal, deadlineMs }: OpenOptions,
  failed: (error: unknown) => AppError,
  open: (answer: Answer) => void
): Promise<ClientChannel> {
  const channel = new Promise<ClientChannel>((resolve, reject) => {
    try {
      open((error, answered) => {
        if (error) reject(failed(error))
        else resolve(answered)
      })
    } catch (error) {
      // ssh2 throws synchronously on a client that has ended.
      reject(failed(error))
    }
  })
  return within(link.orEnd(channel), {
    signal,
    deadlineMs,
    onDeadline: tooLate({ deadlineMs }),
    late: (late) => late.close()
  })
}

const tooLate =
  ({ deadlineMs }: Pick<OpenOptions, 'deadlineMs'>) =>
  (): AppError =>
    new AppError('deadlineExceeded', { params: { deadlineMs }, retryable: true })

/** Waits until the terminal takes the script, sends it, and hands on what comes after. */
async function withScript(
  stream: SshByteStream,
  script: string,
  { signal, deadlineMs }: OpenOptions
): Promise<TerminalStream> {
  const bytes = stream.incoming[Symbol.asyncIterator]()
  try {
    const rest = await within(untilReady(bytes), {
      signal,
      deadlineMs,
      onDeadline: () => new AppError('shellUnavailable', { params: { reason: '' } })
    })
    await stream.write(Buffer.from(`${script}\n`))
    return {
      incoming: continued(rest, bytes),
      write: (chunk) => stream.write(chunk),
      resize: (size) => stream.resize(size),
      closed: stream.closed,
      close: () => stream.close()
    }
  } catch (error) {
    stream.close()
    throw error
  }
}

async function untilReady(bytes: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let seen = Buffer.alloc(0)
  while (seen.length < MAX_NOISE_BYTES) {
    const next = await bytes.next()
    if (next.done === true) break
    seen = Buffer.concat([seen, next.value])
    const at = seen.indexOf(`${READY}\n`)
    if (at >= 0) return seen.subarray(at + READY.length + 1)
  }
  throw new AppError('shellUnavailable', { params: { reason: remoteWords(seen.toString('utf8')) } })
}

async function* continued(first: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    if (first.length > 0) yield first
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
