/** Reads ssh_config(5) files into statements with their conditions. Reads only; nothing in them is ever executed. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { isAbsolute, join, parse as parsePath, sep } from 'node:path'
import { AppError } from '#contract/errors.ts'
import { expandHome } from './key-files.ts'
import { globMatches } from './known-hosts.ts'

/** A `Host` or `Match` line, inside of the block that included its file. */
export interface Block {
  readonly keyword: 'host' | 'match'
  readonly args: readonly string[]
  readonly outer: Block | null
}

export interface Statement {
  /** Lower case. */
  readonly keyword: string
  readonly args: readonly string[]
  /** The whole line, for a list of what was not followed. */
  readonly text: string
  /** null: applies to every host. */
  readonly block: Block | null
}

const MAX_DEPTH = 8
const MAX_FILES = 64
const MAX_BYTES = 1024 * 1024

/** A statement of our own for an `Include` that could not be followed. */
export const INCLUDE_PROBLEM = 'include'

/**
 * All statements of the file and of those it includes, in order. A missing file has none.
 * @throws AppError sshConfigUnreadable for the file itself
 */
export async function readStatements(path: string, homeFolder: string): Promise<Statement[]> {
  const reader = new Reader(homeFolder)
  const text = await readText(path)
  if (text === null) return []
  await reader.read(text, null, 0)
  return reader.statements
}

class Reader {
  readonly statements: Statement[] = []
  readonly #homeFolder: string
  #files = 0

  constructor(homeFolder: string) {
    this.#homeFolder = homeFolder
  }

  async read(text: string, outer: Block | null, depth: number): Promise<void> {
    let block = outer
    for (const raw of text.split('\n')) {
      const line = raw.trim()
      const words = splitLine(line)
      const keyword = words[0]?.toLowerCase()
      if (keyword === undefined) continue
      const args = words.slice(1)
      if (keyword === 'host' || keyword === 'match') {
        block = { keyword, args, outer }
        // An empty block names its hosts all the same.
        this.statements.push({ keyword, args: [], text: line, block })
      } else if (keyword === 'include') await this.#include(args, line, block, depth + 1)
      else this.statements.push({ keyword, args, text: line, block })
    }
  }

  async #include(
    patterns: readonly string[],
    text: string,
    block: Block | null,
    depth: number
  ): Promise<void> {
    const problem = (): unknown =>
      this.statements.push({ keyword: INCLUDE_PROBLEM, args: patterns, text, block })
    if (depth > MAX_DEPTH) {
      problem()
      return
    }
    for (const pattern of patterns) {
      const expanded = expandHome(pattern, this.#homeFolder)
      const full = isAbsolute(expanded) ? expanded : join(this.#homeFolder, '.ssh', expanded)
      for (const file of await filesLike(full)) {
        this.#files += 1
        // Unreadable counts as a problem, which the import shows.
        const content = this.#files > MAX_FILES ? null : await readText(file).catch(() => null)
        if (content === null) problem()
        else await this.read(content, block, depth)
      }
    }
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path)
    if (size > MAX_BYTES) throw new Error('too large')
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new AppError('sshConfigUnreadable', { params: { path }, cause: error })
  }
}

/** Files that match a pattern with `*` and `?` in any segment, sorted. */
async function filesLike(pattern: string): Promise<string[]> {
  if (!/[*?]/.test(pattern)) return [pattern]
  const { root } = parsePath(pattern)
  let found = [root]
  for (const segment of pattern.slice(root.length).split(sep)) {
    const next: string[] = []
    for (const folder of found) {
      if (!/[*?]/.test(segment)) next.push(join(folder, segment))
      else next.push(...(await namesIn(folder)).filter(matches(segment)).map((name) => join(folder, name)))
    }
    found = next.slice(0, MAX_FILES)
  }
  return found
}

const matches =
  (segment: string) =>
  (name: string): boolean =>
    globMatches(segment, name) && (segment.startsWith('.') || !name.startsWith('.'))

/** A folder that is absent or closed has no files to include. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch {
    return []
  }
}

/** Words of a line: `Keyword value`, `Keyword=value`, "double quotes", a `#` comment at the start of a word. */
export function splitLine(line: string): string[] {
  const words: string[] = []
  const keyword = /^([A-Za-z0-9]+)(?:\s*=\s*|\s+|$)/.exec(line)
  if (!keyword?.[1]) return []
  words.push(keyword[1])
  const word = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"#][^\s"]*)|(#.*$)|(\S))/gy
  word.lastIndex = keyword[0].length
  for (let match = word.exec(line); match; match = word.exec(line)) {
    if (match[3] !== undefined) break
    words.push(match[1]?.replace(/\\(["\\])/g, '$1') ?? match[2] ?? match[4] ?? '')
  }
  return words
}
