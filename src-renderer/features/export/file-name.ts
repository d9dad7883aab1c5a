/** A name for a CSV file from names that servers and operators chose. Pure. */

/** Letters and digits of any language, dot, dash and underscore stay; the rest becomes one dash. Never empty, at most 100 characters. */
export function csvFileName(name: string, atMs: number): string {
  const day = new Date(atMs).toISOString().slice(0, 16).replace('T', '-').replace(':', '')
  const plain = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}_.-]+/gu, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-.]+|[-.]+$/g, '')
  return `${[...(plain === '' ? 'virthelm' : plain)].slice(0, 80).join('')}-${day}.csv`
}
