/** Sums of access logs by the day, and how far each log was read: both in one transaction, so that nothing counts twice. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { OTHER_KEY, type TrafficAnswer, type TrafficQuery, type TrafficTotal } from '#contract/traffic.ts'
import type { StoredLog, TrafficCommit } from '../../application/storage.ts'
import type { Database } from '../sqlite.ts'
import type { Pace } from './pace.ts'
import type { Registry } from './registry.ts'

/** Different domains (clients, results) of one log and day that are kept; beyond the second the smallest are folded. */
const KEPT_KEYS = 2_000
const FOLD_ABOVE = 2_500
/** Of days older than THIN_AFTER_DAYS only the largest stay by name, so that years stay small. Sums never change. */
const THIN_KEYS = 200
const THIN_AFTER_DAYS = 90
const DAY_MS = 86_400_000

const COLUMNS = {
  visits: 'visits',
  judged: 'judged',
  hits: 'hits',
  bytes: 'bytes',
  timed: 'timed',
  responseMs: 'response_ms',
  status1xx: 'status_1xx',
  status2xx: 'status_2xx',
  status3xx: 'status_3xx',
  status4xx: 'status_4xx',
  status5xx: 'status_5xx',
  statusOther: 'status_other'
} as const satisfies Record<Exclude<keyof TrafficTotal, 'key'>, string>
type Field = keyof typeof COLUMNS

const FIELDS = Object.keys(COLUMNS) as Field[]
const NAMES = FIELDS.map((field) => COLUMNS[field])
const SUMS = FIELDS.map((field) => `coalesce(sum(${COLUMNS[field]}), 0) AS ${field}`).join(', ')
const ADDED = NAMES.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')

const UPSERT = `INSERT INTO web_total (log, kind, day, key, ${NAMES.join(', ')})
  VALUES (?, ?, ?, ?, ${NAMES.map(() => '?').join(', ')}) ON CONFLICT DO UPDATE SET ${ADDED}`

/** Keys of one day, without the largest ones. */
const SMALLEST = `SELECT key FROM web_total WHERE log = @log AND kind = @kind AND day = @day AND key <> ''
  ORDER BY visits DESC, key LIMIT -1 OFFSET @kept`
const FOLD = `INSERT INTO web_total (log, kind, day, key, ${NAMES.join(', ')})
  SELECT log, kind, day, '', ${NAMES.map((name) => `sum(${name})`).join(', ')} FROM web_total
  WHERE log = @log AND kind = @kind AND day = @day AND key IN (${SMALLEST}) GROUP BY log, kind, day
  ON CONFLICT DO UPDATE SET ${ADDED}`
const DROP = `DELETE FROM web_total WHERE log = @log AND kind = @kind AND day = @day AND key IN (${SMALLEST})`

interface DayOfLog {
  readonly log: number
  readonly kind: string
  readonly day: string
}

/** What the rows of a question are made of. Days, servers and hours are sums of hours: nothing of them is ever folded. */
const GROUPS: Record<TrafficQuery['by'], { kind: string; key: string; order: string }> = {
  day: { kind: 'hour', key: 'day', order: 'key' },
  hour: { kind: 'hour', key: 'key', order: 'key' },
  server: { kind: 'hour', key: 'server', order: 'visits DESC, key' },
  domain: { kind: 'domain', key: 'key', order: 'visits DESC, key' },
  client: { kind: 'client', key: 'key', order: 'visits DESC, key' },
  status: { kind: 'status', key: 'key', order: 'visits DESC, key' },
  result: { kind: 'result', key: 'key', order: 'visits DESC, key' }
}

export class WebTraffic {
  private readonly db: Database
  private readonly registry: Registry

  constructor(db: Database, registry: Registry) {
    this.db = db
    this.registry = registry
  }

  /** How far a log was read; null when it never was. */
  log(serverId: ServerId, path: string): StoredLog | null {
    const server = this.registry.find(serverId)
    if (server === undefined) return null
    const row = this.db
      .prepare<[number, string], StoredLog>(
        'SELECT revision, state FROM web_log WHERE server = ? AND path = ?'
      )
      .get(server.number, path)
    return row ?? null
  }

  /**
   * Adds what was read and moves on, all of it or nothing. Returns the new revision. Throws conflict when the log has moved on
   * since `revision`: what is to be added was added already, or by somebody else.
   */
  add({ serverId, path, revision, state, counts }: TrafficCommit): number {
    let next = 0
    const write = this.db.transaction(() => {
      const server = this.registry.ensureServer(serverId).number
      const log = this.moveOn(server, path, revision, state)
      next = (revision ?? 0) + 1
      const upsert = this.db.prepare(UPSERT)
      const touched = new Map<string, DayOfLog>()
      for (const count of counts) {
        const { kind, day, key } = count
        upsert.run(log, kind, day, key, ...FIELDS.map((field) => count[field]))
        if (kind !== 'hour') touched.set(`${day} ${kind}`, { log, kind, day })
      }
      for (const one of touched.values()) this.foldIfMany(one)
    })
    this.registry.inTransaction(() => write.immediate())
    return next
  }

