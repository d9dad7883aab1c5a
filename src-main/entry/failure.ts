/** Why the console could not start, in words: there is no window yet that could say it. */
import { AppError } from '#contract/errors.ts'

export function wordsOf(error: unknown): string {
  if (!(error instanceof AppError)) return error instanceof Error ? error.message : String(error)
  const { params } = error
  const path = String(params['path'] ?? params['folder'] ?? '')
  switch (error.code) {
    case 'dataFolderLocked':
      return `Another Virthelm uses this data folder${ofPath(path)}. Close it, or choose another with --data-dir.`
    case 'databaseNewer':
      return `The data${ofPath(path)} was written by a newer Virthelm. It was left untouched; please update.`
    case 'databaseOlder':
      return `The data${ofPath(path)} is still that of an older Virthelm. Start the console once to bring it up to date.`
    case 'databaseDamaged':
      return `The data${ofPath(path)} is damaged and could not be recovered. Nothing was deleted.`
    case 'diskFull':
      return diskFullWords(path, params['neededBytes'], params['freeBytes'])
    case 'fileNotWritable':
      return `Cannot write${ofPath(path)}.`
    case 'conflict':
      return `Port ${params['port'] ?? ''} is in use. Choose another with --port, or leave it out.`
    case 'refused':
      return `Port ${params['port'] ?? ''} cannot be used. Choose one above 1023, or leave --port out.`
    case 'notFound':
      return `There is no ${params['what'] === 'dataFolder' ? 'data folder' : 'file'} ${path}.`
    case 'backupInvalid':
      return `${path} cannot be restored: ${BACKUP_REASONS[String(params['reason'])] ?? 'it is no backup of Virthelm.'}`
    case 'secretsUnavailable':
      return keyFileWords(String(params['path'] ?? ''), String(params['reason'] ?? ''))
    default:
      return `Virthelm could not start: ${error.code}.`
  }
}

const BACKUP_REASONS: Readonly<Record<string, string>> = {
  cutOff: 'it ends too soon.',
  incomplete: 'a file is missing in it.',
  changed: 'a checksum in it does not match.',
  damaged: 'a database in it is damaged.',
  newer: 'it was made by a newer Virthelm.',
  underWay: 'an earlier restore is not finished. Start once without --restore.'
}

function diskFullWords(path: string, neededBytes: unknown, freeBytes: unknown): string {
  if (typeof neededBytes !== 'number' || typeof freeBytes !== 'number')
    return `The disk is full${ofPath(path)}.`
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`
  return `There is not enough room${ofPath(path)} for a copy of the data: ${mebibytes(neededBytes)} are needed, ${mebibytes(freeBytes)} are free. Nothing was changed.`
}

const ofPath = (path: string): string => (path === '' ? '' : ` (${path})`)

function keyFileWords(path: string, reason: string): string {
  switch (reason) {
    case 'readableByOthers':
      return `The key file ${path} can be read by others. Run: chmod 600 '${path}'`
    case 'foreignOwner':
      return `The key file ${path} belongs to another user.`
    case 'notAKey':
      return `${path} is not a key file of Virthelm. Name a file that does not exist yet to have one made.`
    case 'notAFile':
      return `${path} is not a file.`
    default:
      return `The key file ${path} cannot be read or made.`
  }
}
