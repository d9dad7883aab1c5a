/** What the commands without a window share: problems in words, the path to write to, a line of progress. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'

export interface CommandOutput {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

/** What is wrong with the options, in words: exit code 2. */
export class OptionProblem extends Error {}

/**
 * The full path to write to. Throws OptionProblem when its folder is not there, when it lies in the data folder (no
 * command writes over the console's own files), or when something is there already and `force` is not given.
 */
export function targetPath(options: {
  readonly out: string
  readonly force: boolean
  readonly dataFolder: string
}): string {
  const { out, force, dataFolder } = options
  const path = resolve(out)
  const folder = dirname(path)
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new OptionProblem(`There is no folder ${folder}.`)
  const real = join(realpathSync(folder), basename(path))
  if (existsSync(dataFolder)) {
    const within = relative(realpathSync(dataFolder), real)
    // On another drive the way is a full path.
    if (within !== '..' && !within.startsWith(`..${sep}`) && resolve(within) !== within)
      throw new OptionProblem(`${path} lies in the data folder. Choose another place.`)
  }
  if (!existsSync(path)) return path
  if (statSync(path).isDirectory()) throw new OptionProblem(`${path} is a folder. Name a file.`)
  if (!force) throw new OptionProblem(`${path} is there already. Name another file, or add --force.`)
  return path
}

export interface ProgressLine {
  readonly show: (doneRatio: number | null, what: string) => void
  readonly clear: () => void
}

/** One line that is written over, on a terminal only. */
export function progressLine(stderr: CommandOutput['stderr']): ProgressLine {
  let shown = ''
  const put = (text: string): void => {
    if (stderr.isTTY !== true || text === shown) return
    stderr.write(`\r${text.padEnd(shown.length)}${text === '' ? '\r' : ''}`)
    shown = text
  }
  return {
    show: (doneRatio, what) =>
      put([doneRatio === null ? '' : `${Math.floor(doneRatio * 100)} %`, what].filter(Boolean).join(', ')),
    clear: () => put('')
  }
}
