/** CSV of a server's days: how fast, and how much memory beyond what was there. */
import type { Storage } from '../../src-main/application/storage.ts'
import { rowsAsCsv, seriesHeader } from '../../src-main/application/export/series-csv.ts'
import { type ModelServer, never } from './history-load.ts'

const MIB = 1024 * 1024

export async function measureExport(
  storage: Storage,
  server: ModelServer,
  range: { readonly fromMs: number; readonly toMs: number }
): Promise<Record<string, number>> {
  const entity = { serverId: server.serverId, kind: 'server' as const, key: '' }
  const series = [{ entity, metrics: ['cpuUsedRatio', 'memoryUsedBytes', 'load1'] }]
  const query = { series, fromAtMs: range.fromMs, toAtMs: range.toMs, level: 'raw' as const }
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5)
  let rows = 0
  let bytes = seriesHeader(series, () => 'server', 'values').length
  const since = performance.now()
  for await (const chunk of rowsAsCsv(storage.history.rows(query, never), 'local')) {
    rows += chunk.rows
    bytes += chunk.text.length
  }
  const seconds = (performance.now() - since) / 1_000
  clearInterval(watch)
  if (bytes < rows * 30) throw new Error('rows without text')
  return { exportRowsPerSec: rows / seconds, exportExtraMiB: (most - before) / MIB }
}
