/**
 * The constant scripts of the `sampler` and `mounts` lanes: POSIX sh for bash, dash and busybox ash. `$M` is the marker.
 * No parameter ever enters them. What runs with every tick is one `cat`; everything else there is built into the shell.
 */
import { FRAME_FILES, SEPARATOR_FILE } from '../../domain/metrics/frame.ts'
import { RESIDENT_READER } from './resident-reader.ts'
import { PACKAGE_MANAGERS } from '../../domain/metrics/system-facts.ts'

const PREPARE = `exec 2>/dev/null
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
unset CDPATH ENV
`

/**
 * \`i\`: what the server has, by built-ins and one \`date\`, once a minute. Also finds the files of the frames.
 * Flags are the results of \`[ -e … ]\`, 1 for yes.
 */
const INVENTORY = `yes() { if [ -e "$1" ]; then y=1; else y=0; fi; }
find_files() {
  F=
  set --
  for f in ${FRAME_FILES.join(' ')}; do
    if [ -r "$f" ]; then
      if [ -n "$F" ]; then F="$F ${SEPARATOR_FILE}"; fi
      F="$F $f"
      set -- "$@" "$f"
    fi
  done
  echo "files $*"
}
inventory() {
  physical=0
  for p in /sys/class/net/*; do
    [ -d "$p" ] || continue
    i=-
    read -r i < "$p/ifindex"
    yes "$p/device"; d=$y
    yes "$p/master"; m=$y
    yes "$p/master/device"; u=$y
    [ $d = 1 ] && physical=1
    printf 'net %s %s %s %s %s\\n' "\${p##*/}" "$i" $d $m $u
  done
  for p in /sys/block/*; do
    [ -d "$p" ] || continue
    n=- s=0
    read -r n < "$p/dev"
    read -r s < "$p/size"
    yes "$p/device"; d=$y
    set -- "$p"/slaves/*
    yes "$1"
    printf 'blk %s %s %s %s %s\\n' "\${p##*/}" "$n" $d $y "$s"
  done
  if [ $physical = 0 ]; then
    c=0
    while [ $c -lt 500 ] && read -r i t g r; do
      c=$((c + 1))
      if [ "$t" = 00000000 ]; then printf 'route %s\\n' "$i"; break; fi
    done < /proc/net/route
  fi
  c=0
  while [ $c -lt 500 ] && read -r a b c2 root point rest; do
    c=$((c + 1))
    if [ "$point" = /proc/meminfo ]; then echo lxcfs; break; fi
  done < /proc/self/mountinfo
  read -r k < /proc/sys/kernel/osrelease
  printf 'kernel %s\\n' "$k"
  find_files
  date '+time %s %N'
}
`

/**
 * \`f\`: once per connection. Each fact is announced by a line \`<marker> fact <name>\`. Files of one line are read by the shell
 * itself; a process is started only where a whole file is wanted.
 */
