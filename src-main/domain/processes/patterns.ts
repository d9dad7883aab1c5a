/** Patterns of watched processes: text with `*` and `?`, no more, so that no pattern can keep the console busy. */
import type { WatchedPattern } from './process.ts'

/**
 * Whether the pattern finds the process: somewhere in its command line, or its name where it has none. `*` stands for
 * anything, `?` for one character; case counts. Linear in pattern × text, whatever they hold.
 */
export function matches(pattern: string, text: string): boolean {
  return globMatches(`*${pattern}*`, text)
}

/** Whole text against the glob. One place to come back to is enough: a later star can do all that an earlier one could. */
export function globMatches(glob: string, text: string): boolean {
  let at = 0
  let from = 0
  let starAt = -1
  let starFrom = 0
  while (from < text.length) {
    const wanted = glob[at]
    if (wanted === '*') {
      starAt = at++
      starFrom = from
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[from])) {
      at++
      from++
    } else if (starAt >= 0) {
      at = starAt + 1
      from = ++starFrom
    } else return false
  }
  while (glob[at] === '*') at++
  return at === glob.length
}

/** By which a process is found: its command line, else its kernel name. */
export function findableText(process: { commandLine: string | null; name: string }): string {
  return process.commandLine === null || process.commandLine === '' ? process.name : process.commandLine
}

/** The patterns that find it, by id. */
export function patternsOf(
  patterns: readonly WatchedPattern[],
  process: { commandLine: string | null; name: string; isKernelThread: boolean }
): string[] {
  const text = findableText(process)
  return patterns.filter(({ text: pattern }) => matches(pattern, text)).map(({ id }) => id)
}
