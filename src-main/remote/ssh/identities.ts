/** The keys a login may offer, in order: the agent's, then the key files'. */
import ssh2, { type ParsedKey } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type { Secret } from '../../application/servers/connection.ts'
import { readAgentKeys } from './agent.ts'
import { loadKeyFile, type KeyFile } from './key-files.ts'
import type { KeyParser } from './key-worker.ts'

export interface Identity {
  readonly publicKey: ParsedKey
  /** null for a key that only the agent has. */
  readonly keyFile: string | null
  /** @throws AppError passphraseNeeded, passphraseWrong, keyUnreadable, agentUnavailable */
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>
}

export interface Identities {
  readonly offered: readonly Identity[]
  /** What stood in the way of others, for the final error. */
  readonly obstacles: readonly AppError[]
  readonly agentFailure: AppError | null
}

export interface IdentitySources {
  readonly useAgent: boolean
  readonly agentSockets: readonly string[]
  readonly agentDeadlineMs: number
  readonly keyFiles: readonly string[]
  readonly homeFolder: string
  readonly passphrase: Secret | null
  readonly keyParser: KeyParser
  readonly signal: AbortSignal
  /** sshd hangs up after six refusals (MaxAuthTries); each offered key may be one. */
  readonly atMost: number
}

export async function gatherIdentities(sources: IdentitySources): Promise<Identities> {
  const files = await Promise.all(sources.keyFiles.map((path) => loadKeyFile(path, sources.homeFolder)))
  const agent = await agentIdentities(sources)
  const obstacles: AppError[] = []
  const fromFiles: Identity[] = []
  for (const file of files) {
    const identity = await identityOf(file, sources)
    if (identity instanceof AppError) obstacles.push(identity)
    else if (identity) fromFiles.push(identity)
  }
  const named = [...fromFiles.map((one) => one.publicKey), ...files.flatMap(publicOnly)]
  const isNamed = (one: Identity): boolean => named.some((key) => sameKey(key, one.publicKey))
  const first = agent.identities.filter(isNamed)
  const own = fromFiles.filter((one) => !first.some((held) => sameKey(held.publicKey, one.publicKey)))
  const room = Math.max(0, sources.atMost - first.length - own.length)
  const others = agent.identities.filter((one) => !isNamed(one)).slice(0, room)
  for (const file of files) {
    const key = publicOnly(file)[0]
    if (key && !first.some((held) => sameKey(held.publicKey, key))) {
      obstacles.push(unreadable(file.path, 'publicKeyOnly'))
    }
  }
  return {
    offered: [...first, ...others, ...own].slice(0, sources.atMost),
    obstacles,
    agentFailure: agent.failure
  }
}

const publicOnly = (file: KeyFile): ParsedKey[] => (file.kind === 'public' ? [file.publicKey] : [])

const sameKey = (a: ParsedKey, b: ParsedKey): boolean => a.getPublicSSH().equals(b.getPublicSSH())

const unreadable = (keyFile: string, reason: string): AppError =>
  new AppError('keyUnreadable', { params: { keyFile, reason } })

async function agentIdentities(
  sources: IdentitySources
): Promise<{ identities: Identity[]; failure: AppError | null }> {
  if (!sources.useAgent) return { identities: [], failure: null }
  try {
    const keys = await readAgentKeys(sources.agentSockets, {
      signal: sources.signal,
      deadlineMs: sources.agentDeadlineMs
    })
    return { identities: keys.map((key) => ({ ...key, keyFile: null })), failure: null }
  } catch (error) {
    if (!(error instanceof AppError) || sources.signal.aborted) throw error
    return { identities: [], failure: error }
  }
}

async function identityOf(file: KeyFile, sources: IdentitySources): Promise<Identity | AppError | null> {
  switch (file.kind) {
    case 'unreadable':
      return unreadable(file.path, file.reason)
    case 'public':
      return null
    case 'plain':
      return {
        publicKey: file.key,
        keyFile: file.path,
        sign: async (data, hash) => file.key.sign(data, hash)
      }
    case 'encrypted':
      return await encryptedIdentity(file, sources)
  }
}

/** Nothing is decrypted before the server has said that it takes the key, where the public half is known. */
async function encryptedIdentity(
  file: Extract<KeyFile, { kind: 'encrypted' }>,
  { passphrase, keyParser, signal }: IdentitySources
): Promise<Identity | AppError> {
  const { path, data } = file
  const needed = new AppError('passphraseNeeded', { params: { keyFile: path } })
  const key = passphrase && { path, data, passphrase }
  try {
    const publicKey = file.publicKey ?? (key && parsePublic(await keyParser.publicKey(key, signal), path))
    if (publicKey === null) return needed
    return {
      publicKey,
      keyFile: path,
      async sign(toSign, hash) {
        if (!key) throw needed
        return await keyParser.sign(key, toSign, hash, signal)
      }
    }
  } catch (error) {
    if (error instanceof AppError && !signal.aborted) return error
    throw error
  }
}

function parsePublic(blob: Buffer, path: string): ParsedKey {
  const parsed = [ssh2.utils.parseKey(blob)].flat()[0]
  if (parsed === undefined || parsed instanceof Error) throw unreadable(path, 'unknownFormat')
  return parsed
}
