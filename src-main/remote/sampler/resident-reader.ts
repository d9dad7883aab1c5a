/**
 * Reads frames and processes without starting anything: an awk that stays, where the server has one that takes its input line
 * by line (mawk, gawk; busybox's waits for a full buffer). The shell lists the pids, awk opens the files. POSIX awk, and no
 * single quote in it: it stands between two in the script. The marker comes by the environment, which other users cannot read as they
 * can a command line.
 */

import { SEPARATOR_FILE } from '../../domain/metrics/frame.ts'

/** Of a record of /proc/PID/stat at least: a name with line feeds ends its first line long before. */
const LEAST_STAT_LENGTH = 60
/** Text is handed on in pieces: longer ones are copied again and again as they grow. */
const PIECE_LENGTH = 16_000

/**
 * Lines on its stdin, from the shell: `s N FILE…` a frame, `p N PID…` the processes whose record is another than last time and
 * `-PID` for those that are gone, `P N PID…` all of them, `u N PID…` their users and swap.
 */
export const RESIDENT_READER = `BEGIN { M = ENVIRON["M"] }
function hand() { printf "%s", text; fflush(); text = "" }
function say(line) { text = text line "\\n"; if (length(text) > ${PIECE_LENGTH}) hand() }
function finish() { text = text "\\n" M " end " $2 "\\n"; hand() }
{ text = M " begin " $2 "\\n" }
$1 == "s" {
  for (i = 3; i <= NF; i++) {
    f = $i
    if (f == "${SEPARATOR_FILE}") { say("Linux"); continue }
    while ((getline l < f) > 0) if (substr(l, 1, 5) != "intr ") say(l)
    close(f)
  }
  finish()
}
$1 == "p" || $1 == "P" {
  if ($1 == "P") { split("", last); split("", seen) }
  l = ""
  f = "/proc/uptime"
  getline l < f
  close(f)
  say($1 == "P" ? "all" : "changed")
  say(l)
  for (i = 3; i <= NF; i++) {
    p = $i
    f = "/proc/" p "/stat"
    t = ""
    if ((getline t < f) > 0 && length(t) < ${LEAST_STAT_LENGTH}) while ((getline l < f) > 0) t = t "\\n" l
    close(f)
    if (t == "") continue
    seen[p] = $2
    if (last[p] != t) { last[p] = t; say(t) }
  }
  for (p in last) if (seen[p] != $2) { delete last[p]; delete seen[p]; say("-" p) }
  finish()
}
$1 == "u" {
  for (i = 3; i <= NF; i++) {
    f = "/proc/" $i "/status"
    while ((getline l < f) > 0) {
      if (l ~ /^(Pid|Uid|VmSwap):/) say(l)
      if (substr(l, 1, 7) == "VmSwap:") break
    }
    close(f)
  }
  finish()
}`
