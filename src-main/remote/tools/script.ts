/**
 * The shell of the tools. `r ID SECONDS SCRIPT` runs a script in the background (`\n` and `\\` stand for a line feed and a
 * backslash), `f ID SCRIPT` one without an end. Every line of its stdout comes back as `<marker> l ID line`, its end as
 * `<marker> e ID exit-code`: lines are written one by one, each shorter than what a pipe takes whole, so that jobs cannot
 * write into each other's lines. `k ID` stops listening to a job: its next line ends it. When stdin ends, all jobs end.
 */
export const TOOLS_SCRIPT = `export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
exec 2>/dev/null
T=
command -v timeout >/dev/null && timeout -k 1 5 true && T='timeout -k 2'
relay() {
  x=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      "$M exit "*) x=\${line#"$M exit "};;
      *) printf '%s l %s %.3000s\\n' "$M" "$1" "$line";;
    esac
  done
  printf '%s e %s %s\\n' "$M" "$1" "$x"
}
run() {
  s=$(printf '%b.' "$3")
  s=\${s%.}
  {
    if [ -n "$T" ] && [ -n "$2" ]; then $T "$2" sh -c "$s"; else sh -c "$s"; fi
    printf '\\n%s exit %s\\n' "$M" "$?"
  } </dev/null | relay "$1" &
  eval "relay_$1=$!"
}
# sshd gives each channel a process group of its own; where the shell does not lead one, others would be hit.
end() { trap '' TERM; read -r a b c d group rest < /proc/$$/stat; [ "$group" = "$$" ] && kill 0; }
trap end EXIT
trap 'exit 0' HUP TERM
{ printf '\\n%s ready\\n' "$M"
while read -r O I R; do
  case $O in
    r) run "$I" "\${R%% *}" "\${R#* }";;
    f) run "$I" '' "$R";;
    k) eval "kill \\$relay_$I";;
  esac
done; }`
