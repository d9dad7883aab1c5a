/** Recorded sessions of test/recorded/spice, played to a client. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { SpiceChannelKind } from '#contract/consoles.ts'
import type { ByteDuplex } from '#contract/define.ts'

const FOLDER = join(import.meta.dirname, '../recorded/spice')
const LINK_HEAD_BYTES = 16
const AUTH_REPLY_BYTES = 4
const MESSAGE_HEAD_BYTES = 6

export type Recording = 'text-lz' | 'text-raw' | 'colours-lz' | 'film-mjpeg'

export const recordedBytes = (name: Recording, channel: SpiceChannelKind): Buffer =>
  gunzipSync(readFileSync(join(FOLDER, name, `${channel}.gz`)))

/** The messages after the link. */
export function recordedMessages(
  name: Recording,
  channel: SpiceChannelKind
): { type: number; body: Buffer }[] {
  const bytes = recordedBytes(name, channel)
  const messages = []
  let at = LINK_HEAD_BYTES + bytes.readUInt32LE(12) + AUTH_REPLY_BYTES
  while (at < bytes.length) {
    const start = at + MESSAGE_HEAD_BYTES
    const end = start + bytes.readUInt32LE(at + 2)
    messages.push({ type: bytes.readUInt16LE(at), body: bytes.subarray(start, end) })
    at = end
  }
  return messages
}

/**
 * A server that says what was recorded, whatever it hears; each channel stays open until the display has said all.
 * @param pieceBytes how large the next piece is
 */
export function playRecording(name: Recording, pieceBytes: () => number) {
  const heard: Partial<Record<SpiceChannelKind, Buffer>> = {}
  const over = Promise.withResolvers<void>()
  const open = (channel: SpiceChannelKind): ByteDuplex => ({
    incoming: (async function* () {
      const bytes = recordedBytes(name, channel)
      for (let at = 0; at < bytes.length;) {
        const size = pieceBytes()
        yield new Uint8Array(bytes.subarray(at, at + size))
        at += size
      }
      if (channel === 'display') over.resolve()
      await over.promise
    })(),
    write: async (bytes) => void (heard[channel] = Buffer.concat([heard[channel] ?? Buffer.alloc(0), bytes])),
    end: () => undefined
  })
  return { open, heard }
}
