/**
 * Scripts of the services' lanes: POSIX sh for dash, bash and busybox ash, run by `remote/tools` (LC_ALL=C, stdin empty, stderr
 * dropped unless it is asked for). An answer is in sections, each begun by a line `@@ name`. Nothing is written on the server.
 * Times are asked in UTC, so that no zone of the server has to be known.
 */

/** Where things are on a server. Only tests have them elsewhere. */
export interface Places {
  readonly run: string
  readonly proc: string
  readonly cgroup: string
}

export const REAL_PLACES: Places = { run: '/run', proc: '/proc', cgroup: '/sys/fs/cgroup' }

/** Builtins where they can: a forked `cat` for each of a thousand processes would be noticed. */
const START = `export TZ=UTC0
p() { printf '\\n@@ %s\\n' "$1"; }
`

const USER_PROPERTIES =
  'Id Name User Timestamp TTY Display Remote RemoteHost Service Leader Type Class State IdleHint IdleSinceHint'
    .split(' ')
    .map((name) => `-p ${name}`)
    .join(' ')

/** Titles that sshd gives the process of a login: `sshd: op@pts/0`. With the address where it may be seen. */
const SSH_PROCESS = `boot=0
while read -r k v r; do [ "$k" = btime ] && boot=$v; done </proc/stat
hz=$(getconf CLK_TCK); hz=\${hz:-100}
ssh_process() {
  t=
  IFS= read -r t </proc/$1/cmdline
  case $t in 'sshd: '*@*|'sshd-session: '*@*) ;; *) return;; esac
  r=
  IFS= read -r r </proc/$1/stat
  set -f; set -- "$1" \${r##*)}; set +f
  o=- kid=
  read -r kid rest </proc/$1/task/$1/children
  if [ -n "$kid" ] && [ -r /proc/$kid/environ ]; then
    c=$(tr '\\0' '\\n' </proc/$kid/environ | grep -m 1 '^SSH_CONNECTION=')
    c=\${c#SSH_CONNECTION=}
    [ -n "$c" ] && o=\${c%% *}
  fi
  s=-
  case \${21} in ''|*[!0-9]*) ;; *) s=$((boot + \${21} / hz));; esac
  printf '%s %s %s %s %s\\n' "$1" "$3" "$s" "$o" "$t"
}
`

/** Sections now, own, logind, who, sshd, tty. `own`: the processes above this one, and the session of logind they are in. */
export const usersScript = ({ run }: Places): string => `${START}${SSH_PROCESS}p now; date +%s
p own
[ -r /proc/1/cmdline ] || echo hidden
q=$$ n=0
while [ $n -lt 10 ] && [ "$q" -gt 1 ]; do
  echo "$q"
  IFS= read -r a </proc/$q/stat || break
  a=\${a##*)}
  set -f; set -- $a; set +f
  q=$2 n=$((n + 1))
done
if [ -n "$XDG_SESSION_ID" ]; then echo "session:$XDG_SESSION_ID"; fi
L= leaders=
p logind
if [ -d ${run}/systemd/sessions ]; then
  if command -v loginctl >/dev/null; then
    L=$(loginctl list-sessions --no-legend --no-pager | while read -r i rest; do
      case $i in ''|*[!A-Za-z0-9_]*) ;; *) echo "$i";; esac
    done)
    [ -n "$L" ] && S=$(loginctl show-session $L --no-pager ${USER_PROPERTIES})
  fi
  if [ -z "$S" ]; then
    S=$(for f in ${run}/systemd/sessions/*; do
      case $f in *.ref) continue;; esac
      [ -f "$f" ] && { echo "Id=\${f##*/}"; cat "$f"; echo; }
    done)
  fi
  printf '%s\\n' "$S"
  leaders=$(printf '%s\\n' "$S" | grep -iE '^leader=[0-9]+$')
fi
p who
W=$(who -u || who)
printf '%s\\n' "$W"
p sshd
if [ -n "$leaders" ]; then
  for l in $leaders; do
    l=\${l#*=}
    ssh_process "$l"
    read -r kids </proc/$l/task/$l/children && for k in $kids; do ssh_process "$k"; done
  done
else
  for f in $(grep -alE '^sshd(-session)?: [^ ]+@' /proc/[0-9]*/cmdline); do
    f=\${f#/proc/}
    ssh_process "\${f%%/*}"
  done
fi
p tty
stat -c '%X %n' /dev/pts/[0-9]* /dev/tty[1-9] /dev/tty[1-9][0-9] /dev/ttyS[0-9]
exit 0`

const LIST_UNITS = 'systemctl list-units --all --plain --no-legend --full --no-pager'

/** Sections init, units, exit (`missing`: no systemctl), errors. */
export const unitsScript = ({ run }: Places): string => `${START}p init
if [ -d ${run}/systemd/system ]; then echo systemd
elif [ -e ${run}/openrc/softlevel ]; then echo openrc
elif [ -d ${run}/runit ]; then echo runit
elif [ -d ${run}/s6-rc ] || [ -d ${run}/s6 ]; then echo s6
else echo other
fi
[ -d ${run}/systemd/system ] || exit 0
if ! command -v systemctl >/dev/null; then p exit; echo missing; exit 0; fi
p units
${LIST_UNITS}
x=$?
p exit; echo $x
[ $x = 0 ] && exit 0
p errors
${LIST_UNITS} 2>&1 >/dev/null | head -n 5
exit 0`

