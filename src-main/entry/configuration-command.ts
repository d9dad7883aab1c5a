/** `npm run configuration`: the configuration file without the window. An export goes beside a running console, an import does not. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  ConfigurationSection,
  FilePassphrase,
  MAX_CONFIGURATION_FILE_BYTES,
  MIN_PASSPHRASE_LENGTH,
  type ImportChoice,
  type ImportPlan
} from '#contract/configuration-file.ts'
import { AppError } from '#contract/errors.ts'
import type { ConfigurationFiles } from '../application/configuration-file/configuration-files.ts'
import { openFileSink } from '../platform/file-export-target.ts'
import { OptionProblem, targetPath, type CommandOutput } from './command-line.ts'
import { wordsOf } from './failure.ts'

export const CONFIGURATION_USAGE = `Virthelm: carries servers, rules, channels and settings in one readable file, without journal and history.

Usage: npm run configuration -- export --out FILE [--force] [OPTIONS]
       npm run configuration -- import FILE [--replace --remove N] [--dry-run] [OPTIONS]

  --out FILE              where to write (JSON)
  --force                 write over a file that is there
  --replace               remove what is only here; else it stays
  --remove N              how many entries --replace will remove: see --dry-run
  --dry-run               say what would change, and change nothing
  --passphrase-file FILE  with passwords and tokens, sealed under the first line of FILE
  --secret-key-file FILE  the key file of the console: without it its passwords cannot be read or kept here
  --data-dir DIR          the data folder, when it is not the usual one
  --help                  this text

An export goes beside a running console; to import, close it first (or import in its window). Host keys that differ from pinned
ones are left as they are, and the layout of windows is neither written nor read here. Ends with 0 when it is done, 1 when it
could not be, 2 when the options are wrong.
`

export interface ConfigurationCommandDeps extends CommandOutput {
  readonly dataFolderOf: (chosen: string | null) => string
  /** Opens the data folder: to read it beside a console, or to write it. */
  readonly open: (options: {
    readonly dataFolder: string
    readonly secretKeyFile: string | null
    readonly readOnly: boolean
  }) => Promise<{ readonly files: ConfigurationFiles; close(): Promise<void> }>
}

