/** Brings a file of the operator's computer to the engine, as fast as it takes it. */
import type { ByteDuplex } from '#contract/define.ts'

/** The engine's end grants 256 KiB at a time; larger pieces would only wait here. */
const PIECE_BYTES = 256 * 1024

/**
 * Resolves when the engine has taken and checked all of it; throws what it finds wrong. `onSent` is told the share
 * that is sent, 0 to 1.
 */
export async function upload(
  file: Blob,
  channel: ByteDuplex,
  onSent: (ratio: number) => void
): Promise<void> {
  const finished = untilEnd(channel)
  // Awaited at the end; a failure before that also fails the write, and this one is the cause.
  finished.catch(() => undefined)
  try {
    for (let from = 0; from < file.size; from += PIECE_BYTES) {
      const piece = file.slice(from, from + PIECE_BYTES)
      await channel.write(new Uint8Array(await piece.arrayBuffer()))
      onSent(Math.min(1, (from + PIECE_BYTES) / file.size))
    }
  } catch (error) {
    await finished
    throw error
  }
  channel.end()
  await finished
}

/** The engine says nothing on the channel; it ends it. */
async function untilEnd(channel: ByteDuplex): Promise<void> {
  let bytes = 0
  for await (const piece of channel.incoming) bytes += piece.byteLength
  if (bytes > 0) console.warn('the engine sent bytes that nobody asked for')
}