/** `systemctl show` of single units, in blocks. Their names come quoted, after this. */
export const UNIT_DETAILS =
  'export TZ=UTC0; systemctl show --no-pager -p Id,StateChangeTimestamp,UnitFileState,Result --'

/** Keeps out of the way of what the server is there for. */
const LOW_PRIORITY = `N=
command -v nice >/dev/null && N='nice -n 19'
command -v ionice >/dev/null && ionice -c 3 true && N="$N ionice -c 3"
`

/**
 * What each package manager says without touching the network and without writing a file: apt makes its cache in memory, the
 * others read what the server has fetched by itself. `$S` is `sudo -n ` or nothing. Sections manager, list, exit, security,
 * lists (seconds since 1970), reboot (`yes` or `no`, then packages), errors.
 */
export const updatesScript = (sudo: '' | 'sudo -n '): string => `${START}${LOW_PRIORITY}
S='${sudo}'
[ "$(id -u)" = 0 ] && S=
newest() { stat -c %Y "$@" | sort -n | tail -n 1; }
list() {
  p list
  "$@"
  x=$?
  p exit; echo $x
  case $x in 0|100) return 0;; esac
  p errors; "$@" 2>&1 >/dev/null | tail -n 5
  return 1
}
kernel_gone() {
  k=$(uname -r)
  for d in /usr/lib/modules/*/ /lib/modules/*/; do
    [ -d "$d/kernel" ] || continue
    [ -d "/usr/lib/modules/$k" ] || [ -d "/lib/modules/$k" ] && echo no || echo yes
    return
  done
}
if command -v apt-get >/dev/null && [ -d /var/lib/dpkg ]; then
  p manager; echo apt
  list $N apt-get -s -q -o Debug::NoLocking=true -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Get::Upgrade-Allow-New=true upgrade
  p lists
  set -- /var/lib/apt/lists/*_Packages* /var/lib/apt/lists/*_*Release
  if [ -e "$1" ] || [ -e "$2" ]; then newest /var/lib/apt/lists /var/lib/apt/lists/partial /var/lib/apt/periodic/update-success-stamp; fi
  p reboot
  if [ -e /var/run/reboot-required ]; then echo yes; sort -u /var/run/reboot-required.pkgs
  elif [ -e /usr/share/update-notifier/notify-reboot-required ] || [ -e /etc/kernel/postinst.d/unattended-upgrades ]; then echo no
  elif [ "$(kernel_gone)" = yes ]; then echo yes
  fi
elif command -v dnf >/dev/null; then
  p manager; echo dnf
  list $N $S dnf -q -C check-update && { p security; $N $S dnf -q -C check-update --security; }
  p lists; newest /var/cache/dnf/last_makecache /var/cache/dnf/*.solv /var/cache/dnf/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/repomd.xml
  p reboot
  if command -v needs-restarting >/dev/null; then $N needs-restarting -r >/dev/null; case $? in 0) echo no;; 1) echo yes;; esac; fi
elif command -v yum >/dev/null; then
  p manager; echo yum
  list $N $S yum -q -C check-update && { p security; $N $S yum -q -C --security check-update; }
  p lists; newest /var/cache/yum/*/*/*/repomd.xml /var/cache/yum/*/repomd.xml
  p reboot
  if command -v needs-restarting >/dev/null; then $N needs-restarting -r >/dev/null; case $? in 0) echo no;; 1) echo yes;; esac; fi
elif command -v zypper >/dev/null; then
  p manager; echo zypper
  export ZYPP_READONLY_HACK=1
  list $N zypper --non-interactive --quiet --no-refresh list-updates
  p lists; newest /var/cache/zypp/raw/*/cookie /var/cache/zypp/solv/*/cookie
  p reboot
  $N zypper --non-interactive --quiet --no-refresh needs-rebooting >/dev/null
  case $? in 0) echo no;; 102) echo yes;; esac
elif command -v pacman >/dev/null; then
  p manager; echo pacman
  p list; $N pacman -Qu --color never; x=$?
  p exit; echo $x
  p lists; [ -e /var/lib/pacman/sync ] && newest /var/lib/pacman/sync /var/lib/pacman/sync/*.db
  p reboot; kernel_gone
elif command -v apk >/dev/null; then
  p manager; echo apk
  list $N apk version --no-network -l '<'
  p lists; newest /var/cache/apk/APKINDEX.*.tar.gz /etc/apk/cache/APKINDEX.*.tar.gz
  p reboot; kernel_gone
else
  p manager
fi
exit 0`

