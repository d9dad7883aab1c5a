/** Counts traffic up: the last reading of each server, and what has come since into the sums of days, in one transaction. */
import type { ServerId } from '#contract/ids.ts'
import {
  type CounterReading,
  type CounterState,
  countUp,
  type InterfaceCounter,
  trafficRows
} from '../../domain/traffic/count-up.ts'
import type { DayZone } from '../../domain/traffic/days.ts'
import type { Database } from '../sqlite.ts'
import type { DayTotals } from './day-totals.ts'
import type { Registry } from './registry.ts'

interface ReadingRow {
  at_ms: number
  boot_id: string | null
  uptime_sec: number
}

export class TrafficCounters {
  private readonly db: Database
  private readonly registry: Registry
  private readonly dayTotals: DayTotals

  constructor(db: Database, registry: Registry, dayTotals: DayTotals) {
    this.db = db
    this.registry = registry
    this.dayTotals = dayTotals
  }

  /**
   * Sums and memory change together or not at all, so that after a crash or a full disk the next reading brings what is missing
   * and nothing twice. Throws notFound for a server whose history is being deleted.
   */
  countUp(serverId: ServerId, reading: CounterReading, zone: DayZone): void {
    const write = this.db.transaction(() => {
      const { number } = this.registry.ensureServer(serverId)
      const result = countUp(this.read(number), reading)
      if (result === null) return
      this.dayTotals.addIn(trafficRows(result, zone).map((row) => ({ ...row, serverId })))
      this.remember(number, result.state)
    })
    this.registry.inTransaction(() => write.immediate())
  }

  private read(server: number): CounterState | null {
    const row = this.db
      .prepare<[number], ReadingRow>(
        'SELECT at_ms, boot_id, uptime_sec FROM counter_reading WHERE server = ?'
      )
      .get(server)
    if (row === undefined) return null
    const interfaces = this.db
      .prepare<[number], InterfaceCounter>(
        `SELECT identity, name, rx_bytes AS rxBytes, tx_bytes AS txBytes
         FROM interface_counter WHERE server = ? ORDER BY place`
      )
      .all(server)
    return { atMs: row.at_ms, bootId: row.boot_id, uptimeSec: row.uptime_sec, interfaces }
  }

  private remember(server: number, { atMs, bootId, uptimeSec, interfaces }: CounterState): void {
    this.db
      .prepare(
        `INSERT INTO counter_reading (server, at_ms, boot_id, uptime_sec) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms, boot_id = excluded.boot_id, uptime_sec = excluded.uptime_sec`
      )
      .run(server, Math.round(atMs), bootId, uptimeSec)
    this.db.prepare('DELETE FROM interface_counter WHERE server = ?').run(server)
    const insert = this.db.prepare(
      'INSERT OR REPLACE INTO interface_counter (server, identity, place, name, rx_bytes, tx_bytes) VALUES (?, ?, ?, ?, ?, ?)'
    )
    interfaces.forEach(({ identity, name, rxBytes, txBytes }, place) =>
      insert.run(server, identity, place, name, rxBytes, txBytes)
    )
  }
}
