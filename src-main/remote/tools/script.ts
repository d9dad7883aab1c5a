/**
 * The shell of the tools. `r ID N` runs a script in the background, `f ID N` one without an end; its N lines follow. Every line of
 * its stdout comes back as `<marker> l ID line`, its end as `<marker> e ID exit-code`: lines are written one by one, each shorter
 * than what a pipe takes whole, so that jobs cannot write into each other's lines. The process of a job is told as
 * `<marker> p ID PID`; `k ID PID` ends it and all that it started. When stdin ends, all jobs end.
 *
 * A run costs two processes: the shell that runs it, and the one that hands its lines on. Everything else here is built in.
 */
export const TOOLS_SCRIPT = `export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
exec 2>/dev/null
relay() {
  x=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      "$M pid "*) printf '%s p %s %s\\n' "$M" "$1" "\${line#"$M pid "}";;
      "$M exit "*) x=\${line#"$M exit "};;
      *) printf '%s l %s %.3000s\\n' "$M" "$1" "$line";;
    esac
  done
  printf '%s e %s %s\\n' "$M" "$1" "$x"
}
# The script's lines; with its variables a job begins as if nothing had been before.
take() {
  J='unset J N L O I R SELF D kids rest parent a b
set --
'
  N=0
  while [ $N -lt "$1" ] && IFS= read -r L; do
    N=$((N + 1))
    J="$J$L
"
  done
}
run() {
  (
    read -r N L </proc/self/stat
    printf '%s pid %s\\n' "$M" "$N"
    if [ "$1" = f ]; then sh -c "$J"; exit_line "$?"
    else trap 'exit_line "$?"' EXIT; eval "$J"
    fi
  ) </dev/null | relay "$2" &
  eval "relay_$2=$!"
}
exit_line() { printf '\\n%s exit %s\\n' "$M" "$1"; }
# Each is stopped before its children are looked at, so that none gets away.
end_job() {
  D=
  read -r N a b parent rest </proc/$1/stat && [ "$parent" = "$SELF" ] || return
  while [ $# -gt 0 ]; do
    kill -STOP "$1"
    D="$D $1"
    kids=
    read -r kids </proc/$1/task/$1/children
    shift
    set -- $kids "$@"
  done
  kill -TERM $D
  kill -CONT $D
  { sleep 2; kill -KILL $D; } </dev/null >/dev/null &
}
# sshd gives each channel a process group of its own; where the shell does not lead one, others would be hit.
end() { trap '' TERM; read -r a b c d group rest </proc/$$/stat; [ "$group" = "$$" ] && kill 0; }
trap end EXIT
trap 'exit 0' HUP TERM
read -r SELF rest </proc/self/stat
{ printf '\\n%s ready\\n' "$M"
while read -r O I R; do
  case $O in
    r|f) take "$R"; run "$O" "$I";;
    k) [ -n "$R" ] && end_job "$R"; eval "kill \\$relay_$I";;
  esac
done; }`
