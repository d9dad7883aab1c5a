/** Brings a file of the operator's computer to the engine: the pieces that it asks for, as fast as it takes them. */
import type { ByteDuplex } from '#contract/define.ts'

/** The engine's end grants 256 KiB at a time; larger parts would only wait here. */
const PART_BYTES = 256 * 1024
/** An offset and a length, 64 bit each. */
const REQUEST_BYTES = 16

/** Resolves when the engine needs no more of it: whether it was taken well is the task's to say. */
export async function upload(file: Blob, channel: ByteDuplex): Promise<void> {
  let waiting = new Uint8Array(0)
  for await (const bytes of channel.incoming) {
    waiting = joined(waiting, bytes)
    while (waiting.byteLength >= REQUEST_BYTES) {
      const request = new DataView(waiting.buffer, waiting.byteOffset, REQUEST_BYTES)
      const from = Number(request.getBigUint64(0))
      const to = Math.min(file.size, from + Number(request.getBigUint64(8)))
      waiting = waiting.slice(REQUEST_BYTES)
      for (let at = from; at < to; at += PART_BYTES) {
        const part = file.slice(at, Math.min(to, at + PART_BYTES))
        await channel.write(new Uint8Array(await part.arrayBuffer()))
      }
    }
  }
  channel.end()
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(one.byteLength + other.byteLength)
  both.set(one)
  both.set(other, one.byteLength)
  return both
}
