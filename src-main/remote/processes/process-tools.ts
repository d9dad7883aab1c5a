/** Command lines, users, units and bytes of storage of processes: scripts beside the fast lane (docs/processes.md). */
import { AppError } from '#contract/errors.ts'
import type { ProcessTools } from '../../application/processes/process-tools.ts'
import type { Tools } from '../../application/telemetry/tools.ts'
import { IO_COMMAND } from '../../domain/processes/io-command.ts'
import { parseProcUptime } from '../../domain/metrics/proc-load.ts'
import {
  parseCommandLines,
  parseIo,
  parseMemoryTotal,
  parseUnits,
  parseUsers
} from '../../domain/processes/tool-texts.ts'

const DEADLINE_MS = 5_000
const TERMS_MAX_BYTES = 2 * 1024 * 1024
const COMMANDS_MAX_BYTES = 1024 * 1024
const IO_MAX_BYTES = 8 * 1024 * 1024

/** `KernelPageSize` is for systems without getconf (busybox). */
export const TERMS_SCRIPT = `grep -m 1 '^MemTotal:' /proc/meminfo
echo "page $(getconf PAGESIZE)"
echo "tick $(getconf CLK_TCK)"
grep -m 1 '^KernelPageSize:' /proc/self/smaps
echo users
head -n 20000 /etc/passwd | cut -d : -f 1-3`

/** Lines of one command line, and characters of each, that are read. */
const LINES = 40
const LINE_LENGTH = 1_200

/** One process for all. An old mawk ends a text at a NUL: it sees so in its own command line, and leaves it to others (exit code 3). */
const COMMAND_LINE_AWK = `BEGIN {
  f = "self/cmdline"
  getline l < f
  if (!gsub(/\\000/, "", l)) exit 3
  for (i = 1; i < ARGC; i++) {
    f = ARGV[i] "/cmdline"
    for (n = 0; n < ${LINES} && (getline l < f) > 0; n++) {
      gsub(/\\000/, "\\037", l)
      print f ":" substr(l, 1, ${LINE_LENGTH})
    }
    close(f)
  }
  exit 0
}`

/**
 * Each line stands behind the name of its file, so that no process can write into another's, and a file that is gone is passed
 * over. NULs between the arguments become U+001F. By mawk or gawk; else by grep, which takes three processes (busybox's cut ends a
 * line at a NUL, so that they become U+001F before anything). Tests also run what a server without an awk of these does.
 */
export const commandLinesScript = (
  pids: readonly number[],
  awks: readonly string[] = ['mawk', 'gawk']
): string => `cd /proc || exit
for A in ${awks.join(' ')}; do
  command -v $A >/dev/null || continue
  $A '${COMMAND_LINE_AWK}' ${pids.join(' ')} && exit
done
grep -s -a -H -m ${LINES} '' ${pids.map((pid) => `${pid}/cmdline`).join(' ')} /dev/null | tr '\\000' '\\037' | cut -b -${LINE_LENGTH}`

const IO_GREP = `grep -s -H -e ^read_b -e ^write_b [0-9]*/io`
const { program, args } = IO_COMMAND
/** With sudo where it lets us, else what the login user may read. */
export const ioScript = (sudo: '' | 'sudo -n '): string =>
  `cd /proc && read -r u r < uptime && echo "$u"
${sudo === '' ? IO_GREP : `V=$(${sudo}${program} ${args})\nif [ -n "$V" ]; then printf '%s\\n' "$V"; else ${IO_GREP}; fi`}
exit 0`

export const userNamesScript = (uids: readonly number[]): string =>
  `getent passwd ${uids.join(' ')} | cut -d : -f 1-3`

const digits = (numbers: readonly number[]): readonly number[] =>
  numbers.filter((number) => Number.isSafeInteger(number) && number >= 0)

async function text(tools: Tools, script: string, maxBytes: number, signal: AbortSignal): Promise<string> {
  return (await tools.run(script, { signal, deadlineMs: DEADLINE_MS, maxBytes })).stdout
}

export const processTools: ProcessTools = {
  async terms(tools, signal) {
    const answer = await text(tools, TERMS_SCRIPT, TERMS_MAX_BYTES, signal)
    const [facts = '', users = ''] = answer.split(/^users$/m)
    return {
      units: parseUnits(facts),
      memoryTotalBytes: parseMemoryTotal(facts),
      users: parseUsers(users)
    }
  },
  async userNames(tools, uids, signal) {
    return parseUsers(await text(tools, userNamesScript(digits(uids)), COMMANDS_MAX_BYTES, signal))
  },
  async commandLines(tools, pids, signal) {
    return parseCommandLines(await text(tools, commandLinesScript(digits(pids)), COMMANDS_MAX_BYTES, signal))
  },
  async io(tools, sudo, signal) {
    const answer = await text(tools, ioScript(sudo), IO_MAX_BYTES, signal)
    const uptimeSec = parseProcUptime(answer)
    if (uptimeSec === null)
      throw new AppError('protocolViolation', { params: { problem: 'io without uptime' } })
    return { uptimeSec, byPid: parseIo(answer) }
  }
}
