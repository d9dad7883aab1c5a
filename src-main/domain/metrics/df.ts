/** The output of `df -P -k` and `df -P -i`: the one tool whose text is read, as POSIX fixes its columns. */
import { parseCounter } from './numbers.ts'

/** Kilobytes in `df -k`, inodes in `df -i`. `available` leaves out what only root may use. */
export interface DfRow {
  readonly total: number
  readonly used: number
  readonly available: number
}

const ROW = /^.*?[ \t](\d+)[ \t]+(-?\d+)[ \t]+(-?\d+)[ \t]+(?:\d+%|-)[ \t]+(\/.*)$/
const MAX_ROWS = 4096

/** Rows by mount point as df prints it. Rows of file systems without numbers are left out. */
export function parseDf(text: string): Map<string, DfRow> {
  const rows = new Map<string, DfRow>()
  for (const line of text.split('\n', MAX_ROWS)) {
    if (line.length > 8192) continue
    const [, total, used, available, mountPoint] = ROW.exec(line.trimEnd()) ?? []
    const totalNumber = parseCounter(total)
    if (totalNumber === null || used === undefined || available === undefined || mountPoint === undefined)
      continue
    // Below the reserve of root "available" is negative: nothing is.
    rows.set(mountPoint, {
      total: totalNumber,
      used: Math.max(0, Number(used)),
      available: Math.max(0, Number(available))
    })
  }
  return rows
}
