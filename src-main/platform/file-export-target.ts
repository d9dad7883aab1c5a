/** The desktop's exports: the operator says where, the file grows beside it and takes its name when it is whole. */
import { randomUUID } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AppError } from '#contract/errors.ts'
import type { ExportSink, ExportTarget } from '../application/platform/platform.ts'

/** `askWhere` gives the full path, or null when the operator cancelled. */
export function fileExportTarget(askWhere: (fileName: string) => Promise<string | null>): ExportTarget {
  return {
    async open(fileName, signal) {
      const path = await askWhere(fileName)
      signal.throwIfAborted()
      return path === null ? null : openFileSink(path)
    }
  }
}

/** Throws diskFull or fileNotWritable with the path, as do all methods of the sink. */
export async function openFileSink(path: string): Promise<ExportSink> {
  const part = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.part`)
  const orFail = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw fileError(error, path)
    }
  }
  const file: FileHandle = await orFail(open(part, 'wx'))
  let isOpen = true
  const close = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await file.close()
  }
  return {
    kind: 'file',
    location: path,
    write: (bytes) => orFail(file.writeFile(bytes)),
    finish: () =>
      orFail(
        (async () => {
          await file.sync()
          await close()
          await rename(part, path)
        })()
      ),
    abort: () =>
      orFail(
        (async () => {
          await close()
          await rm(part, { force: true })
        })()
      )
  }
}

/** diskFull, or else fileNotWritable; both with the path. */
export function fileError(error: unknown, path: string): AppError {
  const { code } = error as NodeJS.ErrnoException
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new AppError(isFull ? 'diskFull' : 'fileNotWritable', {
    params: { path },
    retryable: true,
    cause: error
  })
}
