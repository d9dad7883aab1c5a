/** `virsh console` in a terminal of its own: opened by UUID, ended with its channel. */
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { ByteStream, Connection } from '../../application/servers/connection.ts'
import { failureKindOf } from '../../domain/libvirt/failure-words.ts'
import { within } from '../ssh/deadline.ts'
import { remoteWords } from '../ssh/errors.ts'
import { quote } from '../ssh/quote.ts'
import { connectionFailureOf } from './lane-holder.ts'
import { ENVIRONMENT } from './virsh-scripts.ts'

const OPEN_DEADLINE_MS = 15_000
/** virsh ends its console at this key. It is one that hardly anybody types, and it is taken out of what is typed. */
const ESCAPE_NAME = '^^'
const ESCAPE_BYTE = 0x1e
/** The last line of virsh's greeting; the guest's own bytes come after it. */
const GREETING_END = /Escape character is [^\n]*\n/
const MAX_GREETING_BYTES = 16 * 1024
/** The size of a serial line: nobody tells the guest another one. */
const SIZE = { columns: 80, rows: 24 }

/** As the journal shows it. */
export const serialCommand = (uri: string, uuid: VmUuid, takeOver: boolean): string =>
  `virsh -c ${uri} console ${uuid} ${takeOver ? '--force' : '--safe'}`

/** Throws vmNotFound, vmActionNotPossible, serialInUse, serialMissing, libvirtDenied, and as `openTerminal`. */
export async function openSerialLine(
  connection: Connection,
  uri: string,
  uuid: VmUuid,
  takeOver: boolean,
  signal: AbortSignal
): Promise<ByteStream> {
  const options = { signal, deadlineMs: OPEN_DEADLINE_MS }
  const stream = await connection.openTerminal({ ...SIZE, script: scriptOf(uri, uuid, takeOver) }, options)
  const bytes = stream.incoming[Symbol.asyncIterator]()
  try {
    const greeted = await within(untilGreeted(bytes, uuid), {
      ...options,
      onDeadline: () =>
        new AppError('deadlineExceeded', { params: { deadlineMs: OPEN_DEADLINE_MS }, retryable: true })
    })
    return {
      incoming: guestBytes(greeted, bytes, uuid),
      write: (chunk) => stream.write(withoutEscape(chunk)),
      closed: stream.closed,
      close: () => stream.close()
    }
  } catch (error) {
    stream.close()
    throw error
  }
}

/**
 * One line. `domname` finds nothing but a UUID or a number, so that a VM that is gone is not mistaken for another one's
 * name. `exec`: virsh is the terminal's own process, and ends when sshd hangs it up.
 */
function scriptOf(uri: string, uuid: VmUuid, takeOver: boolean): string {
  const id = quote(uuid)
  return [
    ...ENVIRONMENT.split('\n'),
    `virsh -r -q -c ${quote(uri)} domname ${id} </dev/null 2>&1 >/dev/null || exit 1`,
    `exec virsh -e ${quote(ESCAPE_NAME)} -c ${quote(uri)} console ${id} ${takeOver ? '--force' : '--safe'}`
  ].join('; ')
}

async function untilGreeted(bytes: AsyncIterator<Uint8Array>, uuid: VmUuid): Promise<Buffer> {
  let seen = Buffer.alloc(0)
  while (seen.length < MAX_GREETING_BYTES) {
    const next = await bytes.next()
    if (next.done === true) throw failureOf(seen.toString('utf8'), uuid)
    seen = Buffer.concat([seen, next.value])
    const greeting = GREETING_END.exec(seen.toString('latin1'))
    if (greeting !== null) return seen.subarray(greeting.index + greeting[0].length)
  }
  throw failureOf(seen.toString('utf8'), uuid)
}

function failureOf(words: string, uuid: VmUuid): AppError {
  const stderr = remoteWords(words)
  if (/Active console session exists/i.test(words)) return new AppError('serialInUse')
  if (/cannot find (?:character|console) device|is not using a PTY|no console devices/i.test(words))
    return new AppError('serialMissing')
  const kind = failureKindOf(words)
  if (kind === 'vmNotFound') return new AppError('vmNotFound', { params: { vmUuid: uuid } })
  if (kind === 'notPossible')
    return new AppError('vmActionNotPossible', { params: { state: 'shutOff', stderr } })
  return connectionFailureOf(words) ?? new AppError('libvirtFailed', { params: { stderr } })
}

/**
 * virsh greets before it knows whether libvirt lets it: its refusal comes after, and then the end. So first bytes that
 * may be one are kept back until more than a refusal has come, or a moment has passed.
 */
async function* guestBytes(
  greeted: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  uuid: VmUuid
): AsyncGenerator<Uint8Array, void> {
  const moment = Promise.withResolvers<'later'>()
  const timer = setTimeout(() => moment.resolve('later'), REFUSAL_MS)
  try {
    let kept = Buffer.from(greeted)
    let next = rest.next()
    while (mayBeRefusal(kept)) {
      const result = await Promise.race([next, moment.promise])
      if (result === 'later') break
      if (result.done === true && kept.length > 0) throw failureOf(kept.toString('utf8'), uuid)
      if (result.done === true) return
      kept = Buffer.concat([kept, result.value])
      next = rest.next()
    }
    if (kept.length > 0) yield kept
    for (let result = await next; result.done !== true; result = await rest.next()) yield result.value
  } finally {
    clearTimeout(timer)
    await rest.return?.()
  }
}

const REFUSAL_MS = 2_000
const REFUSAL = 'error: '
const MAX_REFUSAL_BYTES = 4 * 1024

function mayBeRefusal(bytes: Buffer): boolean {
  const head = bytes.subarray(0, REFUSAL.length).toString('latin1')
  return bytes.length < MAX_REFUSAL_BYTES && REFUSAL.startsWith(head)
}

function withoutEscape(bytes: Uint8Array): Uint8Array {
  return bytes.includes(ESCAPE_BYTE) ? bytes.filter((byte) => byte !== ESCAPE_BYTE) : bytes
}