  totals({ serverIds, paths, fromDay, toDay, by, limit }: TrafficQuery): TrafficAnswer {
    const numbers = serverIds.flatMap((serverId) => this.registry.find(serverId)?.number ?? [])
    const { kind, key, order } = GROUPS[by]
    const from = `FROM (SELECT t.*, l.server FROM web_log l JOIN web_total t ON t.log = l.id
      WHERE l.server IN (SELECT value FROM json_each(@servers))
        AND (@paths IS NULL OR l.path IN (SELECT value FROM json_each(@paths)))
        AND t.kind = @kind AND t.day BETWEEN @fromDay AND @toDay)`
    const given = {
      servers: JSON.stringify(numbers),
      paths: paths === null ? null : JSON.stringify(paths),
      fromDay,
      toDay
    }
    const named = kind === 'hour' ? '' : `WHERE key <> ''`
    const rows = this.db
      .prepare<unknown[], TrafficTotal>(
        `SELECT CAST(${key} AS TEXT) AS key, ${SUMS} ${from} ${named} GROUP BY 1 ORDER BY ${order} LIMIT @limit`
      )
      .all({ ...given, kind, limit })
    const sumOf = (ofKind: string, where: string): TrafficTotal => {
      const sql = `SELECT '' AS key, ${SUMS} ${from} ${where}`
      const row = this.db.prepare<unknown[], TrafficTotal>(sql).get({ ...given, kind: ofKind })
      if (row === undefined) throw new AppError('internal')
      return row
    }
    const different = this.db
      .prepare<unknown[], number>(`SELECT count(DISTINCT ${key}) ${from} ${named}`)
      .pluck()
      .get({ ...given, kind })
    const folded = kind === 'hour' ? null : sumOf(kind, `WHERE key = ''`)
    if (folded !== null && folded.visits > 0) rows.push({ ...folded, key: OTHER_KEY })
    const shown = rows.filter((row) => row.key !== OTHER_KEY).length
    return {
      rows: by === 'server' ? rows.map((row) => ({ ...row, key: this.idOf(row.key) })) : rows,
      total: sumOf('hour', ''),
      more: (different ?? 0) - shown
    }
  }

  /** Thins out what is old; hours of old days stay, so that every sum by day stays what it was. */
  async thin(nowMs: number, pace: Pace): Promise<void> {
    const before = new Date(nowMs - THIN_AFTER_DAYS * DAY_MS).toISOString().slice(0, 10)
    const days = this.db
      .prepare<[string, number], DayOfLog>(
        `SELECT log, kind, day FROM web_total WHERE day < ? AND kind <> 'hour' AND key <> ''
         GROUP BY log, kind, day HAVING count(*) > ?`
      )
      .all(before, THIN_KEYS)
    for (const day of days) {
      this.fold(day, THIN_KEYS)
      await pace.rest()
    }
  }

  /** Removes everything of a server, in steps. */
  async removeServer(number: number, pace: Pace): Promise<void> {
    const logs = this.db
      .prepare<[number], number>('SELECT id FROM web_log WHERE server = ?')
      .pluck()
      .all(number)
    const days = this.db.prepare<[number], { kind: string; day: string }>(
      'SELECT DISTINCT kind, day FROM web_total WHERE log = ?'
    )
    const removeDay = this.db.prepare('DELETE FROM web_total WHERE log = ? AND kind = ? AND day = ?')
    for (const log of logs) {
      for (const { kind, day } of days.all(log)) {
        removeDay.run(log, kind, day)
        await pace.rest()
      }
      this.db.prepare('DELETE FROM web_log WHERE id = ?').run(log)
    }
  }

  private moveOn(server: number, path: string, revision: number | null, state: string): number {
    if (revision === null) {
      const insert = this.db.prepare(
        'INSERT INTO web_log (server, path, revision, state) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING'
      )
      const done = insert.run(server, path, state)
      if (done.changes === 0) throw new AppError('conflict', { params: { what: 'webLog' }, retryable: true })
      return Number(done.lastInsertRowid)
    }
    const moved = this.db
      .prepare<[string, number, string, number], number>(
        'UPDATE web_log SET revision = revision + 1, state = ? WHERE server = ? AND path = ? AND revision = ? RETURNING id'
      )
      .pluck()
      .get(state, server, path, revision)
    if (moved === undefined) throw new AppError('conflict', { params: { what: 'webLog' }, retryable: true })
    return moved
  }

  private foldIfMany(day: DayOfLog): void {
    const count = this.db
      .prepare<[number, string, string], number>(
        'SELECT count(*) FROM web_total WHERE log = ? AND kind = ? AND day = ?'
      )
      .pluck()
      .get(day.log, day.kind, day.day)
    if ((count ?? 0) > FOLD_ABOVE) this.fold(day, KEPT_KEYS)
  }

  /** Sums of the smallest go to OTHER_KEY. */
  private fold(day: DayOfLog, kept: number): void {
    const fold = this.db.transaction(() => {
      this.db.prepare(FOLD).run({ ...day, kept })
      this.db.prepare(DROP).run({ ...day, kept })
    })
    fold()
  }

  private idOf(number: string): string {
    return this.registry.numbered(Number(number))?.serverId ?? ''
  }
}
