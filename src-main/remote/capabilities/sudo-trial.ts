/** Tries what `sudo -n` runs on a server (domain/capabilities/sudo.ts says what is made of it). Never asks for a password. */
import type { SudoProbe } from '../../application/capabilities/sudo-lane.ts'
import { parseSudoTrial, SUDO_FOLDERS, type SudoCommand } from '../../domain/capabilities/sudo.ts'
import { quote } from '../ssh/quote.ts'

const DEADLINE_MS = 30_000
const MAX_BYTES = 16 * 1024

/**
 * Where not everything is allowed, the commands themselves are tried: `sudo -l` also names what needs a password. One that
 * failed without a word of sudo's (but that it cannot find the host's own name) did run.
 */
const script = (commands: readonly SudoCommand[]): string => `
if [ "$(id -u)" = 0 ]; then echo root; fi
command -v sudo >/dev/null || exit 0
echo sudo
if sudo -n true </dev/null >/dev/null 2>&1; then echo all; fi
try() {
  for d in ${SUDO_FOLDERS.join(' ')}; do
    if [ -x "$d/$2" ]; then
      echo "found $1 $d/$2"
      if m=$(sudo -n "$d/$2" $3 </dev/null 2>&1 >/dev/null); then echo "runs $1"; return; fi
      case $(printf '%s\\n' "$m" | sed '/unable to resolve host/d') in
        sudo:*|Sorry*|*'not in the sudoers'*|*'not allowed'*|"I'm sorry"*) ;;
        *) echo "runs $1";;
      esac
      return
    fi
  done
}
${commands.map(tryLine).join('\n')}
:`

const tryLine = ({ program, args, trial }: SudoCommand, index: number): string =>
  `try ${index} ${quote(program)} ${quote(args ?? trial ?? '--version')}`

export const trySudo: SudoProbe = async (tools, commands, signal) => {
  const { stdout } = await tools.run(script(commands), {
    signal,
    deadlineMs: DEADLINE_MS,
    maxBytes: MAX_BYTES
  })
  return parseSudoTrial(stdout, commands)
}
