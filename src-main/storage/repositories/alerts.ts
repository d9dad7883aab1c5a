/** Rules, alerts, silences, maintenances, and the small things that the life of alerts remembers. */
import type { z } from 'zod'
import { AlertRule, RuleTelling } from '#contract/alert-rules.ts'
import { Alert, Maintenance, Silence } from '#contract/alerts.ts'
import type { AlertChange, AlertsKept, AlertStore, KeptAlert } from '../../application/alerts/alert-store.ts'
import type { Report } from '../protocol.ts'
import type { Database } from '../sqlite.ts'

type GoingOn = Omit<KeptAlert, 'alert'>

/** Tables of one JSON each. */
const TABLES = { rule: 'alert_rule', silence: 'alert_silence', maintenance: 'alert_maintenance' } as const
type Table = keyof typeof TABLES

export class AlertRepository {
  private readonly db: Database
  private readonly report: Report

  constructor(db: Database, report: Report) {
    this.db = db
    this.report = report
  }

  load(): AlertsKept {
    const memory = this.db
      .prepare<[], { name: string; value: string }>('SELECT name, value FROM alert_memory')
      .all()
    return {
      rules: this.all('rule', AlertRule),
      silences: this.all('silence', Silence),
      maintenances: this.all('maintenance', Maintenance),
      alerts: this.notSettled(),
      memory: Object.fromEntries(memory.map(({ name, value }) => [name, value]))
    }
  }

  commit(change: AlertChange): void {
    const write = this.db.transaction(() => {
      for (const kept of change.alerts ?? []) this.put(kept)
      this.write('rule', change.rules, change.removedRules)
      this.write('silence', change.silences, change.removedSilences)
      this.write('maintenance', change.maintenances, change.removedMaintenances)
      for (const [name, value] of Object.entries(change.memory ?? {})) this.remember(name, value)
    })
    write.immediate()
  }

  /** Alerts that lasted within the range, the newest raise first. */
  history(query: Parameters<AlertStore['history']>[0]): Alert[] {
    const conditions = ['raised_at_ms < ?', '(ended_at_ms IS NULL OR ended_at_ms >= ?)']
    const values: (string | number)[] = [query.toAtMs, query.fromAtMs]
    const narrow = (condition: string, ...more: (string | number)[]): void => {
      conditions.push(condition)
      values.push(...more)
    }
    if (query.serverId !== undefined) narrow('server_id = ?', query.serverId)
    if (query.vmUuid !== undefined) narrow('vm_uuid = ?', query.vmUuid)
    if (query.ruleId !== undefined) narrow('rule_id = ?', query.ruleId)
    if (query.level !== undefined) narrow('level = ?', query.level)
    if (query.before !== undefined)
      narrow('(raised_at_ms, id) < (?, ?)', query.before.raisedAtMs, query.before.id)
    const rows = this.db
      .prepare<(string | number)[], { alert: string }>(
        `SELECT alert FROM alert WHERE ${conditions.join(' AND ')}
         ORDER BY raised_at_ms DESC, id DESC LIMIT ?`
      )
      .all(...values, query.limit)
    return rows.flatMap(({ alert }) => this.parsed(Alert, alert) ?? [])
  }

  prune(endedBeforeMs: number, most: number): void {
    const prune = this.db.transaction(() => {
      this.db.prepare('DELETE FROM alert WHERE settled = 1 AND ended_at_ms < ?').run(endedBeforeMs)
      this.db
        .prepare(
          `DELETE FROM alert WHERE settled = 1 AND id IN
             (SELECT id FROM alert ORDER BY raised_at_ms DESC, id DESC LIMIT -1 OFFSET ?)`
        )
        .run(most)
    })
    prune.immediate()
  }

  private notSettled(): KeptAlert[] {
    const rows = this.db
      .prepare<[], { alert: string; going_on: string }>(
        'SELECT alert, going_on FROM alert WHERE settled = 0 ORDER BY raised_at_ms, id'
      )
      .all()
    return rows.flatMap((row) => {
      const alert = this.parsed(Alert, row.alert)
      const goingOn = json(row.going_on) as GoingOn | undefined
      const telling = RuleTelling.safeParse(goingOn?.telling)
      if (alert === null || goingOn === undefined || !telling.success) return []
      return [{ ...goingOn, telling: telling.data, alert }]
    })
  }

  private put({ alert, ...goingOn }: KeptAlert): void {
    this.db
      .prepare(
        `INSERT OR REPLACE INTO alert
           (id, rule_id, server_id, vm_uuid, level, raised_at_ms, ended_at_ms, settled, alert, going_on)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
      )
      .run(
        alert.id,
        alert.ruleId,
        alert.serverId,
        alert.vmUuid,
        alert.level,
        alert.raisedAtMs,
        alert.recoveredAtMs,
        goingOn.told.ended ? 1 : 0,
        JSON.stringify(alert),
        goingOn.told.ended ? null : JSON.stringify(goingOn)
      )
  }

  private write(
    table: Table,
    put: readonly { readonly id: string }[] | undefined,
    removed: readonly string[] | undefined
  ): void {
    const name = TABLES[table]
    const insert = this.db.prepare(`INSERT OR REPLACE INTO ${name} (id, ${table}) VALUES (?, ?)`)
    for (const one of put ?? []) insert.run(one.id, JSON.stringify(one))
    const remove = this.db.prepare(`DELETE FROM ${name} WHERE id = ?`)
    for (const id of removed ?? []) remove.run(id)
  }

  private remember(name: string, value: string | null): void {
    if (value === null) this.db.prepare('DELETE FROM alert_memory WHERE name = ?').run(name)
    else this.db.prepare('INSERT OR REPLACE INTO alert_memory (name, value) VALUES (?, ?)').run(name, value)
  }

  private all<T>(table: Table, schema: z.ZodType<T>): T[] {
    const rows = this.db
      .prepare<[], { text: string }>(`SELECT ${table} AS text FROM ${TABLES[table]} ORDER BY rowid`)
      .all()
    return rows.flatMap(({ text }) => this.parsed(schema, text) ?? [])
  }

  /** One that cannot be read must not take the others with it. */
  private parsed<T>(schema: z.ZodType<T>, text: string): T | null {
    const parsed = schema.safeParse(json(text))
    if (parsed.success) return parsed.data
    this.report('warn', 'storage.alertUnreadable', {}, parsed.error)
    return null
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
