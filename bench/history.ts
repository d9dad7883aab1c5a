/**
 * The history under the modelled load of bench/support/load-model.ts: a server of 45 metrics with 20 VMs of 14 each, every
 * 5 s. `npm run bench -- history [--json] [--days N] [--hours N]`. VictoriaMetrics runs beside it on the same samples.
 *
 *   insert   50 servers, some hours: CPU of both threads for packing, handing over and committing; beside it that of sealing
 *            (chunks, rollups by the hour, trimming the tail); all bytes written, those of sealing too
 *   size     one server, 7 days raw: the whole file, and that of VictoriaMetrics; reads of one series; an export
 *   fleet    1,000 VMs, 24 hours, and one server's 30 days: top 10, and 30 days by the hour; how
 *            long the main thread stands still at most while all of the storage is at work
 */
import { parseArgs } from 'node:util'
import type { HistoryQuery } from '#contract/history.ts'
import { METRICS, type MetricDefinition } from '#contract/metric-catalogue.ts'
import type { Storage, Tick } from '../src-main/application/storage.ts'
import {
  BenchFolder,
  cpuUs,
  DAY_MS,
  fill,
  HOUR_MS,
  INTERVAL_MS,
  modelServers,
  type ModelServer,
  never,
  p95,
  RETENTION,
  SAMPLES_PER_TICK,
  START_MS,
  tickOf,
  writtenBytes
} from './support/history-load.ts'
import { waitMs } from '../src-main/storage/samples/appender.ts'
import { measureExport } from './support/history-export.ts'
import { measureMainLoop } from './support/main-loop.ts'
import { randomOf } from './support/load-model.ts'
import { startVictoriaMetrics, type VictoriaMetrics } from './support/victoria-metrics.ts'

const FLEET = 50
const READS = 200
/** Marks on which the engine's ticks come, per interval (sampling/pace.ts). */
const MARKS = INTERVAL_MS / 250
/** Of so many ticks the storage commits those of some seconds at once (waitMs in samples/appender.ts). */
const MARKS_PER_COMMIT = Math.round(waitMs(INTERVAL_MS / FLEET) / 250)

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    days: { type: 'string', default: '7' },
    hours: { type: 'string', default: '2' }
  }
})
const days = Number(options.days)
const random = randomOf(42)
const metrics: Record<string, number> = {}

/** As the engine appends: the servers of one mark together, and the next mark when these are committed. */
async function measureInsert(hours: number): Promise<void> {
  const folder = new BenchFolder()
  const storage = await folder.open()
  try {
    const servers = modelServers(FLEET)
    const endMs = START_MS + hours * HOUR_MS
    let ticks = 0
    const usedUs = { insert: 0, seal: 0 }
    const writtenBefore = writtenBytes()
    const measured = async (what: keyof typeof usedUs, work: () => Promise<unknown>): Promise<void> => {
      const before = cpuUs()
      await work()
      usedUs[what] += cpuUs() - before
    }
    let waiting: Tick[] = []
    let mark = 0
    for (let fromMs = START_MS; fromMs < endMs; fromMs += INTERVAL_MS) {
      for (let place = 0; place < MARKS; place++) {
        const due = servers.filter((_, index) => index % MARKS === place)
        waiting.push(...due.map((server) => tickOf(server, fromMs + place * 250)))
        if (++mark % MARKS_PER_COMMIT !== 0) continue
        const batch = waiting
        waiting = []
        ticks += batch.length
        await measured('insert', async () => {
          const appended = batch.map((tick) => storage.history.append(tick))
          // Time goes faster here than the clock by which the storage waits for more.
          await storage.history.flush()
          await Promise.all(appended)
        })
      }
      if ((fromMs + INTERVAL_MS) % HOUR_MS === 0)
        await measured('seal', () => storage.history.applyRetention(RETENTION, fromMs + HOUR_MS / 20))
    }
    const samples = ticks * SAMPLES_PER_TICK
    metrics['insertCpuUsPerSample'] = usedUs.insert / samples
    metrics['sealCpuUsPerSample'] = usedUs.seal / samples
    metrics['bytesWrittenPerSample'] = (writtenBytes() - writtenBefore) / samples
  } finally {
    await storage.close()
    folder.remove()
  }
}

function cpuQuery(server: ModelServer, fromAtMs: number, toAtMs: number): HistoryQuery {
  const entity = { serverId: server.serverId, kind: 'server' as const, key: '' }
  return { series: [{ entity, metrics: ['cpuUsedRatio'] }], fromAtMs, toAtMs, maxPoints: 1_000 }
}

/** p95 of reading one series over a range that lies anywhere before endMs. */
async function timeReads(
  storage: Storage,
  server: ModelServer,
  rangeMs: number,
  ends: { readonly fromMs: number; readonly toMs: number }
): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < READS; count++) {
    const toAtMs = Math.floor(ends.toMs - random() * (ends.toMs - ends.fromMs - rangeMs))
    const since = performance.now()
    await storage.history.read(cpuQuery(server, toAtMs - rangeMs, toAtMs), never)
    times.push(performance.now() - since)
  }
  return p95(times)
}