/** One line a container: id, its process, its network, then JSON. Only fields that docker and podman both have. */
const INSPECT =
  '{{.Id}} {{.State.Pid}} {{.HostConfig.NetworkMode}} {"id":{{json .Id}},"name":{{json .Name}},"image":{{json .Config.Image}},"status":{{json .State.Status}},"exit":{{json .State.ExitCode}},"started":{{json .State.StartedAt}},"finished":{{json .State.FinishedAt}},"limit":{{json .HostConfig.Memory}}}'

/**
 * All engines of a server. `docker stats` takes seconds; the files of the control groups are read by the shell itself, without a
 * process for each. Sections NAME-list, NAME-exit, NAME-inspect, NAME-use, NAME-errors; NAME is docker or podman, with `-sudo`
 * for what is seen only so (docker where the login user may not; root's own set of podman).
 */
export const containersScript = (
  sudo: '' | 'sudo -n ',
  { proc, cgroup }: Places
): string => `${START}P=${proc} G=${cgroup}
MAX=500
# The group that holds all of a container: its id is a part of one name in the path; below it there may be more.
group() {
  case $2 in
    *"$1"*) a=\${2%%"$1"*}; b=\${2#*"$1"}; g=$a$1\${b%%/*};;
    *) g=$2;;
  esac
}
one() { v=; [ -r "$2" ] && read -r v <"$2" && case $v in ''|*[!0-9]*) ;; *) U="$U $1=$v";; esac; }
field() { [ -r "$3" ] && while read -r k v rest; do [ "$k" = "$2" ] && { U="$U $1=$v"; break; }; done <"$3"; }
use() {
  read -r up rest <"$P/uptime"
  U="$1 up=$up"
  while IFS=: read -r n c path; do
    case ,$c, in
      ,,) group "$1" "$path"; d=$G$g
        [ -e "$d/cpu.stat" ] || continue
        field cpu_us usage_usec "$d/cpu.stat"
        one mem "$d/memory.current"; one limit "$d/memory.max"; one pids "$d/pids.current"
        field inactive inactive_file "$d/memory.stat"
        r=0 w=0
        if [ -r "$d/io.stat" ]; then
          while read -r dev a b rest; do
            case $a$b in rbytes=*wbytes=*) r=$((r + \${a#rbytes=})) w=$((w + \${b#wbytes=}));; esac
          done <"$d/io.stat"
          U="$U rb=$r wb=$w"
        fi;;
      *,cpuacct,*) group "$1" "$path"; one cpu_ns "$G/cpuacct$g/cpuacct.usage";;
      *,memory,*) group "$1" "$path"; d=$G/memory$g
        one mem "$d/memory.usage_in_bytes"; one limit "$d/memory.limit_in_bytes"
        field inactive total_inactive_file "$d/memory.stat";;
      *,pids,*) group "$1" "$path"; one pids "$G/pids$g/pids.current";;
    esac
  done <"$P/$2/cgroup"
  if [ "$3" != host ] && [ -r "$P/$2/net/dev" ]; then
    r=0 w=0
    while read -r line; do
      case $line in lo:*|*'|'*) continue;; *:*) ;; *) continue;; esac
      set -f; set -- "$1" "$2" "$3" \${line#*:}; set +f
      r=$((r + $4)) w=$((w + \${12}))
    done <"$P/$2/net/dev"
    U="$U rx=$r tx=$w"
  fi
  [ "$U" = "$1 up=$up" ] || printf '%s\\n' "$U"
}
engine() {
  e=$1; shift
  p "$e-list"
  # What it says instead comes with it: an engine that does not answer is not asked twice.
  A=$("$@" ps -a --no-trunc --format '{{.ID}} {{.Status}}' 2>&1)
  x=$?
  if [ $x = 0 ]; then printf '%s\\n' "$A"; fi
  p "$e-exit"; echo $x
  if [ $x != 0 ]; then p "$e-errors"; printf '%s\\n' "$A"; return 1; fi
  I=$(printf '%s\\n' "$A" | head -n $MAX | while read -r id rest; do case $id in ''|*[!0-9a-f]*) ;; *) echo "$id";; esac; done)
  [ -n "$I" ] || return 0
  D=$("$@" inspect --format '${INSPECT}' $I)
  p "$e-inspect"
  printf '%s\\n' "$D" | while read -r id pid net json; do printf '%s\\n' "$json"; done
  p "$e-use"
  printf '%s\\n' "$D" | while read -r id pid net json; do
    case $pid in ''|0|*[!0-9]*) continue;; esac
    [ -r "$P/$pid/cgroup" ] && use "$id" "$pid" "$net"
  done
  return 0
}
S='${sudo}'
[ "$(id -u)" = 0 ] && S=
if command -v docker >/dev/null; then
  engine docker docker || { [ -n "$S" ] && engine docker-sudo $S docker; }
fi
if command -v podman >/dev/null; then
  engine podman podman
  [ -n "$S" ] && engine podman-sudo $S podman
fi
exit 0`

/** @param viaSudo as the containers were listed */
export const statsScript = (viaSudo: boolean): string =>
  `${viaSudo ? 'sudo -n ' : ''}docker stats --no-stream --no-trunc --format '{{json .}}'`
