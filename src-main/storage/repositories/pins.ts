/** Pinned host keys. Host names are compared without case. */
import type { HostKey } from '#contract/servers.ts'
import type { Database } from '../sqlite.ts'

interface SqlRow {
  host: string
  port: number
  type: string
  fingerprint: string
  key_base64: string
}

export class PinRepository {
  private readonly db: Database

  constructor(db: Database) {
    this.db = db
  }

  list(host: string, port: number): HostKey[] {
    const rows = this.db
      .prepare<[string, number], SqlRow>(
        'SELECT host, port, type, fingerprint, key_base64 FROM pin WHERE host_key = ? AND port = ? ORDER BY pinned_at_ms'
      )
      .all(host.toLowerCase(), port)
    return rows.map(fromRow)
  }

  all(): HostKey[] {
    const rows = this.db
      .prepare<[], SqlRow>(
        'SELECT host, port, type, fingerprint, key_base64 FROM pin ORDER BY host_key, port, type, key_base64'
      )
      .all()
    return rows.map(fromRow)
  }

  unpin(host: string, port: number): void {
    this.db.prepare('DELETE FROM pin WHERE host_key = ? AND port = ?').run(host.toLowerCase(), port)
  }

  pin(key: HostKey, replace: boolean, nowMs: number): void {
    const hostKey = key.host.toLowerCase()
    const write = this.db.transaction(() => {
      if (replace) this.db.prepare('DELETE FROM pin WHERE host_key = ? AND port = ?').run(hostKey, key.port)
      this.db
        .prepare(
          `INSERT OR REPLACE INTO pin (host_key, port, type, key_base64, host, fingerprint, pinned_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?)`
        )
        .run(hostKey, key.port, key.type, key.keyBase64, key.host, key.fingerprint, nowMs)
    })
    write.immediate()
  }
}

const fromRow = (row: SqlRow): HostKey => ({
  host: row.host,
  port: row.port,
  type: row.type,
  fingerprint: row.fingerprint,
  keyBase64: row.key_base64
})
