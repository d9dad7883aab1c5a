/** Bytes of a log into whole lines. */

/** A longer line is no request. */
export const MAX_LINE_BYTES = 64 * 1024
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
/** Logs escape them: where they stand as they are, somebody has written past the program. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/

export interface SplitLines {
  /** null = one that cannot be read. */
  readonly lines: readonly (string | null)[]
  readonly consumedBytes: number
  /** The bytes end within a line that is longer than a piece: it was counted as unreadable, its rest is still to be dropped. */
  readonly inLongLine: boolean
}

/**
 * @param inLongLine as the piece before left it
 * @param whole nothing more will come: what has no line feed is a line too
 * @param full the piece is as long as pieces get
 */
export function splitLines(
  bytes: Uint8Array,
  { inLongLine, whole, full }: { inLongLine: boolean; whole: boolean; full: boolean }
): SplitLines {
  const lines: (string | null)[] = []
  let start = 0
  let dropping = inLongLine
  for (;;) {
    const at = bytes.indexOf(LINE_FEED, start)
    if (at < 0) break
    if (!dropping) lines.push(textOf(bytes.subarray(start, at)))
    dropping = false
    start = at + 1
  }
  const rest = bytes.length - start
  if (rest === 0) return { lines, consumedBytes: start, inLongLine: dropping }
  if (dropping) return { lines, consumedBytes: bytes.length, inLongLine: true }
  if (whole) {
    lines.push(textOf(bytes.subarray(start)))
    return { lines, consumedBytes: bytes.length, inLongLine: false }
  }
  // A piece without any line feed: its line can never be read, and would hold up what follows.
  if (full && start === 0) return { lines: [...lines, null], consumedBytes: bytes.length, inLongLine: true }
  return { lines, consumedBytes: start, inLongLine: false }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function textOf(bytes: Uint8Array): string | null {
  if (bytes.length > MAX_LINE_BYTES) return null
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length
  try {
    const text = decoder.decode(bytes.subarray(0, end))
    return CONTROL.test(text) ? null : text
  } catch {
    // Not UTF-8: an unreadable line, which is counted as such.
    return null
  }
}
