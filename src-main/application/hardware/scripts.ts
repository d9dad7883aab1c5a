/** The scripts of the hardware lanes; what they print is read by domain/hardware. */

/**
 * Disks, interfaces, counters. All of it by built-ins of the shell, but `ip` and one `readlink`-like subshell for each interface
 * that has a master. Text of the kernel's tables is cut off where it could be endless (routers have a million routes).
 */
export const PARTS_SCRIPT = `say() {
  v=
  read -r v < "$3"
  [ -n "$v" ] && printf '%s %s %s\\n' "$1" "$2" "$v"
}
copy() {
  c=0
  while [ $c -lt "$2" ] && IFS= read -r l; do
    c=$((c + 1))
    printf '%s %s\\n' "$1" "$l"
  done
}
for t in apt-get dnf yum zypper pacman apk; do
  if command -v $t >/dev/null; then echo "packages $t"; break; fi
done
for p in /sys/block/*; do
  n=\${p##*/}
  case $n in zram*) say zram "" "$p/mm_stat"; continue;; loop*|ram*|fd*|sr*|zd*|dm-*|md*) continue;; esac
  [ -d "$p" ] || continue
  set -- "$p"/slaves/*
  [ -e "$1" ] && continue
  say "disk $n" size "$p/size"
  say "disk $n" rotational "$p/queue/rotational"
  say "disk $n" removable "$p/removable"
  say "disk $n" scheduler "$p/queue/scheduler"
  say "disk $n" vendor "$p/device/vendor"
  say "disk $n" model "$p/device/model"
  [ -r "$p/device/name" ] && [ ! -r "$p/device/model" ] && say "disk $n" model "$p/device/name"
  if [ -r "$p/serial" ]; then say "disk $n" serial "$p/serial"; else say "disk $n" serial "$p/device/serial"; fi
  d=
  read -r d < "$p/dev"
  u=/run/udev/data/b$d
  if [ -r "$u" ]; then
    while read -r l; do
      case $l in E:ID_MODEL=*|E:ID_SERIAL_SHORT=*|E:ID_SCSI_SERIAL=*) printf 'disk %s udev %s\\n' "$n" "\${l#E:}";; esac
    done < "$u"
  fi
done
for p in /sys/class/net/*; do
  [ -d "$p" ] || continue
  n=\${p##*/}
  for a in ifindex operstate address mtu speed duplex; do say "link $n" $a "$p/$a"; done
  [ -e "$p/device" ] && echo "link $n device 1"
  if [ -e "$p/master" ]; then m=$(cd -P "$p/master" && pwd -P) && printf 'link %s master %s\\n' "$n" "\${m##*/}"; fi
  while read -r l; do
    case $l in DEVTYPE=*) printf 'link %s type %s\\n' "$n" "\${l#DEVTYPE=}";; esac
  done < "$p/uevent"
done
a=
if command -v ip >/dev/null; then a=$(ip -o addr show); fi
if [ -n "$a" ]; then
  printf '%s\\n' "$a" | copy addr 4096
else
  copy inet6 2048 < /proc/net/if_inet6
  copy trie 8192 < /proc/net/fib_trie
  copy route 2048 < /proc/net/route
fi
say boot "" /proc/sys/kernel/random/boot_id
say uptime "" /proc/uptime
copy dev 1100 < /proc/net/dev
`

/** Disks that have a device behind them, and the tool. */
export const SMART_LIST_SCRIPT = `for p in /sys/block/*; do
  [ -e "$p/device" ] && printf 'disk %s\\n' "\${p##*/}"
done
for t in apt-get dnf yum zypper pacman apk; do
  if command -v $t >/dev/null; then echo "packages $t"; break; fi
done
command -v smartctl >/dev/null && echo tool
exit 0
`

/**
 * Health of one disk. \`-n standby\` lets a sleeping one sleep. The order of the words is that of the line for sudoers.
 * @param device kernel name, already checked
 */
export const smartScript = (sudo: '' | 'sudo -n ', device: string): string =>
  `${sudo}smartctl --json -a -n standby /dev/${device} 2>&1`
