/** CSV of a server's days, as the window and the command line make it: how fast, and how much memory beyond what was there. */
import { METRICS } from '#contract/metric-catalogue.ts'
import { historyCsv } from '../../src-main/application/export/history-export.ts'
import type { Storage } from '../../src-main/application/storage.ts'
import { type ModelServer, never } from './history-load.ts'

const MIB = 1024 * 1024
const THREE = ['cpuUsedRatio', 'memoryUsedBytes', 'load1']
/** Of the modelled load. */
const SERVER_METRICS = 45

interface Range {
  readonly fromMs: number
  readonly toMs: number
}

export async function measureExport(
  storage: Storage,
  server: ModelServer,
  range: Range
): Promise<Record<string, number>> {
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5)
  const exportRowsPerSec = await rowsPerSec(storage, server, range, THREE)
  const all = Object.keys(METRICS.server).slice(0, SERVER_METRICS)
  const exportAllMetricsRowsPerSec = await rowsPerSec(storage, server, range, all)
  clearInterval(watch)
  return { exportRowsPerSec, exportAllMetricsRowsPerSec, exportExtraMiB: (most - before) / MIB }
}

async function rowsPerSec(
  storage: Storage,
  { serverId }: ModelServer,
  { fromMs, toMs }: Range,
  metrics: readonly string[]
): Promise<number> {
  const choice = {
    serverIds: [serverId],
    what: { by: 'kinds' as const, kinds: [{ kind: 'server' as const, metrics: [...metrics] }] },
    fromAtMs: fromMs,
    toAtMs: toMs,
    level: 'raw' as const,
    form: 'wide' as const
  }
  let rows = 0
  let bytes = 0
  const since = performance.now()
  const csv = historyCsv({
    choice,
    history: storage.history,
    serverName: () => 'server',
    zone: 'local',
    signal: never
  })
  for await (const chunk of csv) {
    rows += chunk.rows
    bytes += chunk.bytes.byteLength
  }
  const seconds = (performance.now() - since) / 1_000
  if (bytes < rows * 30) throw new Error('rows without text')
  return rows / seconds
}
