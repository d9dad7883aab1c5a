/**
 * The constant scripts of the libvirt lanes. Only the URI (a constant of the console) and UUIDs (checked) are ever put in.
 * POSIX sh, no files, no bash-isms: dash, bash, busybox ash and ksh run them alike.
 */
import { quote } from '../ssh/quote.ts'

/**
 * English messages; no start-up files of readline; no place for virsh to write its history to (an interactive virsh
 * makes ~/.cache/libvirt/virsh/history when it ends, and the console leaves nothing behind).
 */
export const ENVIRONMENT = `LC_ALL=C TERM=dumb INPUTRC=/dev/null XDG_CACHE_HOME=/dev/null
export LC_ALL TERM INPUTRC XDG_CACHE_HOME
unset LIBVIRT_DEFAULT_URI VIRSH_DEFAULT_CONNECT_URI LIBVIRT_DEBUG VIRSH_DEBUG`

/**
 * One resident virsh that reads commands from the channel.
 *
 * A virsh that waits for libvirtd does not see its input end, and would outlive the channel. So shells stand between: a
 * loop hands the lines on, and when the channel's input ends it wakes the first shell (TERM), which wakes the one that
 * knows virsh, which kills it. When virsh ends by itself, the first shell is told (USR1) and ends the channel.
 * - The first shell does not wait for virsh itself: dash waits for a whole pipeline, the loop included.
 * - The loop must hold no end of the channel's output, also no saved one: hence `exec`.
 * - Lines that begin with a colon are the protocol's own and are not for virsh.
 */
export function virshLaneScript(marker: string, uri: string): string {
  return `: virthelm virsh ${marker}
{
${ENVIRONMENT}
exec 3<&0
trap 'exit 1' USR1
{
exec 2>/dev/null
while IFS= read -r line <&3; do case $line in :*) ;; *) printf '%s\\n' "$line" ;; esac; done
kill -TERM $$
} | {
exec 3<&- 4<&0
virsh -r -c ${quote(uri)} <&4 &
virsh_pid=$!
trap 'kill -KILL "$virsh_pid" 2>/dev/null; wait "$virsh_pid" 2>/dev/null; exit 0' TERM
wait "$virsh_pid"
kill -USR1 $$
} &
keeper_pid=$!
trap 'kill -TERM "$keeper_pid" 2>/dev/null; exit 0' TERM
printf '\\n%s ready\\n' ${marker}
wait "$keeper_pid"
exit
}
: virthelm end
`
}

/** `virsh event`, ended with the channel in the same way. */
export function virshEventScript(marker: string, uri: string): string {
  return `: virthelm virsh-event ${marker}
{
${ENVIRONMENT}
exec 3<&0
virsh -r -q -c ${quote(uri)} event --all --loop </dev/null &
virsh_pid=$!
trap 'kill -KILL "$virsh_pid" 2>/dev/null; wait "$virsh_pid" 2>/dev/null; exit 0' TERM
{ exec >/dev/null 2>&1; while IFS= read -r line <&3; do :; done; kill -TERM $$; } &
printf '\\n%s ready\\n' ${marker}
wait "$virsh_pid"
exit
}
: virthelm end
`
}

export const PROBE_MARK = 'virthelm-probe'

/**
 * Asks once per connection: is virsh there, may we read, may we write. Changes nothing. stderr goes the way of stdout,
 * so that each message stands behind its own mark.
 */
export function probeScript(uri: string): string {
  return `${ENVIRONMENT}
exec 2>&1
if command -v virsh >/dev/null 2>&1; then
printf '${PROBE_MARK} read\\n'
virsh -r -q -c ${quote(uri)} version </dev/null
printf '${PROBE_MARK} write %s\\n' $?
virsh -q -c ${quote(uri)} uri </dev/null
printf '${PROBE_MARK} end %s\\n' $?
else
printf '${PROBE_MARK} missing\\n'
fi
`
}

/** The command of a write, as the journal shows it. `command` is a constant word of virsh, `uuid` is checked. */
export function writeCommand(uri: string, command: string, uuid: string): string {
  return `virsh -c ${uri} ${command} ${uuid}`
}

/** Exit code of a guarded write that found another domain behind the UUID. Nothing was sent. */
export const GUARD_EXIT = 97

/**
 * Runs one write to its end. Its messages come on stdout, whole and in order, before the exit code.
 * `guardName`: the write is only sent when the UUID still leads to the domain of this name, asked on the server itself
 * right before.
 */
export function writeScript(uri: string, command: string, uuid: string, guardName: string | null): string {
  const write = `virsh -c ${quote(uri)} ${command} ${quote(uuid)} </dev/null 2>&1`
  if (guardName === null) return `${ENVIRONMENT}\n${write}\n`
  return `${ENVIRONMENT}\n${guarded(uri, { uuid, name: guardName }, write)}\n`
}

/** Exits with GUARD_EXIT instead of `command` when the UUID leads to no domain of this name. domname knows no names. */
export function guarded(
  uri: string,
  { uuid, name }: { readonly uuid: string; readonly name: string },
  command: string
): string {
  return `name=$(virsh -r -q -c ${quote(uri)} domname ${quote(uuid)} </dev/null 2>/dev/null)
if [ "$name" = ${quote(name)} ]; then
${command}
else
(exit ${GUARD_EXIT})
fi`
}
