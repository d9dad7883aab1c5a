/** The operator's running ssh agent. It only ever signs here; it is never forwarded to a server. */
import ssh2, { type ParsedKey } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import { within } from './deadline.ts'

/** Long, because an agent may ask the operator to confirm each use. */
const SIGN_DEADLINE_MS = 60_000

export interface AgentKey {
  readonly publicKey: ParsedKey
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>
}

/** Where an agent is looked for: SSH_AUTH_SOCK; on Windows OpenSSH's named pipe, then Pageant. */
export function defaultAgentSockets(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] {
  const named = env['SSH_AUTH_SOCK']
  if (named) return [named]
  return platform === 'win32' ? ['\\\\.\\pipe\\openssh-ssh-agent', 'pageant'] : []
}

/**
 * The agent's keys (those of a kind that ssh2 knows).
 * @throws AppError agentUnavailable, cancelled
 */
export async function readAgentKeys(
  sockets: readonly string[],
  options: { readonly signal: AbortSignal; readonly deadlineMs: number }
): Promise<AgentKey[]> {
  let failure: unknown = null
  for (const socket of sockets) {
    try {
      return await keysAt(socket, options)
    } catch (error) {
      if (options.signal.aborted) throw error
      failure = error
    }
  }
  throw unavailable(failure)
}

const unavailable = (cause: unknown): AppError => new AppError('agentUnavailable', { retryable: true, cause })

async function keysAt(
  socket: string,
  { signal, deadlineMs }: { readonly signal: AbortSignal; readonly deadlineMs: number }
): Promise<AgentKey[]> {
  const agent = ssh2.createAgent(socket)
  const listed = new Promise<ParsedKey[]>((resolve, reject) => {
    agent.getIdentities((error, keys) => {
      if (error) reject(error)
      else resolve((keys ?? []).flatMap(publicKeyOf))
    })
  })
  const keys = await within(listed, {
    deadlineMs,
    signal,
    onDeadline: () => unavailable(null)
  })
  return keys.map((publicKey) => ({
    publicKey,
    sign(data, hash) {
      const signed = new Promise<Buffer>((resolve, reject) => {
        const options = hash === undefined ? {} : { hash: hash as 'sha256' | 'sha512' }
        agent.sign(publicKey, data, options, (error, signature) => {
          if (error || !signature) reject(error ?? new Error('no signature'))
          else resolve(signature)
        })
      })
      return within(signed, {
        deadlineMs: SIGN_DEADLINE_MS,
        signal,
        onDeadline: () => unavailable(null)
      })
    }
  }))
}

const publicKeyOf = (key: unknown): ParsedKey[] => {
  const parsed = ssh2.utils.parseKey(key as Buffer)
  return parsed instanceof Error ? [] : [parsed].flat()
}
