/** Joins a channel of the window to a stream of the server: as fast as the slower reads, until one of them ends. */
import type { ByteDuplex } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { ByteStream } from '../servers/connection.ts'

/**
 * Resolves when the server's end is over, or the window has no more to say to a stream that is gone. Rejects with what
 * the server's end failed with; a window that leaves is no failure.
 * @param toServer what of the window's bytes is sent on
 */
export async function pipe(
  window: ByteDuplex,
  server: ByteStream,
  signal: AbortSignal,
  toServer: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes
): Promise<void> {
  const close = (): void => server.close()
  signal.addEventListener('abort', close, { once: true })
  if (signal.aborted) close()
  let refused: unknown = null
  const typing = (async () => {
    for await (const bytes of window.incoming) {
      const sent = toServer(bytes)
      if (sent.length > 0) await server.write(sent)
    }
  })().catch((error: unknown) => {
    // The window left (then the signal is aborted), the stream is gone (its own end tells), or the bytes were refused.
    if (error instanceof RangeError) refused = error
  })
  // No more input is the end of a terminal: nobody is there to see what it says.
  void typing.then(close)
  try {
    for await (const bytes of server.incoming) await window.write(bytes)
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', close)
    server.close()
  }
  if (refused !== null) throw new AppError('protocolViolation', { cause: refused })
  if (signal.aborted) throw new AppError('cancelled')
}
