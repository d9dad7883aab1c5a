/** Scripts about access logs. POSIX sh; stat, find, dd, gzip, tail and head as coreutils and busybox have them. */
import { quote } from '../ssh/quote.ts'

/** Mode, device, inode, size, time, path; the mode is hexadecimal. */
const STAT = `stat -L -c 'file %f %d %i %s %Y %n'`

/**
 * The log, and what lies beside it under names that begin alike. A log that the account cannot read is looked at with sudo where
 * that is allowed; else the group that may read it is told.
 */
export function lookScript(path: string, sudo: string): string {
  const slash = path.lastIndexOf('/')
  const [folder, base] = [path.slice(0, slash + 1), path.slice(slash + 1)]
  const dot = base.lastIndexOf('.')
  const stem = (dot <= 0 ? base : base.slice(0, dot)).replaceAll(/[*?[\]\\]/g, String.raw`\$&`)
  return `p=${quote(path)}
d=${quote(folder)}
date +'now %s'
printf 'user %s\\n' "$(id -un)"
S=
if [ ! -r "$p" ] || [ ! -r "$d" ]; then
  [ -z ${quote(sudo)} ] || ! ${sudo}true || S=${quote(sudo.trim())}
fi
if $S test -f "$p"; then
  if [ -n "$S" ] || [ -r "$p" ]; then ${'$S'} ${STAT} -- "$p"
  else printf 'denied %s %s\\n' "$(stat -L -c '%G %a' -- "$p")" "$p"; fi
else
  q=$d
  while [ ! -e "$q" ] && [ -n "$q" ]; do q=\${q%/}; q=\${q%/*}; done
  [ -d "$q" ] && [ ! -x "$q" ] && printf 'denied %s %s\\n' "$(stat -L -c '%G %a' -- "$q")" "$q"
fi
$S find -L "$d" -maxdepth 1 -type f -name ${quote(`${stem}*`)} -exec ${STAT} -- {} + | head -n 400`
}

/**
 * One file's bytes. The file is opened once: what is told of it and what is read are of the same one, whatever happens to its
 * name. Whole blocks are read, so that a seek and not a read leads there; the first line says at which byte they begin.
 */
export function readScript(
  marker: string,
  file: { readonly path: string; readonly compressed: boolean },
  { from, maxBytes, sudo }: { from: number; maxBytes: number; sudo: string }
): string {
  const block = 4_096
  const skip = Math.floor(from / block)
  const count = Math.ceil((from + maxBytes) / block) - skip
  const plain = `dd bs=${block} skip=${skip} count=${count} <&3`
  const unpacked = `gzip -dc <&3 | tail -c +${from + 1} | head -c ${maxBytes}`
  const body = `exec 3<"$1" || exit 1
printf '${marker} open %s ${file.compressed ? from : skip * block}\\n' "$(stat -L -c '%d %i' /proc/self/fd/3)"
${file.compressed ? unpacked : plain}
printf '${marker} end\\n' >&2`
  return `: virthelm log ${marker}
LC_ALL=C; export LC_ALL
p=${quote(file.path)}
s=${quote(body)}
if [ -r "$p" ] || [ -z ${quote(sudo)} ]; then sh -c "$s" sh "$p" </dev/null
else ${sudo}sh -c "$s" sh "$p" </dev/null; fi
exit
: virthelm end
`
}

/** Where Debian, Red Hat, SUSE, Alpine and Arch put them. */
export const FIND_SCRIPT = `for f in /var/log/squid/access.log /var/log/squid3/access.log /var/log/nginx/*access*.log \\
  /var/log/apache2/*access*.log /var/log/apache2/*access_log /var/log/httpd/*access_log /var/log/httpd/*access*.log \\
  /var/log/lighttpd/access.log /var/log/caddy/access.log; do
  [ ! -f "$f" ] || printf '%s\\n' "$f"
done | head -n 100`
