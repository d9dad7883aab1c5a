/** Reads a server's place in its network from /sys and /proc; ethtool is asked whether an interface wakes, where it is there. */
import type { ToolAsk } from '../../application/ports/port-access.ts'
import { parseLan, type LanNic } from '../../domain/wake/lan.ts'

const DEADLINE_MS = 15_000
const MAX_NICS = 64

export const lanScript = (sudo: string): string => `
n=0
for p in /sys/class/net/*; do
  [ -e "$p/address" ] || continue
  n=$((n+1)); [ $n -gt ${MAX_NICS} ] && break
  d=0; a=-; w=-
  [ -e "$p/device" ] && d=1
  read -r a < "$p/address"
  read -r w < "$p/device/power/wakeup"
  echo "nic \${p##*/} $d \${a:--} \${w:--}"
  if [ $d = 1 ] && command -v ethtool >/dev/null; then
    ${sudo}ethtool "\${p##*/}" | while read -r k v; do
      case $k in
        Supports) case $v in 'Wake-on: '*) echo "wol \${p##*/} \${v#*: } -";; esac;;
        Wake-on:) echo "wol \${p##*/} - $v";;
      esac
    done
  fi
done
n=0
while [ $n -lt 2000 ] && read -r i t g f r u m k rest; do
  n=$((n+1))
  case $i in Iface) ;; *) echo "route $i $t $g $k";; esac
done < /proc/net/route
l=
n=0
while [ $n -lt 20000 ] && read -r a b c; do
  n=$((n+1))
  case "$a $b $c" in
    "|-- "*) l=$b;;
    "/32 host LOCAL") case $l in 127.*) ;; *) echo "local $l";; esac;;
  esac
done < /proc/net/fib_trie
:`

export async function readLan({ tools, sudo, signal }: ToolAsk): Promise<LanNic[]> {
  const { stdout } = await tools.run(lanScript(sudo), { signal, deadlineMs: DEADLINE_MS })
  return parseLan(stdout)
}
