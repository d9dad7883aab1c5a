/**
 * Brings the parts of the history file that follow the metric catalogue up to it: the table `metric`, the columns of the
 * rollup tables and the views. Columns are only ever added. In one transaction, and only when the catalogue changed.
 */
import { ENTITY_KINDS, type EntityKind } from '#contract/metric-catalogue.ts'
import type { Database } from '../sqlite.ts'
import { codedKind, type CodedMetric } from './catalogue.ts'
import { LEVELS, type RollupLevel, spanMs } from './keys.ts'
import { columnsOf } from './rollup-tables.ts'

interface StoredMetric extends CodedMetric {
  readonly kind: EntityKind
}

export function syncCatalogue(db: Database): void {
  const sync = db.transaction(() => {
    const before = storedMetrics(db)
    const known = new Set(before.map((metric) => JSON.stringify(metric)))
    const wanted = ENTITY_KINDS.flatMap((kind) =>
      codedKind(kind).metrics.map((metric) => ({ kind, ...picked(metric) }))
    )
    const viewsStand =
      db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = 'day_rollup'").get() !==
      undefined
    if (viewsStand && wanted.every((metric) => known.has(JSON.stringify(metric)))) return
    const insert = db.prepare(
      'INSERT OR REPLACE INTO metric (kind, code, name, unit, scale) VALUES (?, ?, ?, ?, ?)'
    )
    for (const metric of wanted) insert.run(metric.kind, metric.code, metric.name, metric.unit, metric.scale)
    for (const level of LEVELS) {
      for (const kind of ENTITY_KINDS) addColumns(db, level, kind)
      makeView(db, level, storedMetrics(db))
    }
  })
  sync.immediate()
}

function picked(metric: CodedMetric): CodedMetric {
  return { code: metric.code, name: metric.name, unit: metric.unit, scale: metric.scale }
}

function storedMetrics(db: Database): StoredMetric[] {
  return db
    .prepare<[], StoredMetric>('SELECT kind, code, name, unit, scale FROM metric ORDER BY kind, code')
    .all()
}

function addColumns(db: Database, level: RollupLevel, kind: EntityKind): void {
  const table = `${level}_${kind}`
  const there = new Set(
    db
      .prepare<[string], { name: string }>('SELECT name FROM pragma_table_info(?)')
      .all(table)
      .map((column) => column.name)
  )
  const missing = codedKind(kind)
    .metrics.flatMap(({ code }) => columnsOf(level, code))
    .filter((column) => !there.has(column))
  const isFresh = there.size === 2 && db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined
  if (isFresh) {
    // Each ALTER reads the whole schema again; a new file would need hundreds of them.
    const columns = missing.map((column) => `, ${column} ${typeOf(column)}`).join('')
    db.exec(`DROP TABLE ${table}`)
    db.exec(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, samples INTEGER NOT NULL${columns}) STRICT`)
    return
  }
  for (const column of missing) db.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${typeOf(column)}`)
}

/** A median may lie half way between two whole numbers. */
function typeOf(column: string): string {
  return column.endsWith('_median') ? 'REAL' : 'INTEGER'
}

/** One row per metric, with names and units; see docs/storage.md. */
function makeView(db: Database, level: RollupLevel, metrics: readonly StoredMetric[]): void {
  const arms = metrics.map(({ kind, code, name, unit, scale }) => {
    const [sum, min, max, count] = ['sum', 'min', 'max', 'count'].map((part) => `r.m${code}_${part}`)
    const mean = `${sum} * 1.0 / coalesce(${count}, r.samples)`
    // NULL where minimum and maximum are: a constant. NULL beside a minimum: not known.
    const whole = (part: string): string =>
      `, CASE WHEN ${min} IS NULL THEN ${mean} ELSE r.m${code}_${part} END / ${scale}.0 AS ${part}`
    const order = level === 'minute' ? '' : whole('median') + whole('p95')
    return `
      SELECT s.server_id, e.kind, e.key, e.label, '${name}' AS metric, '${unit}' AS unit,
        (r.id & 67108863) * ${spanMs(level)} AS at_ms,
        coalesce(${min}, ${mean}) / ${scale}.0 AS min, ${mean} / ${scale}.0 AS mean,
        coalesce(${max}, ${mean}) / ${scale}.0 AS max, coalesce(${count}, r.samples) AS count${order}
      FROM entity e JOIN server s ON s.number = e.server
        JOIN ${level}_${kind} r ON r.id BETWEEN e.id * 67108864 AND e.id * 67108864 + 67108863
      WHERE e.kind = '${kind}' AND ${sum} IS NOT NULL`
  })
  db.exec(`DROP VIEW IF EXISTS ${level}_rollup`)
  db.exec(`CREATE VIEW ${level}_rollup AS ${arms.join(' UNION ALL ')}`)
}
