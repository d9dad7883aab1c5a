/** How a channel is opened: who we are, what we can, and the ticket, which is the display's password. */
import type { ByteDuplex } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { ByteSource } from './byte-source.ts'
import { CHANNEL, COMMON_CAP, LINK_ERROR, type ChannelKind } from './numbers.ts'
import { joined, pack, Reader } from './wire.ts'

/** "REDQ", read as a little-endian number. */
const MAGIC = 0x51444552
const VERSION_MAJOR = 2
const VERSION_MINOR = 2
const HEAD_BYTES = 16
const PUBLIC_KEY_BYTES = 162
const TICKET_BYTES = 128
const MAX_REPLY_BYTES = 4_096
const MAX_CAPABILITY_WORDS = 32
/** What a ticket can hold; the protocol's own limit. */
const MAX_PASSWORD_BYTES = 60
const AUTH_SPICE = 1
const LINK_DEADLINE_MS = 10_000

const COMMON = COMMON_CAP.authSelection | COMMON_CAP.authSpice | COMMON_CAP.miniHeader

export interface LinkOptions {
  readonly channel: ChannelKind
  /** What the main channel was told; 0 for the main channel itself. */
  readonly connectionId: number
  readonly capabilities: number
  readonly password: string
}

/**
 * @returns the channel's capabilities on the server, word 0
 * @throws AppError passwordNeeded (wrong, or none given), displayNeedsTls, displayMissing (no such channel),
 * displayNotUnderstood, vmNotResponding
 */
export async function link(duplex: ByteDuplex, source: ByteSource, options: LinkOptions): Promise<number> {
  send(duplex, linkMessage(options))
  const head = new Reader(await take(source, HEAD_BYTES))
  if (head.u32() !== MAGIC || head.u32() !== VERSION_MAJOR) throw notUnderstood()
  head.u32()
  const size = head.u32()
  if (size > MAX_REPLY_BYTES) throw notUnderstood()
  const { publicKey, common, capabilities } = readReply(await take(source, size))
  if ((common & COMMON_CAP.miniHeader) === 0 || (common & COMMON_CAP.authSelection) === 0)
    throw notUnderstood()
  send(duplex, joined(pack(['u32', AUTH_SPICE]), await ticketOf(publicKey, options.password)))
  failAt(new Reader(await take(source, 4)).u32())
  return capabilities
}

export function linkMessage({ channel, connectionId, capabilities }: LinkOptions): Uint8Array {
  const offset = 18
  const body = joined(
    pack(['u32', connectionId], ['u8', CHANNEL[channel]], ['u8', 0]),
    pack(['u32', 1], ['u32', 1], ['u32', offset]),
    pack(['u32', COMMON], ['u32', capabilities])
  )
  return joined(
    pack(['u32', MAGIC], ['u32', VERSION_MAJOR], ['u32', VERSION_MINOR], ['u32', body.length]),
    body
  )
}

function readReply(body: Uint8Array): { publicKey: Uint8Array; common: number; capabilities: number } {
  const reader = new Reader(body)
  failAt(reader.u32())
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES)
  const commonWords = reader.u32()
  const channelWords = reader.u32()
  const words = new Reader(body, reader.u32())
  if (commonWords > MAX_CAPABILITY_WORDS || channelWords > MAX_CAPABILITY_WORDS) throw notUnderstood()
  const all = Array.from({ length: commonWords + channelWords }, () => words.u32())
  return { publicKey, common: all[0] ?? 0, capabilities: channelWords > 0 ? (all[commonWords] ?? 0) : 0 }
}

/** The password with its closing zero, for this server's key only. The protocol asks for SHA-1. */
async function ticketOf(publicKey: Uint8Array, password: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(password)
  if (bytes.length > MAX_PASSWORD_BYTES) throw new AppError('passwordNeeded')
  try {
    const algorithm = { name: 'RSA-OAEP', hash: 'SHA-1' }
    const key = await crypto.subtle.importKey('spki', publicKey.slice(), algorithm, false, ['encrypt'])
    const ticket = new Uint8Array(
      await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, key, joined(bytes, Uint8Array.of(0)).slice())
    )
    if (ticket.length !== TICKET_BYTES) throw notUnderstood()
    return ticket
  } catch (error) {
    throw error instanceof AppError ? error : notUnderstood(error)
  }
}

function failAt(code: number): void {
  if (code === LINK_ERROR.ok) return
  if (code === LINK_ERROR.permissionDenied) throw new AppError('passwordNeeded')
  if (code === LINK_ERROR.needSecured) throw new AppError('displayNeedsTls')
  if (code === LINK_ERROR.channelNotAvailable) throw new AppError('displayMissing')
  throw notUnderstood()
}

async function take(source: ByteSource, count: number): Promise<Uint8Array> {
  const bytes = await source.take(count, LINK_DEADLINE_MS, LINK_DEADLINE_MS)
  if (bytes === null) throw new AppError('vmNotResponding', { retryable: true })
  return bytes
}

/** A peer that takes nothing is found by what it does not answer. */
const send = (duplex: ByteDuplex, bytes: Uint8Array): void => {
  void duplex.write(bytes).catch(() => undefined)
}

const notUnderstood = (cause?: unknown): AppError => new AppError('displayNotUnderstood', { cause })
