/** The newest rows of the tail in memory, so that a live chart never reads the disk. Filled again at each start. */
import type { RawRow } from './raw-reader.ts'

const MAX_BYTES = 256 * 1024 * 1024

interface ServerRows {
  atMs: number[]
  rows: Uint8Array[]
}

export class Mirror {
  /** All rows from here on are in memory, of every server. Never moves back. */
  coveredFromMs: number
  private readonly servers = new Map<number, ServerRows>()
  private bytes = 0

  constructor(coveredFromMs: number) {
    this.coveredFromMs = coveredFromMs
  }

  add(serverNumber: number, atMs: number, row: Uint8Array): void {
    if (atMs < this.coveredFromMs) return
    let server = this.servers.get(serverNumber)
    if (server === undefined) {
      server = { atMs: [], rows: [] }
      this.servers.set(serverNumber, server)
    }
    this.bytes += row.length
    const last = server.atMs.at(-1)
    if (last === undefined || atMs > last) {
      server.atMs.push(atMs)
      server.rows.push(row)
    } else {
      const at = lowerBound(server.atMs, atMs)
      server.atMs.splice(at, 0, atMs)
      server.rows.splice(at, 0, row)
    }
    if (this.bytes > MAX_BYTES) this.keepFrom(this.coveredFromMs + 600_000)
  }

  /** Lets go of what is older. */
  keepFrom(fromMs: number): void {
    if (fromMs <= this.coveredFromMs) return
    this.coveredFromMs = fromMs
    for (const server of this.servers.values()) {
      const cut = lowerBound(server.atMs, fromMs)
      if (cut === 0) continue
      server.atMs.splice(0, cut)
      for (const row of server.rows.splice(0, cut)) this.bytes -= row.length
    }
  }

  forget(serverNumber: number): void {
    for (const row of this.servers.get(serverNumber)?.rows ?? []) this.bytes -= row.length
    this.servers.delete(serverNumber)
  }

  /** Rows with fromMs ≤ atMs < toMs in order of time, at most `limit`. Right only from `coveredFromMs` on. */
  read(serverNumber: number, fromMs: number, toMs: number, limit: number): RawRow[] {
    const server = this.servers.get(serverNumber)
    if (server === undefined) return []
    const found: RawRow[] = []
    for (let at = lowerBound(server.atMs, fromMs); found.length < limit; at++) {
      const atMs = server.atMs[at]
      const data = server.rows[at]
      if (atMs === undefined || data === undefined || atMs >= toMs) break
      found.push({ atMs, data })
    }
    return found
  }

  /** The newest rows, newest first. */
  newest(serverNumber: number, limit: number): RawRow[] {
    const server = this.servers.get(serverNumber)
    if (server === undefined) return []
    const found: RawRow[] = []
    for (let at = server.atMs.length - 1; at >= 0 && found.length < limit; at--) {
      const atMs = server.atMs[at]
      const data = server.rows[at]
      if (atMs !== undefined && data !== undefined) found.push({ atMs, data })
    }
    return found
  }
}

/** Index of the first element that is not below the value. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? Infinity) < value) low = middle + 1
    else high = middle
  }
  return low
}
