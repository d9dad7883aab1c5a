/**
 * `sudo -n` for what the login user may not read: which commands that is, the line of sudoers that allows exactly them, and
 * what a trial of them says. Pure.
 */

/** A command that a lane puts `sudo -n ` before. All of it is constant. */
export interface SudoCommand {
  /** Looked for in the folders of `SUDO_FOLDERS`, where only root can put programs. */
  readonly program: string
  /** Exactly these arguments; null = any, for a lane that adds a disk's name. No wildcards: in sudoers they match blanks too. */
  readonly args: string | null
  /** Arguments that only ask the program for its version, to try a command with any arguments. */
  readonly trial?: string
}

/** In the order in which sudo itself looks. */
export const SUDO_FOLDERS = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin'
] as const

export interface SudoTrial {
  /** The login user is root. */
  readonly isRoot: boolean
  readonly hasSudo: boolean
  /** `sudo -n true` ran: everything is allowed. */
  readonly allowsAll: boolean
  /** Commands whose program is on the server, with its path, and whether sudo ran it. */
  readonly commands: readonly {
    readonly command: SudoCommand
    readonly path: string
    readonly runs: boolean
  }[]
}

export type SudoState =
  | { readonly works: true; readonly cause: null; readonly fix: null }
  | {
      readonly works: false
      readonly cause: 'toolMissing' | 'permissionDenied'
      readonly fix: string | null
    }

const WORKS = { works: true, cause: null, fix: null } as const
const INSTALL = "su -c 'apt-get install -y sudo'"

export function sudoState(trial: SudoTrial): SudoState {
  if (trial.isRoot) return WORKS
  if (!trial.hasSudo) return { works: false, cause: 'toolMissing', fix: INSTALL }
  if (trial.allowsAll) return WORKS
  if (trial.commands.length > 0 && trial.commands.every(({ runs }) => runs)) return WORKS
  return { works: false, cause: 'permissionDenied', fix: sudoersFix(trial.commands) }
}

/** Characters that sudoers gives a meaning of its own within arguments. */
const escapedArgs = (args: string): string => args.replaceAll(/[\\,:=]/g, '\\$&')

const allowed = ({ command, path }: SudoTrial['commands'][number]): string =>
  command.args === null ? path : `${path} ${escapedArgs(command.args)}`

/**
 * One line to run on the server, by somebody who may. visudo checks it before it counts: a wrong line would lock sudo.
 * null where none of the programs is there: then there is nothing to allow.
 * @param file that of a line for one capability alone is its own, so that neither takes the other away
 */
export function sudoersFix(
  commands: SudoTrial['commands'],
  file: 'virthelm' | `virthelm-${string}` = 'virthelm'
): string | null {
  const list = [...new Set(commands.map(allowed))].sort()
  if (list.length === 0) return null
  const line = `$USER ALL=(root) NOPASSWD: ${list.join(', ')}`
  return `echo "${line.replaceAll('\\', '\\\\')}" | sudo EDITOR=tee visudo -f /etc/sudoers.d/${file}`
}

/**
 * Lines of the trial: `root`, `sudo`, `all`, `found INDEX PATH`, `runs INDEX`. A path counts only when it is one of our own
 * folders with the program's name: nothing of the server gets into a line to copy.
 */
export function parseSudoTrial(text: string, asked: readonly SudoCommand[]): SudoTrial {
  const said = new Set<string>()
  const paths = new Map<number, string>()
  for (const line of text.split('\n', 1_000)) {
    const [, index, path] = /^found (\d{1,3}) (\S{1,200})$/.exec(line) ?? []
    const command = index === undefined ? undefined : asked[Number(index)]
    if (command === undefined) said.add(line)
    else if (SUDO_FOLDERS.some((folder) => path === `${folder}/${command.program}`)) {
      paths.set(Number(index), path as string)
    }
  }
  return {
    isRoot: said.has('root'),
    hasSudo: said.has('sudo'),
    allowsAll: said.has('all'),
    commands: asked.flatMap((command, index) => {
      const path = paths.get(index)
      return path === undefined ? [] : [{ command, path, runs: said.has(`runs ${index}`) }]
    })
  }
}
