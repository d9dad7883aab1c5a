/** `npm run backup`: the whole data folder into one file, without the window, also while a console runs. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { AppError } from '#contract/errors.ts'
import type { DataArchive } from '../application/backup/data-archive.ts'
import { openFileSink } from '../platform/file-export-target.ts'
import { OptionProblem, progressLine, targetPath, type CommandOutput } from './command-line.ts'
import { wordsOf } from './failure.ts'

export const BACKUP_USAGE = `Virthelm: copies servers, settings, journal and history into one file, also while a console runs.

Usage: npm run backup -- --out FILE [--force] [--data-dir DIR]

  --out FILE        where to write (a tar archive)
  --force           write over a file that is there
  --data-dir DIR    the data folder, when it is not the usual one
  --help            this text

To restore it: npm start -- --restore FILE. Ends with 0 when the file is written, 1 when it could not be, 2 when the
options are wrong.
`

export interface BackupCommandDeps extends CommandOutput {
  readonly openArchive: (folders: { dataFolder: string; workFolder: string }) => DataArchive
  readonly dataFolderOf: (chosen: string | null) => string
  /** Aborted when the operator interrupts. */
  readonly signal: AbortSignal
}

/** Returns the exit code: 0 written, 1 not written, 2 wrong options. Never throws. */
export async function backupCommand(args: readonly string[], deps: BackupCommandDeps): Promise<number> {
  try {
    const { values } = parse(args)
    if (values.help) {
      deps.stdout.write(BACKUP_USAGE)
      return 0
    }
    if (values.out === undefined || values.out === '') throw new OptionProblem('Where to? Give --out FILE.')
    await run(
      { out: values.out, force: values.force, dataFolder: deps.dataFolderOf(values['data-dir'] ?? null) },
      deps
    )
    return 0
  } catch (error) {
    if (error instanceof OptionProblem) {
      deps.stderr.write(`${error.message}\n`)
      return 2
    }
    const isInterrupted = error instanceof AppError && error.code === 'cancelled'
    deps.stderr.write(`${isInterrupted ? 'Interrupted; nothing was written.' : wordsOf(error)}\n`)
    return 1
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        out: { type: 'string' },
        force: { type: 'boolean', default: false },
        'data-dir': { type: 'string' },
        help: { type: 'boolean', default: false }
      }
    })
  } catch (error) {
    throw new OptionProblem(`${error instanceof Error ? error.message : String(error)}\n\n${BACKUP_USAGE}`)
  }
}

async function run(
  options: { readonly out: string; readonly force: boolean; readonly dataFolder: string },
  { openArchive, signal, stderr }: BackupCommandDeps
): Promise<void> {
  const { dataFolder } = options
  const path = targetPath(options)
  if (!existsSync(dataFolder)) throw new OptionProblem(`There is no data folder ${dataFolder}.`)
  const line = progressLine(stderr)
  const archive = openArchive({ dataFolder, workFolder: dirname(path) })
  const copy = await archive.copy({ signal, progress: (ratio) => line.show(ratio, 'copying') })
  try {
    const sink = await openFileSink(path)
    try {
      let written = 0
      for await (const piece of copy.pieces()) {
        if (signal.aborted) throw new AppError('cancelled')
        await sink.write(piece)
        written += piece.byteLength
        line.show(written / copy.archiveBytes, 'writing')
      }
      await sink.finish()
    } catch (error) {
      await sink.abort()
      throw error
    }
    line.clear()
    stderr.write(`${copy.archiveBytes} bytes, ${copy.manifest.serverCount} servers in ${path}\n`)
  } finally {
    line.clear()
    await copy.discard()
  }
}