const OPTIONS = {
  out: { type: 'string' },
  force: { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  remove: { type: 'string', default: '' },
  'dry-run': { type: 'boolean', default: false },
  'passphrase-file': { type: 'string' },
  'secret-key-file': { type: 'string' },
  'data-dir': { type: 'string' },
  help: { type: 'boolean', default: false }
} as const

/** Returns the exit code: 0 done, 1 not done, 2 wrong options. Never throws. */
export async function configurationCommand(
  args: readonly string[],
  deps: ConfigurationCommandDeps
): Promise<number> {
  try {
    const parsed = parse(args)
    if (parsed.values.help) {
      deps.stdout.write(CONFIGURATION_USAGE)
      return 0
    }
    await run(parsed, deps)
    return 0
  } catch (error) {
    const isUsage = error instanceof OptionProblem
    deps.stderr.write(`${isUsage ? error.message : configurationWords(error)}\n`)
    return isUsage ? 2 : 1
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new OptionProblem(
      `${error instanceof Error ? error.message : String(error)}\n\n${CONFIGURATION_USAGE}`
    )
  }
}

async function run(
  { values, positionals }: ReturnType<typeof parse>,
  deps: ConfigurationCommandDeps
): Promise<void> {
  const [what, path, ...rest] = positionals
  if ((what !== 'export' && what !== 'import') || rest.length > 0)
    throw new OptionProblem(`Say export or import.\n\n${CONFIGURATION_USAGE}`)
  const dataFolder = deps.dataFolderOf(values['data-dir'] ?? null)
  if (!existsSync(dataFolder)) throw new OptionProblem(`There is no data folder ${dataFolder}.`)
  const secretKeyFile = values['secret-key-file'] ?? null
  const passphrase = passphraseOf(values['passphrase-file'] ?? null, secretKeyFile)
  if (what === 'export') {
    if (path !== undefined || values.out === undefined || values.out === '')
      throw new OptionProblem('Where to? Give --out FILE.')
    const target = targetPath({ out: values.out, force: values.force, dataFolder })
    const opened = await deps.open({ dataFolder, secretKeyFile, readOnly: true })
    try {
      await writeExport(opened.files, { target, passphrase }, deps)
    } finally {
      await opened.close()
    }
    return
  }
  if (path === undefined) throw new OptionProblem('Which file? Name it: import FILE.')
  const text = textOf(path)
  const opened = await deps.open({ dataFolder, secretKeyFile, readOnly: values['dry-run'] })
  try {
    const mode = values.replace ? 'replace' : 'merge'
    const choice = { mode, remove: values.remove, isDry: values['dry-run'], passphrase } as const
    await takeImport(opened.files, text, choice, deps)
  } finally {
    await opened.close()
  }
}

async function writeExport(
  files: ConfigurationFiles,
  { target, passphrase }: { readonly target: string; readonly passphrase: string | null },
  { stderr }: CommandOutput
): Promise<void> {
  const { text, secrets } = await files.text(passphrase, null)
  const bytes = new TextEncoder().encode(text)
  const sink = await openFileSink(target)
  try {
    await sink.write(bytes)
    await sink.finish()
  } catch (error) {
    await sink.abort()
    throw error
  }
  stderr.write(`${bytes.byteLength} bytes, ${secrets} secrets in ${target}\n`)
}

async function takeImport(
  files: ConfigurationFiles,
  text: string,
  given: {
    readonly mode: ImportChoice['mode']
    readonly remove: string
    readonly isDry: boolean
    readonly passphrase: string | null
  },
  { stdout }: CommandOutput
): Promise<void> {
  const { importId } = files.check(text)
  if (given.passphrase !== null) await files.unlock(importId, given.passphrase)
  const sections = ConfigurationSection.options.filter((section) => section !== 'layout')
  const choice: ImportChoice = { importId, mode: given.mode, sections, acceptedKeys: [], layout: {} }
  const plan = await files.plan(choice)
  stdout.write(planLines(plan, given.mode))
  if (given.isDry) return
  const { copyPath } = await files.apply({ ...choice, digest: plan.digest, typedCount: given.remove })
  stdout.write(`Imported. What was here before is in ${copyPath}\n`)
}

/** A line per part, a line per entry that is new, changed, removed or left out. */
function planLines({ sections, removals }: ImportPlan, mode: ImportChoice['mode']): string {
  const lines = sections
    .filter(({ section }) => section !== 'layout')
    .flatMap(({ section, counts, entries }) => [
      `${section}: ${Object.entries(counts)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', ')}`,
      ...entries.map(({ kind, name, preset, key, cautions }) => {
        const word = kind === 'onlyHere' && mode === 'replace' ? 'removed' : kind
        const notes = cautions.length > 0 ? ` (${cautions.join(', ')})` : ''
        return `  ${word} ${printable(name || preset || key)}${notes}`
      })
    ])
  return `${[...lines, ...(removals > 0 ? [`removals: ${removals}`] : [])].join('\n')}\n`
}

/** Names come from a file: nothing in them moves the cursor. */
const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?')

function textOf(file: string): string {
  const path = resolve(file)
  if (!existsSync(path) || !statSync(path).isFile()) throw new OptionProblem(`There is no file ${path}.`)
  if (statSync(path).size > MAX_CONFIGURATION_FILE_BYTES)
    throw new AppError('configurationFileInvalid', { params: { fault: 'tooLarge' } })
  return readFileSync(path, 'utf8')
}

function passphraseOf(file: string | null, secretKeyFile: string | null): string | null {
  if (file === null) return null
  if (secretKeyFile === null)
    throw new OptionProblem(
      'Passwords can be read and kept here with --secret-key-file only. For those of a desktop’s keychain use its window.'
    )
  const path = resolve(file)
  if (!existsSync(path) || !statSync(path).isFile()) throw new OptionProblem(`There is no file ${path}.`)
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
    throw new OptionProblem(`The passphrase file ${path} can be read by others. Run: chmod 600 '${path}'`)
  const [line = ''] = readFileSync(path, 'utf8').split(/\r?\n/)
  if (!FilePassphrase.safeParse(line).success)
    throw new OptionProblem(
      `The first line of ${path} must have at least ${MIN_PASSPHRASE_LENGTH} characters.`
    )
  return line
}

function configurationWords(error: unknown): string {
  if (!(error instanceof AppError)) return wordsOf(error)
  const { params } = error
  switch (error.code) {
    case 'configurationFileInvalid':
      return `The file is refused (${String(params['fault'])}${params['part'] === undefined ? '' : `, ${printable(String(params['part']))}`}). Nothing was changed.`
    case 'configurationFileNewer':
      return 'The file was made by a newer Virthelm. Nothing was changed.'
    case 'configurationFilePassphrase':
      return 'The passphrase does not open the secrets of the file. Nothing was changed.'
    case 'refused':
      return `--replace would remove ${String(params['count'])} entries: give --remove ${String(params['count'])}. Nothing was changed.`
    case 'conflict':
    case 'planChanged':
      return 'Something was changed in the meantime. Nothing was imported; try again.'
    default:
      return wordsOf(error)
  }
}
