/** The browser mode's exports: an address on this console, good for one download, written while it is read. */
import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'
import { AppError } from '#contract/errors.ts'
import type { ExportSink, ExportTarget } from '../application/platform/platform.ts'

export interface WaitingDownload {
  readonly fileName: string
  readonly contentType: string
  start(body: Writable): void
}

export interface DownloadExportTarget extends ExportTarget {
  /** For the server: gives a download away, once; null when there is none under this id. */
  take(id: string): WaitingDownload | null
}

/** A window asks for the address at once; one that does not is gone. */
const ASKED_FOR_WITHIN_MS = 60_000

export function downloadExportTarget(askedForWithinMs = ASKED_FOR_WITHIN_MS): DownloadExportTarget {
  const waiting = new Map<string, WaitingDownload>()
  return {
    take(id) {
      const download = waiting.get(id) ?? null
      waiting.delete(id)
      return download
    },
    async open(fileName, signal) {
      const id = randomBytes(24).toString('base64url')
      const body = Promise.withResolvers<Writable>()
      const give = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        waiting.delete(id)
      }
      const refuse = (error: AppError): void => {
        give()
        body.reject(error)
      }
      const onAbort = (): void => refuse(new AppError('cancelled'))
      const timer = setTimeout(() => refuse(new AppError('deadlineExceeded')), askedForWithinMs)
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.set(id, {
        fileName,
        contentType: contentTypeOf(fileName),
        start(stream) {
          give()
          body.resolve(stream)
        }
      })
      return downloadSink(`/download/${id}`, body.promise, refuse)
    }
  }
}

const contentTypeOf = (fileName: string): string =>
  fileName.endsWith('.csv') ? 'text/csv; charset=utf-8' : 'application/octet-stream'

function downloadSink(
  location: string,
  opened: Promise<Writable>,
  refuse: (error: AppError) => void
): ExportSink {
  let body: Writable | null = null
  let failure: AppError | null = null
  const fail = (error: unknown): void => {
    failure ??= error instanceof AppError ? error : new AppError('disconnected', { cause: error })
  }
  const ready = opened.then((stream) => {
    body = stream
    // The browser left before the end.
    stream.once('close', () => {
      if (!stream.writableFinished) fail(new AppError('disconnected'))
    })
    stream.on('error', fail)
  }, fail)
  const streamOrThrow = async (): Promise<Writable> => {
    await ready
    if (failure !== null) throw failure
    if (body === null) throw new AppError('disconnected')
    return body
  }
  return {
    kind: 'download',
    location,
    async write(bytes) {
      const stream = await streamOrThrow()
      // The stream may hold on to what it was given after there is room for more.
      if (!stream.write(Buffer.from(bytes))) await room(stream)
      if (failure !== null) throw failure
    },
    async finish() {
      const stream = await streamOrThrow()
      await new Promise<void>((resolve) => {
        stream.once('close', resolve)
        stream.end(resolve)
      })
      if (failure !== null) throw failure
    },
    async abort() {
      refuse(new AppError('cancelled'))
      // Cut off, so that the browser reports a failed download instead of keeping half a file.
      body?.destroy()
    }
  }
}

/** Resolves when there is room, or when there will never be. */
function room(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.once('drain', done)
    stream.once('close', done)
    if (stream.destroyed) done()
  })
}
