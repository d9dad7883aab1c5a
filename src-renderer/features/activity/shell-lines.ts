/** A journal command as a line that can be pasted into a shell. */
import type { JournalEntry } from '#contract/activity.ts'

/**
 * The command as it was run, with the server in a comment above it, so that a pasted line says where it belongs. The
 * name loses its line breaks: a comment ends with its line.
 */
export function shellLines(entry: JournalEntry, host: string | null): string {
  const where = [entry.serverName, host ?? ''].filter((part) => part !== '').join(' ')
  const at = new Date(entry.atMs).toISOString()
  return `# ${where.replace(/\p{Cc}/gu, ' ')}, ${at}\n${entry.command}\n`
}
