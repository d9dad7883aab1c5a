/**
 * Reads what listens: the kernel's tables, and who holds the sockets of them. POSIX sh. Forks once for each table, once for
 * `ls` over the processes' open files (which shows those of the login user; with sudo all of them), once for ss, where it is
 * there: it alone tells the control group of a socket, also to users who may not look into the process.
 */
import { parseListening, type Listening } from '../../domain/ports/listeners.ts'
import { AppError } from '#contract/errors.ts'
import type { ToolAsk } from '../../application/ports/port-access.ts'

/** More sockets of one table are not read. */
const MAX_ROWS = 2_000
const MAX_BYTES = 1024 * 1024
const DEADLINE_MS = 20_000

/** Numbers of /proc/sys come whole only to who reads them at once: `cat`, and not the `read` of a shell, which takes a byte at a time. */
export const listeningScript = (sudo: string): string => `
rows=$(for f in tcp tcp6 udp udp6; do
  [ -r /proc/net/$f ] || continue
  case $f in tcp*) s=0A;; *) s=07;; esac
  grep -E "^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:[0-9A-F]+ $s " /proc/net/$f | head -n ${MAX_ROWS} | while read -r l; do echo "$f $l"; done
done)
[ -r /proc/net/tcp ] && echo tables
printf '%s\\n' "$rows"
p=$(cat /proc/sys/net/ipv4/ip_local_port_range) && echo "ports $p"
n=0
while [ $n -lt 2000 ] && IFS=: read -r u x i rest; do n=$((n+1)); echo "user $u $i"; done < /etc/passwd
inodes=" $(printf '%s\\n' "$rows" | while read -r f sl l r st q tr re u t i rest; do printf '%s ' "$i"; done)"
if [ "$(id -u)" = 0 ]; then echo 'seen root'; d='ls -l /proc/[0-9]*/fd'
elif [ -n '${sudo}' ] && ${sudo}ls / >/dev/null; then echo 'seen root'; d='${sudo}ls -l /proc/[0-9]*/fd'
else echo 'seen own'; d='ls -l /proc/[0-9]*/fd'; fi
eval "$d" | grep -E '^/proc/[0-9]+/fd:|socket:\\[' | while read -r l; do
  case $l in
    /proc/*) p=\${l#/proc/}; p=\${p%/fd:}; c=;;
    *)
      i=\${l##*socket:\\[}; i=\${i%\\]*}
      case $inodes in
        *" $i "*)
          if [ -z "$c" ]; then c=1; n=; read -r n < /proc/$p/comm && echo "comm $p $n"; fi
          echo "fd $p $i";;
      esac;;
  esac
done
command -v ss >/dev/null && ss -H -tulne | head -n ${2 * MAX_ROWS} | while read -r l; do
  case $l in
    *" ino:"*" cgroup:"*)
      i=\${l##* ino:}; i=\${i%% *}
      g=\${l##* cgroup:}; g=\${g%% *}
      echo "unit $i $g";;
  esac
done
:`

/** Throws protocolViolation when not one table could be read, and as `Tools.run` does. */
export async function readListening({ tools, sudo, signal }: ToolAsk): Promise<Listening> {
  const { stdout } = await tools.run(listeningScript(sudo), {
    signal,
    deadlineMs: DEADLINE_MS,
    maxBytes: MAX_BYTES
  })
  const listening = parseListening(stdout)
  if (!listening.read) throw new AppError('protocolViolation', { params: { subject: 'listening' } })
  return listening
}
