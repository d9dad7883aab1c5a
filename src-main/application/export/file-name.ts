/** Names of files that a window proposes. */

/** One plain name: no folders, no characters that a file system refuses. */
export function safeFileName(name: string): string {
  const plain = name
    .replace(/\p{Cc}|[/\\:*?"<>|]/gu, '-')
    .replace(/^\.+/, '')
    .trim()
  return plain === '' ? 'export.csv' : plain
}
