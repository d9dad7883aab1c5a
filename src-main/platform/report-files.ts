/** Reports on the disk: written beside their names and renamed when they are whole. */
import { createReadStream } from 'node:fs'
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { AppError } from '#contract/errors.ts'
import type { ReportFiles } from '../application/reports/report-desk.ts'
import { fileError, openFileSink } from './file-export-target.ts'

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export function diskReportFiles(defaultFolder: string): ReportFiles {
  return {
    defaultFolder,
    async check(folder) {
      await makeFolder(folder)
      const sink = await openFileSink(join(folder, 'virthelm-write-test'))
      await sink.write(Uint8Array.of(10))
      await sink.abort()
    },
    async write(folder, name, pieces) {
      await makeFolder(folder)
      return writeFile(pathIn(folder, name), pieces)
    },
    async withTemporary(pieces, work) {
      // Open to its owner only.
      const folder = await mkdtemp(join(tmpdir(), 'virthelm-report-'))
      try {
        const path = join(folder, 'report.html')
        await writeFile(path, pieces)
        return await work(path)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    async pathOf(folder, name) {
      const path = pathIn(folder, name)
      try {
        await access(path)
      } catch (cause) {
        throw goneFile(path, cause)
      }
      return path
    },
    async *read(folder, name) {
      const path = pathIn(folder, name)
      try {
        for await (const piece of createReadStream(path)) yield piece as Uint8Array
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw goneFile(path, error)
        throw error
      }
    },
    async remove(folder, name) {
      const path = pathIn(folder, name)
      try {
        await rm(path, { force: true })
      } catch (error) {
        throw fileError(error, path)
      }
    }
  }
}

/** A name of the archive is one plain name, whatever a damaged file says. */
const pathIn = (folder: string, name: string): string => join(folder, basename(name))

const goneFile = (path: string, cause: unknown): AppError =>
  new AppError('notFound', { params: { what: 'reportFile', path }, cause })

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw fileError(error, folder)
  }
}

async function writeFile(path: string, pieces: Pieces): Promise<number> {
  const sink = await openFileSink(path)
  let bytes = 0
  try {
    for await (const piece of pieces) {
      await sink.write(piece)
      bytes += piece.byteLength
    }
    await sink.finish()
  } catch (error) {
    await sink.abort()
    throw error
  }
  return bytes
}
