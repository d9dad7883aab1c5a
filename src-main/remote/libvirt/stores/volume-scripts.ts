/**
 * The scripts of the lanes that carry a volume's bytes. See docs/remote-protocol.md. POSIX sh, no files: the bytes go from
 * the channel through a pipe into virsh, and from virsh through a pipe into the channel.
 */
import { quote } from '../../ssh/quote.ts'
import { ENVIRONMENT } from '../virsh-scripts.ts'

interface VolumeWords {
  readonly uri: string
  readonly poolUuid: string
  readonly name: string
}

const volumeOf = ({ poolUuid, name }: VolumeWords): string => `--pool ${quote(poolUuid)} --vol ${quote(name)}`

/**
 * Takes lines `<number> <offset> <length>`, each answered by `take`, then followed by exactly that many bytes, then answered
 * by `done <number> <exit code>`. The console sends no byte before `take` and no line before `done`: whatever reads ahead
 * (a shell, an old busybox `head`) finds nothing that is not its own. A piece that fails ends the lane.
 */
export function uploadScript(marker: string, words: VolumeWords): string {
  return `: virthelm upload ${marker}
{
${ENVIRONMENT}
printf '\\n%s ready\\n' ${marker}
while IFS=' ' read -r number offset length; do
printf '\\n%s take %s\\n' ${marker} "$number"
head -c "$length" | virsh -q -c ${quote(words.uri)} vol-upload ${volumeOf(words)} --file /dev/stdin --offset "$offset" --length "$length" >/dev/null
code=$?
printf '\\n%s done %s %s\\n' ${marker} "$number" "$code"
[ "$code" -eq 0 ] || exit 1
done
exit
}
: virthelm end
`
}

/**
 * \`size\` (empty when it cannot be read) and then the bytes on stdout; on stderr \`exit\` and, where there is sha256sum,
 * \`sum\`. The last \`cat\` makes the output a pipe, which \`tee\` can open by its number; a socket it could not.
 */
export function downloadScript(marker: string, words: VolumeWords & { readonly path: string }): string {
  const virsh = `virsh -q -c ${quote(words.uri)} vol-download ${volumeOf(words)} --file /dev/stdout </dev/null`
  return `: virthelm download ${marker}
{
${ENVIRONMENT}
size=$(timeout -k 1 5 stat -L -c %s -- ${quote(words.path)} 2>/dev/null)
printf '\\n%s size %s\\n' ${marker} "$size"
send() { ${virsh}; printf '\\n%s exit %s\\n' ${marker} "$?" >&2; }
if command -v sha256sum >/dev/null 2>&1; then
{ send | tee /dev/fd/3 | sha256sum | { read -r sum rest; printf '\\n%s sum %s\\n' ${marker} "$sum" >&2; }; } 3>&1 | cat
else
send | cat
fi
exit
}
: virthelm end
`
}

/**
 * SHA-256 of a volume's first bytes. Directly where the file is readable; otherwise libvirt hands it over on the server
 * itself, and nothing of it crosses the network.
 */
export function checksumScript(
  words: VolumeWords & { readonly path: string; readonly sizeBytes: number }
): string {
  const path = quote(words.path)
  return `${ENVIRONMENT}
command -v sha256sum >/dev/null 2>&1 || { echo none; exit 0; }
if [ -f ${path} ] && [ -r ${path} ]; then head -c ${words.sizeBytes} <${path} | sha256sum
else virsh -q -c ${quote(words.uri)} vol-download ${volumeOf(words)} --file /dev/stdout --length ${words.sizeBytes} </dev/null | sha256sum
fi
`
}
