/** Opaque bytes by name. */
import type { Database } from '../sqlite.ts'

export class BlobRepository {
  private readonly db: Database

  constructor(db: Database) {
    this.db = db
  }

  get(name: string): Uint8Array | null {
    const row = this.db
      .prepare<[string], { value: Buffer }>('SELECT value FROM blob WHERE name = ?')
      .get(name)
    return row === undefined ? null : new Uint8Array(row.value)
  }

  /** null deletes. */
  set(name: string, value: Uint8Array | null): void {
    if (value === null) this.db.prepare('DELETE FROM blob WHERE name = ?').run(name)
    else this.db.prepare('INSERT OR REPLACE INTO blob (name, value) VALUES (?, ?)').run(name, value)
  }
}
