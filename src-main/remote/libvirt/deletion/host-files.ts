/** What only the server's own file system can tell: whether two paths are one file, and what an image lies on. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { quote } from '../../ssh/quote.ts'
import type { VirshDeps, VirshOptions } from '../virsh.ts'

type Deps = Pick<VirshDeps, 'connection'>

const CHUNK_CHARS = 24 * 1024

/**
 * For each path that can be looked at: one text per file (device and inode), the same for links and mounts of it.
 * 'missing' where there is none. What may not be looked at is absent.
 */
export async function readIdentities(
  deps: Deps,
  paths: readonly string[],
  options: VirshOptions
): Promise<ReadonlyMap<string, string>> {
  const body = `if s=$(stat -L -c '%d:%i:%r' -- "$p" 2>/dev/null); then echo "$s"; elif d=$(dirname -- "$p") && [ -x "$d" ] && [ -d "$d" ] && [ ! -e "$p" ] && [ ! -L "$p" ]; then echo missing; fi`
  const answers = await perPath(deps, paths, body, options)
  return new Map(
    [...answers].map(([path, text]) => [path, text.trim()] as const).filter(([, text]) => text !== '')
  )
}

const ImageInfo = z.array(
  z.object({
    filename: z.string(),
    'full-backing-filename': z.string().optional(),
    'backing-filename': z.string().optional()
  })
)

/** For each image that qemu-img can read on the server: the path below it, or null for none; its whole chain too. */
export async function readImages(
  deps: Deps,
  paths: readonly string[],
  options: VirshOptions
): Promise<ReadonlyMap<string, string | null>> {
  const body = `qemu-img info -U --backing-chain --output=json -- "$p" 2>/dev/null`
  const answers = await perPath(deps, paths, body, options)
  const below = new Map<string, string | null>()
  for (const [path, text] of answers) {
    const chain = ImageInfo.safeParse(jsonOf(text)).data ?? []
    for (const [index, image] of chain.entries()) {
      const next = image['full-backing-filename'] ?? image['backing-filename'] ?? null
      below.set(index === 0 ? path : image.filename, next)
    }
  }
  return below
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not qemu-img's answer: nothing is known of that image, and the plan locks what may lie below it.
    return null
  }
}

/** Runs `body` with each path as $p. Paths with a NUL cannot exist. */
async function perPath(
  { connection }: Deps,
  paths: readonly string[],
  body: string,
  options: VirshOptions
): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>()
  let rest = paths.filter((path) => path.startsWith('/') && !path.includes('\0') && path.length < 4096)
  while (rest.length > 0) {
    let chars = 0
    const fits = rest.findIndex((path) => (chars += path.length + 4) > CHUNK_CHARS)
    const chunk = rest.slice(0, fits < 1 ? rest.length : fits)
    rest = rest.slice(chunk.length)
    const mark = randomBytes(12).toString('hex')
    const script = `i=0\nfor p in ${chunk.map(quote).join(' ')}; do echo "${mark}:$i:"; ${body}; i=$((i+1)); done\n:\n`
    const { stdout } = await connection.run(script, options)
    for (const part of stdout.split(`${mark}:`).slice(1)) {
      const end = part.indexOf(':')
      const path = chunk[Number(part.slice(0, end))]
      if (path !== undefined) answers.set(path, part.slice(end + 1).trim())
    }
  }
  return answers
}
