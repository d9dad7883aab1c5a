/** What a path is on the server: device and inode, behind links and bind mounts. */
import { quote } from '../../ssh/quote.ts'
import type { StoreDeps } from './store-deps.ts'

const DEADLINE_MS = 8_000
const BOUND_SEC = 4
const MAX_CHARS_PER_RUN = 40 * 1024
const LINE = /^(\d+:\d+) (\/.*)$/

/**
 * Paths that do not exist, or that this account cannot look at, are left out; so are those with control characters, of
 * which the answer could not be told apart.
 */
export async function readIdentities(
  { connection }: StoreDeps,
  paths: readonly string[],
  signal: AbortSignal
): Promise<ReadonlyMap<string, string>> {
  const identities = new Map<string, string>()
  const plain = [...new Set(paths)].filter((path) => !/[\u0000-\u001f\u007f]/.test(path))
  for (const part of partsOf(plain)) {
    const { stdout } = await connection.run(statScript(part), { signal, deadlineMs: DEADLINE_MS })
    const asked = new Set(part)
    for (const line of stdout.split('\n')) {
      const [, identity, path] = LINE.exec(line) ?? []
      if (identity !== undefined && path !== undefined && asked.has(path)) identities.set(path, identity)
    }
  }
  return identities
}

/** One process for all of them. Where `stat` knows no formats (old busybox) nothing comes, and texts are compared. */
function statScript(paths: readonly string[]): string {
  return `LC_ALL=C; export LC_ALL
b=''; timeout -k 1 5 true >/dev/null 2>&1 && b='timeout -k 1 ${BOUND_SEC}'
$b stat -L -c '%d:%i %n' -- ${paths.map(quote).join(' ')} 2>/dev/null
:
`
}

function* partsOf(paths: readonly string[]): Generator<readonly string[], void> {
  let part: string[] = []
  let chars = 0
  for (const path of paths) {
    if (part.length > 0 && chars + path.length > MAX_CHARS_PER_RUN) {
      yield part
      part = []
      chars = 0
    }
    part.push(path)
    chars += path.length + 8
  }
  if (part.length > 0) yield part
}
