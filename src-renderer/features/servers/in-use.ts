/** What the servers of the list have already, to be offered where it is typed. Pure. */
import type { ServerView } from '#contract/servers.ts'

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** The most used first. */
function mostUsed(values: Iterable<string>): readonly string[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || collator.compare(a[0], b[0])).map(([value]) => value)
}

export const locationsInUse = (servers: readonly ServerView[]): readonly string[] =>
  mostUsed(servers.map(({ record }) => record.location).filter((location) => location !== ''))

export const tagsInUse = (servers: readonly ServerView[]): readonly string[] =>
  mostUsed(servers.flatMap(({ record }) => record.tags))
