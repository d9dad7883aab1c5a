/** The client's end of a byte channel. */
import { ByteChannel } from '#contract/byte-channel.ts'
import type { ByteDuplex } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { Open } from './client.ts'

export function openChannel(
  open: Open,
  name: string,
  input: unknown,
  signal: AbortSignal | undefined
): ByteDuplex {
  const channel = new ByteChannel({
    send: (frame) => operation.send({ ...frame, id: operation.id }),
    abandoned: () => {
      operation.cancel()
      over(new AppError('cancelled'))
    }
  })
  const onAbort = (): void => {
    operation.cancel()
    channel.close(new AppError('cancelled', { cause: signal?.reason }))
  }
  const over = (error: AppError | null): void => {
    signal?.removeEventListener('abort', onAbort)
    channel.close(error)
  }
  const operation = open(name, input, {
    bytes: (bytes) => channel.received(bytes),
    credit: (bytes) => channel.granted(bytes),
    end: () => channel.ended(),
    done: () => over(null),
    fail: over
  })
  if (signal?.aborted === true) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  return channel
}
