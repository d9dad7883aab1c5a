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

  /** @param names one that ends in `/` means all below it */
  named(names: readonly string[]): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>()
    const below = this.db.prepare<[{ start: string }], { name: string; value: Buffer }>(
      'SELECT name, value FROM blob WHERE substr(name, 1, length(@start)) = @start ORDER BY name'
    )
    for (const name of names) {
      const one = name.endsWith('/') ? null : this.get(name)
      if (one !== null) found.set(name, one)
      if (!name.endsWith('/')) continue
      for (const row of below.all({ start: name })) found.set(row.name, new Uint8Array(row.value))
    }
    return found
  }

  /** All whose names end with this id. */
  forget(id: string): void {
    this.db.prepare('DELETE FROM blob WHERE substr(name, -length(@id)) = @id').run({ id })
  }

  /** null deletes. */
  set(name: string, value: Uint8Array | null): void {
    if (value === null) this.db.prepare('DELETE FROM blob WHERE name = ?').run(name)
    else this.db.prepare('INSERT OR REPLACE INTO blob (name, value) VALUES (?, ?)').run(name, value)
  }
}