const FACTS = `fact() { printf '\\n%s fact %s\\n' "$M" "$1"; }
show() { fact "$1"; [ -r "$2" ] && cat "$2"; }
line() { fact "$1"; v=; [ -r "$2" ] && IFS= read -r v < "$2"; printf '%s\\n' "$v"; }
routes() {
  c=0
  while [ $c -lt 500 ] && read -r i t g f r u m k x; do
    c=$((c + 1))
    if [ "$t" = 00000000 ]; then printf '4 %s %s %s %s %s\\n' "$i" "$k" "$g" "$f" "$m"; fi
  done < /proc/net/route
  c=0
  while [ $c -lt 500 ] && read -r t l s n g m r u f i; do
    c=$((c + 1))
    if [ "$t $l" = "00000000000000000000000000000000 00" ]; then printf '6 %s - %s %s %s\\n' "$i" "$g" "$f" "$m"; fi
  done < /proc/net/ipv6_route
}
name_servers() {
  fact "$1"
  c=0
  [ -r "$2" ] && while [ $c -lt 200 ] && read -r k v x; do
    c=$((c + 1))
    if [ "$k" = nameserver ]; then printf '%s\\n' "$v"; fi
  done < "$2"
}
facts() {
  line hostname /proc/sys/kernel/hostname
  line ostype /proc/sys/kernel/ostype
  line osrelease /proc/sys/kernel/osrelease
  fact machine; uname -m
  if [ -r /etc/os-release ]; then show os-release /etc/os-release; else show os-release /usr/lib/os-release; fi
  for f in /etc/redhat-release /etc/alpine-release /etc/debian_version; do
    if [ -r "$f" ]; then line release-file "$f"; break; fi
  done
  line uptime /proc/uptime
  fact meminfo; grep '^MemTotal:' /proc/meminfo
  fact cpuinfo
  grep -E '^(processor|model name|Model|cpu|Hardware|uarch|physical id|core id)[[:space:]]*:' /proc/cpuinfo
  grep -m 1 '^flags' /proc/cpuinfo
  fact topology
  for p in /sys/devices/system/cpu/cpu[0-9]*; do
    if [ -r "$p/topology/core_id" ]; then
      s=0 n=0
      read -r s < "$p/topology/physical_package_id"
      read -r n < "$p/topology/core_id"
      echo "cpu $s $n"
    fi
  done
  line sys-vendor /sys/class/dmi/id/sys_vendor
  line product-name /sys/class/dmi/id/product_name
  line board-vendor /sys/class/dmi/id/board_vendor
  line board-name /sys/class/dmi/id/board_name
  line bios-vendor /sys/class/dmi/id/bios_vendor
  line bios-version /sys/class/dmi/id/bios_version
  line bios-date /sys/class/dmi/id/bios_date
  show device-tree /proc/device-tree/model
  fact detect-virt; command -v systemd-detect-virt >/dev/null && systemd-detect-virt
  fact container
  if [ -r /run/systemd/container ]; then cat /run/systemd/container
  elif [ -e /.dockerenv ]; then echo docker
  elif [ -e /run/.containerenv ]; then echo podman
  fi
  fact login-shell; printf '%s\\n' "$SHELL"
  fact time-zone; if [ -e /etc/localtime ]; then readlink /etc/localtime; else echo none; fi
  if [ -r /etc/timezone ]; then line time-zone-name /etc/timezone; else line time-zone-name /etc/TZ; fi
  fact routes; routes
  name_servers name-servers /etc/resolv.conf
  name_servers name-servers-resolved /run/systemd/resolve/resolv.conf
  fact package-manager
  for f in ${PACKAGE_MANAGERS.join(' ')}; do
    if command -v "$f" >/dev/null; then echo "$f"; break; fi
  done
  if [ -d /run/systemd/system ]; then fact init; echo systemd
  elif [ -d /run/openrc ]; then fact init; echo openrc
  else line init /proc/1/comm
  fi
}
`

/**
 * What is read again and again. With a resident reader (`$A`) the shell only tells it what to read. Without one, a frame is
 * gathered first and written at once: sshd would wake, seal and send for each of the files otherwise; and processes are read by
 * `grep`, which gathers by itself. `[0-9]*` lists the pids by built-ins; /proc is the working folder.
 */
const READERS = `frame() {
  if [ -n "$A" ]; then echo "s $1 $F"; return; fi
  V=$(cat $F)
  printf '%s begin %s\\n%s\\n\\n%s end %s\\n' "$M" "$1" "$V" "$M" "$1"
}
processes() {
  if [ -n "$A" ]; then set -- "$1 $2" [0-9]*; echo "$*"; return; fi
  read -r u < /proc/uptime
  printf '%s begin %s\\nall\\n%s\\n' "$M" "$2" "$u"
  grep -h '' [0-9]*/stat
  printf '\\n%s end %s\\n' "$M" "$2"
}
statuses() {
  case $2 in *[!0-9,]*) return;; esac
  Q=$1
  IFS=,
  set -- $2
  unset IFS
  if [ -n "$A" ]; then echo "u $Q $*"; return; fi
  L=
  for p; do L="$L $p/status"; done
  printf '%s begin %s\\n' "$M" "$Q"
  grep -h -E '^(Pid|Uid|VmSwap):' $L /dev/null
  printf '\\n%s end %s\\n' "$M" "$Q"
}
`

/** Tests and benchmarks also run what a server without mawk and gawk does. */
export function samplerScript(reader: 'resident' | 'none'): string {
  const find = `if command -v mawk; then A='mawk -W interactive'; elif command -v gawk; then A=gawk; fi >/dev/null\n`
  return `${PREPARE}${INVENTORY}${FACTS}${READERS}find_files >/dev/null
cd /proc
exec 3>&1
A=
${reader === 'resident' ? find : ''}R='${RESIDENT_READER}'
requests() {
  while read -r O Q; do
    case $O in
      s) frame "$Q";;
      p|P) processes "$O" "$Q";;
      u:*) statuses "$Q" "\${O#u:}";;
      i) { printf '%s begin %s\\n' "$M" "$Q"; inventory; printf '\\n%s end %s\\n' "$M" "$Q"; } >&3;;
      f) { printf '%s begin %s\\n' "$M" "$Q"; facts; printf '\\n%s end %s\\n' "$M" "$Q"; } >&3;;
    esac
  done
}
{ printf '\\n%s ready\\n' "$M"
if [ -n "$A" ]; then requests | M=$M $A "$R"; else requests; fi; }`
}