/** The same samples for VictoriaMetrics: drawn once more from the same models. */
async function feedPeer(peer: VictoriaMetrics, ticks: number): Promise<void> {
  const [server] = modelServers(1)
  const chunk = 17_280
  for (let from = 0; from < ticks; from += chunk) {
    const series = new Map<string, { labels: Record<string, string>; values: number[]; atMs: number[] }>()
    for (let tick = from; tick < Math.min(ticks, from + chunk); tick++) {
      const atMs = START_MS + tick * INTERVAL_MS
      for (const [index, next] of (server?.entities ?? []).entries()) {
        const { kind, values } = next(atMs)
        const definitions: Record<string, MetricDefinition> = METRICS[kind]
        for (const [metric, value] of Object.entries(values)) {
          const key = `${index} ${metric}`
          const one = series.get(key) ?? {
            labels: { __name__: `${kind}_${metric}`, entity: String(index) },
            values: [],
            atMs: []
          }
          series.set(key, one)
          const scale = definitions[metric]?.scale ?? 1
          one.values.push(Math.round(value * scale) / scale)
          one.atMs.push(atMs)
        }
      }
    }
    await peer.take([...series.values()])
  }
}

async function measureSize(): Promise<void> {
  const folder = new BenchFolder()
  let storage = await folder.open()
  const peer = await startVictoriaMetrics()
  try {
    const servers = modelServers(1)
    const [server] = servers
    if (server === undefined) return
    // In the middle of an hour: half of one stands in the tail.
    const endMs = START_MS + days * DAY_MS + HOUR_MS / 2
    const range = { fromMs: START_MS, toMs: endMs, intervalMs: INTERVAL_MS }
    const ticks = await fill(storage, servers, range)
    await storage.history.applyRetention({ ...RETENTION, rawDays: days + 1 }, endMs)
    await storage.close()
    const samples = ticks * SAMPLES_PER_TICK
    metrics['bytesPerSample'] = folder.fileBytes() / samples
    storage = await folder.open()
    await timeReads(storage, server, HOUR_MS, range)
    metrics['read1hP95Ms'] = await timeReads(storage, server, HOUR_MS, range)
    metrics['read24hP95Ms'] = await timeReads(storage, server, DAY_MS, range)
    Object.assign(metrics, await measureExport(storage, server, range))
    if (peer === null) {
      console.error('VictoriaMetrics is not here (Debian: victoria-metrics): no ratio to it.')
      return
    }
    const peerBeforeUs = peer.cpuUs()
    await feedPeer(peer, ticks)
    metrics['victoriaMetricsInsertCpuUsPerSample'] = (peer.cpuUs() - peerBeforeUs) / samples
    const selector = 'server_cpuUsedRatio{entity="0"}'
    const peerReads = async (rangeMs: number): Promise<number> => {
      const times: number[] = []
      for (let count = 0; count < READS; count++) {
        const toMs = Math.floor(endMs - random() * (endMs - START_MS - rangeMs))
        times.push(await peer.timeRead(selector, toMs - rangeMs, toMs, Math.max(5_000, rangeMs / 1_000)))
      }
      return p95(times)
    }
    metrics['victoriaMetricsRead1hP95Ms'] = await peerReads(HOUR_MS)
    metrics['victoriaMetricsRead24hP95Ms'] = await peerReads(DAY_MS)
    metrics['victoriaMetricsBytesPerSample'] = (await peer.bytesWhenMerged()) / samples
    metrics['ratioBytesToVictoriaMetrics'] =
      metrics['bytesPerSample'] / metrics['victoriaMetricsBytesPerSample']
  } finally {
    await peer?.close()
    await storage.close()
    folder.remove()
  }
}

async function measureFleet(): Promise<void> {
  const folder = new BenchFolder()
  let storage = await folder.open()
  try {
    const servers = modelServers(FLEET)
    const [first] = servers
    if (first === undefined) return
    const endMs = START_MS + 31 * DAY_MS
    const intervalMs = 60_000
    await fill(storage, [first], { fromMs: START_MS, toMs: endMs - DAY_MS, intervalMs })
    await fill(storage, servers, { fromMs: endMs - DAY_MS, toMs: endMs + HOUR_MS / 2, intervalMs })
    await storage.history.applyRetention(RETENTION, endMs + HOUR_MS / 2)
    await storage.close()
    storage = await folder.open()
    const range = { fromMs: START_MS, toMs: endMs }
    await timeReads(storage, first, 30 * DAY_MS, range)
    metrics['read30dP95Ms'] = await timeReads(storage, first, 30 * DAY_MS, range)
    const times: number[] = []
    const names = Object.keys(METRICS.vm)
    for (let count = 0; count < READS; count++) {
      const metric = names[count % names.length] ?? 'cpuUsedRatio'
      const since = performance.now()
      const toAtMs = endMs + HOUR_MS / 2
      const top = await storage.history.top(
        {
          kind: 'vm',
          metric,
          serverIds: [],
          fromAtMs: toAtMs - DAY_MS,
          toAtMs,
          by: 'mean',
          order: 'highest',
          limit: 10
        },
        never
      )
      times.push(performance.now() - since)
      if (metric === 'cpuUsedRatio' && top.length !== 10) throw new Error('no top 10')
    }
    metrics['top10P95Ms'] = p95(times)
    metrics['mainBlockedMaxMs'] = await measureMainLoop(storage, servers, endMs + HOUR_MS / 2)
  } finally {
    await storage.close()
    folder.remove()
  }
}

await measureInsert(Number(options.hours))
await measureSize()
await measureFleet()
const rounded = Object.fromEntries(
  Object.entries(metrics).map(([name, value]) => [name, Number(value.toPrecision(4))])
)
console.table(rounded)
if (options.json) console.log(JSON.stringify({ name: 'history', metrics: rounded }))
