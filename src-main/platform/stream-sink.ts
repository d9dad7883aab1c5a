/** An export to a stream that is there already: the standard output. */
import { AppError } from '#contract/errors.ts'
import type { ExportSink } from '../application/platform/platform.ts'

/** Throws disconnected when the reader is gone. The stream is left open. */
export function openStreamSink(stream: NodeJS.WritableStream): ExportSink {
  let gone: Error | null = null
  const onError = (error: Error): void => {
    gone = error
  }
  stream.on('error', onError)
  return {
    kind: 'file',
    location: '-',
    async write(bytes) {
      // Resolved once the stream has passed the bytes on, so nothing needs to be copied.
      const error = gone ?? (await new Promise<Error | null | undefined>((done) => stream.write(bytes, done)))
      if (error !== null && error !== undefined) throw new AppError('disconnected', { cause: error })
    },
    finish: async () => undefined,
    abort: async () => undefined
  }
}