/**
 * The loop: `s` a frame, `i` the inventory, `f` the facts, `p` processes (`P`: changed or not), `u:PID,PID` users of processes.
 * It ends with its stdin, so nothing stays behind.
 * `find_files` runs once before, so that a frame can be asked for at any time. "ready" is said from inside the same compound
 * command as the loop: a shell reads that to its end before it runs any of it, so that it cannot take a request for script.
 * Requests come one at a time: the shell (by fd 3, past the reader) and the reader never write into each other's answers.
 */
export const SAMPLER_SCRIPT = samplerScript('resident')

/**
 * The lane of file systems. \`m\`: mountinfo, df of the local ones, and which network ones are being asked. Each of those is
 * asked in the background, bounded, after the frame, and answers when it can with a line of its own: \`net ID DF-LINE\`. One
 * that has not come back is not asked again, so that a dead server holds at most one process per mount.
 */
export const MOUNTS_SCRIPT = mountsScript('/proc/self/mountinfo')

/** Only tests read another mountinfo. */
export function mountsScript(mountinfoFile: '/proc/self/mountinfo' | `/tmp/${string}`): string {
  return `${PREPARE}T=
command -v timeout >/dev/null && timeout -k 1 5 true && T='timeout -k 1 5'
decode() {
  case $1 in
    *\\\\*) v=$(printf '%b.' "$(printf '%s' "$1" | sed 's/\\\\\\([0-7][0-7][0-7]\\)/\\\\0\\1/g')"); v=\${v%.};;
    *) v=$1;;
  esac
}
part() { printf '\\n%s part %s\\n' "$M" "$1"; }
ask() {
  line=$($T df -P -k "$2" | tail -n 1)
  printf '%s net %s %s\\n' "$M" "$1" "$line"
}
mounts() {
  N=
  set --
  c=0
  while [ $c -lt 4096 ] && read -r id parent device root point rest; do
    c=$((c + 1))
    t=\${rest#*- }
    t=\${t%% *}
    case $id in ''|*[!0-9]*) continue;; esac
    case $t in
      nfs|nfs4|cifs|smb3|smbfs|ncpfs|afs|coda|9p|ceph|lustre|gpfs|glusterfs|beegfs|orangefs|pvfs2|davfs|acfs|fuse|fuse.*)
        N="$N $id"
        decode "$point"
        eval "point_$id=\\$v";;
      ext[234]|xfs|btrfs|zfs|bcachefs|f2fs|jfs|nilfs2|reiserfs|reiser4|vfat|msdos|exfat|ntfs|ntfs3|fuseblk|hfs|hfsplus|ufs|ocfs2|gfs2|ubifs|jffs2|minix|vmfs*)
        decode "$point"
        set -- "$@" "$v";;
      *)
        [ "$point" = / ] && [ "$t" != rootfs ] && set -- "$@" /;;
    esac
  done < ${mountinfoFile}
  part mountinfo
  cat ${mountinfoFile}
  part space
  if [ $# -gt 0 ]; then df -P -k "$@"; fi
  part inodes
  if [ $# -gt 0 ]; then df -P -i "$@"; fi
  part network
  A=
  for id in $N; do
    eval "pid=\\$pid_$id"
    w=
    x=
    if [ -n "$pid" ]; then read -r a b w x rest < "/proc/$pid/stat"; fi
    if [ "$x" = $$ ] && [ "$w" != Z ]; then echo "busy $id"; else echo "asked $id"; A="$A $id"; fi
  done
  part tools
  command -v df
}
ask_network() {
  for id in $A; do
    eval "v=\\$point_$id"
    ask "$id" "$v" </dev/null &
    eval "pid_$id=$!"
  done
}
{ printf '\\n%s ready\\n' "$M"
while read -r O Q; do
  case $O in
    m) printf '%s begin %s\\n' "$M" "$Q"; mounts; printf '\\n%s end %s\\n' "$M" "$Q"; ask_network;;
  esac
done; }`
}
